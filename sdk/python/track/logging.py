"""The standard library's logging: a handler whose records become the run's console lines.

    import logging
    from track.logging import TrackHandler

    logging.getLogger().addHandler(TrackHandler(alerts=logging.ERROR))
    run = track.start_run('chars', console=False)
    logging.info('epoch %d', 3)        # a line of the run's console
    logging.error('loss is NaN')       # the same, and an alert

With console=True (the default of `start_run`) what a StreamHandler prints is logged as console
output anyway: then give this handler a level or a logger of its own, or the lines are there twice.
"""
from __future__ import annotations

import logging
import threading

from ._current import current_run
from ._errors import InvalidError, TrackError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._run import Run

TITLE_BYTES_MAX = 250
ALERT_BYTES_MAX = 64 << 10
KEPT_MAX = 1000


class TrackHandler(logging.Handler):
    """Logs each record as a console line of a run, in the handler's format.

    run     None: the current one at each record.  Records before there is one are kept, the last
            1,000 of them, and logged with the first record after that.
    level   records below it are not logged; a number or a name.
    alerts  records of this level and above become alerts too: title is the message, text the record
            in the handler's format; level 'alarm' from ERROR on, 'warning' from WARNING on, else
            'notice'. None: no alerts.
    stream  'stderr' or 'stdout': which of the console's streams.

    InvalidError  stream is none of them.
    ValueError, TypeError  an unknown level, as logging has it.
    """

    def __init__(self, run: Run | None = None, level: int | str = logging.NOTSET, *,
                 alerts: int | str | None = None, stream: str = 'stderr') -> None:
        super().__init__(level)
        if stream not in ('stderr', 'stdout'):
            raise InvalidError(f"stream {stream!r}: must be 'stderr' or 'stdout'")
        self._given, self._stream = run, stream
        self._alerts = None if alerts is None else _number(alerts)
        self._kept: list[logging.LogRecord] = []
        self._left_out = 0
        self._busy = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Logs one record; what goes wrong is handled as logging.raiseExceptions says."""
        if getattr(self._busy, 'now', False):
            return  # a record about this very record
        self._busy.now = True
        try:
            run = self._find_run()
            if run is None:
                self._keep(record)
                return
            self._log_kept(run)
            self._log(run, record)
        except Exception:
            self.handleError(record)
        finally:
            self._busy.now = False

    def _find_run(self) -> Run | None:
        run = self._given
        if run is None:
            try:
                run = current_run()
            except TrackError:
                return None  # several are open
        return None if run is None or run.ended else run

    def _keep(self, record: logging.LogRecord) -> None:
        self._kept.append(record)
        if len(self._kept) > KEPT_MAX:
            del self._kept[0]
            self._left_out += 1

    def _log_kept(self, run: Run) -> None:
        kept, self._kept = self._kept, []
        if self._left_out:
            run.log_line(f'({self._left_out} records before the run were left out)', self._stream)
            self._left_out = 0
        for record in kept:
            self._log(run, record)

    def _log(self, run: Run, record: logging.LogRecord) -> None:
        text = self.format(record)
        for line in text.split('\n'):
            run.log_line(line.encode('utf-8', 'backslashreplace'), self._stream)
        if self._alerts is not None and record.levelno >= self._alerts:
            run.log_alert(_cut(record.getMessage().strip() or record.levelname, TITLE_BYTES_MAX),
                          _cut(text, ALERT_BYTES_MAX), _alert_level(record.levelno))


def _number(level: int | str) -> int:
    """The number of a level, checked as logging does."""
    probe = logging.Handler()
    probe.setLevel(level)
    return probe.level


def _alert_level(number: int) -> str:
    return ('alarm' if number >= logging.ERROR else
            'warning' if number >= logging.WARNING else 'notice')


def _cut(text: str, size: int) -> str:
    """Text that an alert can hold; the whole is a console line."""
    data = text.replace('\0', '\\x00').encode('utf-8', 'backslashreplace')
    if len(data) <= size:
        return data.decode()
    return data[:size - 4].decode('utf-8', 'ignore') + ' ...'
