"""What goes wrong: one exception for each status of libtrack, all of them TrackError."""
from __future__ import annotations

import builtins


class TrackError(Exception):
    """A call of track failed.

    message  what was wrong, with the value that was.
    hint     what to do, where the server said so.
    ref      number of the error in the server's log, where it was the server's.
    http     status code of the reply; 0: there was none.
    """

    status = 'error'

    def __init__(self, message: str = '', hint: str | None = None, ref: str | None = None,
                 http: int = 0) -> None:
        super().__init__(message)
        self.message, self.hint, self.ref, self.http = message, hint, ref, http

    def __str__(self) -> str:
        return f'{self.message} ({self.hint})' if self.hint else self.message

    def __reduce__(self) -> tuple[type[TrackError], tuple[str, str | None, str | None, int]]:
        return type(self), (self.message, self.hint, self.ref, self.http)


class InvalidError(TrackError, ValueError):
    """An argument or document breaks a rule."""
    status = 'invalid'


class NoIdentityError(TrackError, PermissionError):
    """The server wants a token, or does not know this one."""
    status = 'no_identity'


class DeniedError(TrackError, PermissionError):
    """The token does not allow this."""
    status = 'denied'


class NotFoundError(TrackError, KeyError):
    """There is no such run, series, artifact or file."""
    status = 'not_found'


class ConflictError(TrackError):
    """What is there already does not allow it: a finished run, another value."""
    status = 'conflict'


class TooLargeError(TrackError, ValueError):
    """A stated limit was exceeded."""
    status = 'too_large'


class BusyError(TrackError):
    """Too much at once; try again later."""
    status = 'busy'


class CorruptError(TrackError):
    """A digest, a format or an invariant is broken."""
    status = 'corrupt'


class IoError(TrackError, OSError):
    """The disk failed, or a folder cannot be written."""
    status = 'io'


class UnsupportedError(TrackError):
    """Not built in, or a library is missing."""
    status = 'unsupported'


class UnreachableError(TrackError, ConnectionError):
    """No server answers."""
    status = 'unreachable'


class NomemError(TrackError, MemoryError):
    """There is no memory."""
    status = 'nomem'


class TimeoutError(TrackError, builtins.TimeoutError):
    """The time limit passed."""
    status = 'timeout'


class FullError(TrackError, OSError):
    """The disk or a quota is full."""
    status = 'full'


class ReadOnlyError(TrackError):
    """The server takes no changes now."""
    status = 'read_only'


class TrackWarning(UserWarning):
    """Something could not be recorded, or was done in a way that is worth knowing; said once."""


BY_STATUS: dict[str, type[TrackError]] = {e.status: e for e in (
    InvalidError, NoIdentityError, DeniedError, NotFoundError, ConflictError, TooLargeError,
    BusyError, CorruptError, IoError, UnsupportedError, UnreachableError, NomemError, TimeoutError,
    FullError, ReadOnlyError)}
