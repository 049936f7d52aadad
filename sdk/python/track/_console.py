"""What a program prints becomes lines of its run.

libtrack does it for descriptors 1 and 2.  In a notebook, where prints do not go there, and where
libtrack cannot, the write methods of sys.stdout and sys.stderr are wrapped instead.
"""
from __future__ import annotations

import sys
import time

from ._errors import ConflictError, NotFoundError, TrackError, TrackWarning, UnsupportedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from ._native import Run

KEEP_S = 1.0  # a text that \r rewrites is kept at most once in this time


def start(run: Run) -> None:
    """Logs what this process prints from now on; a TrackWarning says why where that fails.

    Nothing happens when another run has the console, `track run` does it, or there is none.
    """
    flush()
    if _is_kernel(sys.stdout):
        _wrap(run)
        return
    try:
        run.log_console()
    except (ConflictError, NotFoundError):
        pass
    except UnsupportedError:
        _wrap(run)
    except TrackError as error:
        import warnings
        warnings.warn(f'what is printed is not logged: {error}', TrackWarning, stacklevel=3)


def stop(run: Run) -> None:
    """To be called before the run ends: what was printed is on its way."""
    flush()
    for stream in (sys.stdout, sys.stderr):
        tee = getattr(stream, 'write', None)
        if isinstance(tee, _Tee) and tee.run is run:
            tee.end()
            del stream.write  # the method of its class is there again


def flush() -> None:
    """Empties Python's own buffers."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # there is none, its reader is gone, or it is closed


def _is_kernel(stream: object) -> bool:
    return type(stream).__module__.partition('.')[0] == 'ipykernel'


def _wrap(run: Run) -> None:
    for stream, name in ((sys.stdout, 'stdout'), (sys.stderr, 'stderr')):
        if stream is not None and not isinstance(stream.write, _Tee):
            stream.write = _Tee(run, stream, name)  # type: ignore[method-assign]


class _Tee:
    """The write method of a stream, which logs as lines what it writes."""

    def __init__(self, run: Run, stream: TextIO, name: str) -> None:
        self.run = run
        self._write = stream.write
        self._name = name
        self._text = ''
        self._kept_s = 0.0

    def __call__(self, text: str) -> int:
        count = self._write(text)
        if not self.run.ended:
            *lines, last = (self._text + text).split('\n')
            for line in lines:
                self._log(line.rstrip('\r').rpartition('\r')[2])
            self._text = self._rewrite(last)
        return count

    def _rewrite(self, text: str) -> str:
        """What is left of a text of which \\r rewrites a part."""
        before, found, after = text.rpartition('\r')
        if not found or not after:
            return text
        if before and time.monotonic() - self._kept_s >= KEEP_S:
            self._kept_s = time.monotonic()
            self._log(before.rstrip('\r').rpartition('\r')[2])
        return after

    def _log(self, line: str) -> None:
        if not self.run.ended:
            self.run.log_line(line.encode('utf-8', 'surrogateescape'), self._name)

    def end(self) -> None:
        """Logs a last line that has no end."""
        if self._text:
            self._log(self._text.rstrip('\r').rpartition('\r')[2])
            self._text = ''
