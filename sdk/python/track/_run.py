"""A run that is being logged."""
from __future__ import annotations

import os

from . import _console, _current, _native
from ._errors import ConflictError, InvalidError, TrackError, TrackWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from ._history import History

STATES = ('finished', 'failed', 'stopped', 'preempted')


class Run(_native.Run):
    """One execution that is being logged; made by `track.start_run()`.

    Its log calls write into a file (the spool) that outlives the process, and never wait for disk or
    network.  `with track.start_run(...) as run:` ends it in every case: as finished, as failed with
    the traceback as its text `traceback`, or as stopped by Ctrl-C.

    In a child made by fork the run goes on as a writer of its own, and a Run that is pickled joins
    the run where it is unpickled.
    """

    _pid: int = 0  # the process that started or joined it
    _settings: dict[str, Any]  # how another process reaches it
    _params: Mapping[str, str | float] = {}  # that this process set
    _ending: str | None = None  # how it ends when nobody says more
    _gathered: Any = None  # a lock that is released when the facts about Python are known
    _cell: str | None = None  # the notebook cell that started it
    _executed: int = 0  # number of the execution of that cell
    _logged: int = -1  # values and lines when the last cell that logged to it had ended

    def finish(self, state: str = 'finished') -> bool:
        """Ends the run, or this process's part in it, and waits up to 10 s (`drain` of the client)
        until the server holds all of it.  Again: harmless.

        state: 'finished', 'failed', 'stopped' or 'preempted'.

        Returns True when nothing is left to send.  False: the rest stays in the spool, one line on
        stderr says where and why, and the next run or `track sync` sends it.

        InvalidError  not such a state; the run goes on.
        """
        if state not in STATES:
            raise InvalidError(f'state {state!r}: must be one of {", ".join(STATES)}')
        if not _current.remove(self):
            return True
        self._settle()
        try:
            self._finish(state)
        except ConflictError as refused:
            import warnings
            warnings.warn(f'run {self.id}: {refused}', TrackWarning, stacklevel=2)
            return False
        except TrackError:
            return False
        finally:
            _current.keep_errors(self)
        return True

    def _settle(self) -> None:
        """Waits, for at most 2 s, for what is gathered in the background; sends prints on."""
        _console.stop(self)
        gathered, self._gathered = self._gathered, None
        if gathered is not None:
            gathered.acquire(timeout=2)

    def set_param(self, key: str, value: object) -> None:
        """Sets a parameter.  It is set once: the same value again is fine, another is refused by
        the server, and `finish()` then warns.

        value  text, a number, or anything that `set_params` takes as a value.

        TypeError     key is no str, or value is bytes.
        InvalidError  a bad key, or a value over 64 KiB.
        """
        from ._params import flatten
        if not isinstance(key, str):
            raise TypeError(f'a parameter\'s key must be str, not {type(key).__name__}')
        self._send_params(flatten({key: value}))

    def set_params(self, params: object) -> None:
        """Sets each parameter of a mapping, dataclass, argparse.Namespace, OmegaConf config, attrs
        or pydantic object.  Nested ones give keys joined by '.': {'model': {'layers': 4}} sets
        `model.layers`.

        Values: text as it is; numbers in their shortest form; True, False and None as `true`,
        `false`, `null`; lists and tuples as JSON; an Enum by its name; anything else as str(value).

        TypeError     params is nothing of the above, or a value is bytes; names the key.
        InvalidError  a bad key, one key twice, a value over 64 KiB; none of params is set.
        """
        from ._params import flatten
        self._send_params(flatten(params))

    def _send_params(self, flat: dict[str, str | float]) -> None:
        from ._params import pack
        for text in pack(flat):
            self.set_params_json(text)
        self._params = {**self._params, **flat}

    def _set_tags(self, tags: Iterable[str] | Mapping[str, str]) -> None:
        from ._params import tag_pairs
        for key, value in tag_pairs(tags):
            self.set_tag(key, value)

    def log_artifact(self, path: str | os.PathLike[str], name: str | None = None, *,
                     type: str | None = None, media: str | None = None) -> tuple[str, int]:
        """Attaches a file to the run as its output, or a folder: each file below it as
        `name/<relative path>`.  A file is read once, now; it is sent later, from a copy up to
        64 MiB and from its own place beyond.

        name   in the run; None: the last part of path.  The same name again replaces it.
        type   what it is, as you call it: 'model', 'dataset'.
        media  media type, such as 'text/csv'; None: guessed by the server.

        Returns (SHA-256 in hex, size in bytes); of a folder the SHA-256 of what `sha256sum` prints
        for its files in the order of their names, and the sum of sizes.

        NotFoundError  there is no such file.
        InvalidError   a bad name, or path is neither file nor folder, or an empty folder.
        ConflictError  the run was finished, or the file changed while it was read.
        IoError, FullError  it cannot be read, or the copy not be written.
        """
        return self._each_file(super().log_artifact, path, name, type=type, media=media)

    def use_artifact(self, path: str | os.PathLike[str],  # type: ignore[override]
                     name: str | None = None, *, type: str | None = None,
                     media: str | None = None) -> Path:
        """Records a file, or each file below a folder, as an input of the run: digest and size, not
        the bytes.

        name  what it is called in the run; None: its path.

        Returns path, of the file that was read.  Errors as `log_artifact`.
        """
        from pathlib import Path
        name = os.fspath(path) if name is None else name
        self._each_file(super().use_artifact, path, name, type=type, media=media)
        return Path(path)

    def _each_file(self, call: Callable[..., tuple[str, int]], path: str | os.PathLike[str],
                   name: str | None, **options: str | None) -> tuple[str, int]:
        if not os.path.isdir(path):
            return call(path, name, **options)
        from ._folder import each_file
        return each_file(call, os.fspath(path), name, options)

    def history(self, keys: str | Iterable[str] | None = None, *, exact: bool = True) -> History:
        """What the server holds of metrics of this run; see `track.history`.

        While it is being logged, waits up to 5 s for what was logged before to arrive there; a
        TrackWarning says when not all of it has."""
        from . import _client
        from ._history import history
        if not self.ended:
            self._send_first()
        return history(self.id, keys, exact=exact,
                       client=_client.Client(**self._settings['client']))

    def _send_first(self) -> None:
        try:
            self.flush(5.0)
        except (TimeoutError, ConnectionError) as late:
            import warnings
            warnings.warn(f'run {self.id}: the history lacks the newest points: {late}', TrackWarning,
                          stacklevel=3)

    def __enter__(self) -> Self:
        _current.enter(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        from . import _lifecycle
        _current.leave(self)
        _lifecycle.end(self, error)

    def __reduce__(self) -> tuple[Callable[..., Run], tuple[str, dict[str, Any]]]:
        from ._start import join_run
        return join_run, (self.id, self._settings)

    def __repr__(self) -> str:
        state = 'open' if not self.ended else 'ended'
        return f'<track.Run {self.id} {state} {self.url}>'

    def _repr_html_(self) -> str:
        from html import escape
        url = escape(self.url)
        state = 'ended' if self.ended else self._ending or 'running'
        return (f'<div>Track run <a href="{url}" target="_blank" rel="noopener"><code>'
                f'{self.id[24:]}</code></a> ({state}): <a href="{url}" target="_blank" '
                f'rel="noopener">{url}</a></div>')
