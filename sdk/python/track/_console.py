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

_tees: list[_Tee] = []  # of the run whose streams are wrapped
_hooked: list[object] = []  # the shells that tell when a cell begins

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
    for tee in [tee for tee in _tees if tee.run is run]:
        _tees.remove(tee)
        tee.end()


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
    if _tees:
        return  # of another run
    _tees.extend((_Tee(run, 'stdout'), _Tee(run, 'stderr')))
    _install()
    get = getattr(sys.modules.get('IPython'), 'get_ipython', None)
    shell = get() if get is not None else None
    if shell is not None and shell not in _hooked:
        _hooked.append(shell)
        shell.events.register('pre_run_cell', _install)


def _install(info: object = None) -> None:
    """Puts the wrappers in place; IPython takes them away where a cell ends."""
    for tee in _tees:
        tee.install()


class _Tee:
    """The write method of a stream, which logs as lines what it writes."""

    def __init__(self, run: Run, name: str) -> None:
        self.run = run
        self._name = name
        self._stream: TextIO | None = None
        self._text = ''
        self._kept_s = 0.0

    def install(self) -> None:
        stream: TextIO | None = getattr(sys, self._name)
        if stream is not None and stream.write is not self:
            self._stream, self._write = stream, stream.write
            stream.write = self  # type: ignore[method-assign]

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
        """Logs a last line that has no end, and takes itself away."""
        if self._text:
            self._log(self._text.rstrip('\r').rpartition('\r')[2])
            self._text = ''
        if self._stream is not None and self._stream.write is self:
            self._stream.write = self._write  # type: ignore[method-assign]
