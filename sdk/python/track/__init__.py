"""Track: log a training run from Python, and read runs back.

    import track

    run = track.start_run('chars', params={'lr': 3e-4, 'layers': 4}, tags=['baseline'])
    for step in range(1000):
        run.log({'train/loss': loss, 'train/acc': acc}, step=step)
    run.finish()                  # or `with track.start_run(...) as run:`

That works without a server and without configuration: every call writes into a file (the spool)
that outlives the process, a thread sends it to the server of TRACK_URL when that answers, and what
was not sent goes with the next run or with `track sync`.

Nothing here slows or stops a training: log calls never wait for disk or network, and never raise for
their sake.  A mistake of the caller raises: TypeError, or a TrackError of its kind.
"""
from __future__ import annotations

from ._calls import (define_metric, finish, log, log_alert, log_artifact, log_metric, log_text,
                     set_note, set_param, set_params, set_seed, set_tag, use_artifact)
from ._current import current_run, errors
from ._errors import (BusyError, ConflictError, CorruptError, DeniedError, FullError, InvalidError,
                      IoError, NoIdentityError, NomemError, NotFoundError, ReadOnlyError,
                      TimeoutError, TooLargeError, TrackError, TrackWarning, UnreachableError,
                      UnsupportedError)
from ._native import Metric, get_source, version
from ._run import Run
from ._start import start_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._client import Client, get_artifact, get_settings, init, request, sync_spools
    from ._history import Bins, History, Points, history
    from ._read import RunInfo, RunList, get_run, runs

# What is imported at its first use only, so that `import track` stays quick.
_LATER = {
    **dict.fromkeys(('Client', 'get_artifact', 'get_settings', 'init', 'request', 'sync_spools'),
                    '_client'),
    **dict.fromkeys(('Bins', 'History', 'Points', 'history'), '_history'),
    **dict.fromkeys(('RunInfo', 'RunList', 'get_run', 'runs'), '_read')}
# Integrations: `track.sklearn.log_fit(...)` imports them.
_PARTS = ('argparse', 'hydra', 'keras', 'lightgbm', 'lightning', 'logging', 'sklearn', 'tensorboard',
          'transformers', 'xgboost')

__version__ = version()

__all__ = ['Bins', 'BusyError', 'Client', 'ConflictError', 'CorruptError', 'DeniedError', 'FullError',
           'History', 'InvalidError', 'IoError', 'Metric', 'NoIdentityError', 'NomemError',
           'NotFoundError', 'Points', 'ReadOnlyError', 'Run', 'RunInfo', 'RunList', 'TimeoutError',
           'TooLargeError', 'TrackError', 'TrackWarning', 'UnreachableError', 'UnsupportedError',
           'current_run', 'define_metric', 'errors', 'finish', 'get_artifact', 'get_run',
           'get_settings', 'get_source', 'history', 'init', 'log', 'log_alert', 'log_artifact',
           'log_metric', 'log_text', 'request', 'runs', 'set_note', 'set_param', 'set_params',
           'set_seed', 'set_tag', 'start_run', 'sync_spools', 'use_artifact', 'version']


if not TYPE_CHECKING:  # a wrong name is an error of type checkers
    def __getattr__(name: str) -> Any:
        from importlib import import_module
        if name in _PARTS:
            return import_module(f'.{name}', __name__)
        if name not in _LATER:
            raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
        value = getattr(import_module(f'.{_LATER[name]}', __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_PARTS})
