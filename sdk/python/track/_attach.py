"""What the integrations share: the run that they log to, and files that they make."""
from __future__ import annotations

import os
import warnings
from struct import pack

from ._current import current_run
from ._errors import InvalidError, TrackWarning
from ._run import Run
from ._start import start_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

COPY_BYTES_MAX = 64 << 20  # libtrack sends larger files from where they are
TEXT_BYTES_MAX = 256 << 10


class Attached:
    """The run of an integration: the one that it was given, else the current one, else one that it
    starts when it is first needed.

    options  arguments of `track.start_run`, for a run that is started here.

    TypeError  options beside a run, or one that start_run does not have.
    """

    def __init__(self, run: Run | None, options: Mapping[str, Any]) -> None:
        if run is not None and not isinstance(run, Run):
            raise TypeError(f'run must be a track.Run, not {type(run).__name__}')
        if run is not None and options:
            raise TypeError(f'{", ".join(options)}: only for a run that is started here, and one '
                            'was given')
        _check_options(options)
        self._run, self._options, self.owned = run, dict(options), False

    @property
    def started(self) -> bool:
        return self._run is not None

    def get(self, **defaults: Any) -> Run:
        """The run; defaults are arguments of start_run that the options may overrule."""
        if self._run is None:
            self._run = None if self._options else current_run()
        if self._run is None:
            self._run, self.owned = start_run(**{**defaults, **self._options}), True
        return self._run

    def finish(self, state: str = 'finished') -> None:
        """Ends the run if it was started here."""
        if self.owned and self._run is not None:
            self._run.finish(state)

    def end(self, error: BaseException | None) -> None:
        """The same where an exception, if any, says how."""
        if self.owned and self._run is not None:
            from ._lifecycle import end
            end(self._run, error)


class LogsToRun:
    """What callbacks have in common: the run that they log to."""

    _attached: Attached

    @property
    def run(self) -> Run:
        """The run; one is started if there is none yet."""
        return self._attached.get()

    def finish(self, state: str = 'finished') -> None:
        """Ends the run if this callback started it: 'finished', 'failed', 'stopped',
        'preempted'."""
        self._attached.finish(state)


def _check_options(options: Mapping[str, Any]) -> None:
    import inspect
    known = inspect.signature(start_run).parameters
    for name in options:
        if name not in known:
            raise TypeError(f'{name}: neither an argument of this nor of track.start_run')


def tell(text: str) -> None:
    warnings.warn(text, TrackWarning, stacklevel=3)


def log(run: Run, values: Mapping[str, Any], step: int | None = None) -> None:
    """Logs what a framework reports: a value that is no number is told of and stops nothing."""
    try:
        run.log(values, step)
    except (TypeError, InvalidError) as bad:
        tell(str(bad))


def set_params(run: Run, params: Mapping[str, Any], prefix: str = '', *, by: str) -> None:
    """Sets what a framework knows of its settings.

    prefix  before each key.
    by      the framework: a key that has another value already, such as a `seed` of the program, is
            set as `<by>.<key>`.

    One that cannot be set, or has another value there too, gives a warning; the others are set.
    """
    from ._params import flatten
    fresh: dict[str, Any] = {}
    for name, value in params.items():
        try:
            flat = flatten({f'{prefix}{name}': value})
        except (TypeError, InvalidError) as bad:
            tell(str(bad))
            continue
        for key, text in flat.items():
            _add_param({**run._params, **fresh}, fresh, key, text, by)
    run._send_params(fresh)


def _add_param(known: dict[str, Any], fresh: dict[str, Any], key: str, text: Any, by: str) -> None:
    for place in (key, f'{by}.{key}'):
        if place not in known:
            fresh[place] = text
            return
        if _same(known[place], text):
            return
    tell(f'parameter {key!r} stays {known[key]!r:.200}: a run has one value of each, and now {by} '
         f'says {text!r:.200}; start another run for it')


def _same(a: Any, b: Any) -> bool:
    """The same text, or the same number in single precision, as some frameworks have theirs."""
    if a == b:
        return True
    try:
        return pack('f', float(a)) == pack('f', float(b))
    except (ValueError, OverflowError):
        return False


def log_text(run: Run, key: str, text: str, step: int | None = None) -> None:
    """Logs a text; as the file `key`.txt where it is longer than a text may be."""
    text = text.replace('\0', '\\x00')
    if len(text.encode('utf-8', 'replace')) <= TEXT_BYTES_MAX:
        run.log_text(key, text, step)
        return
    name = f'{key}.txt' if step is None else f'{key}/{step}.txt'
    log_bytes(run, name, text.encode('utf-8', 'replace'), type='text')


def log_bytes(run: Run, name: str, data: bytes, *, type: str, media: str | None = None
              ) -> tuple[str, int]:
    """Logs bytes as a file: (SHA-256, size)."""
    def write(path: str) -> None:
        with open(path, 'wb') as file:
            file.write(data)
    return log_made(run, name, write, type=type, media=media)


def log_made(run: Run, name: str, write: Callable[[str], object], *, type: str,
             media: str | None = None) -> tuple[str, int]:
    """Logs the file that write(path) makes: (SHA-256, size).

    It is made in a temporary folder, and removed once libtrack has its copy; a file of more than
    64 MiB stays there, and a warning names it, because it is sent from its own place.
    """
    import shutil
    import tempfile
    folder = tempfile.mkdtemp(prefix='track-')
    path = os.path.join(folder, os.path.basename(name))
    try:
        write(path)
        found = run.log_artifact(path, name, type=type, media=media)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if found[1] > COPY_BYTES_MAX:
        tell(f'{name}: {found[1]} bytes; the file is sent from {path}, remove it after that')
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def best_tags(run: Run, **facts: object) -> None:
    """Sets what is known of the best state as tags; None is left out."""
    from ._param_text import leaf
    for key, value in facts.items():
        if value is not None:
            run.set_tag(key, str(leaf(key, value)))
