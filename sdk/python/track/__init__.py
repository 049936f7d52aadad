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
from ._native import Client, Metric, get_source, version
from ._run import Run
from ._start import start_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__version__ = version()

__all__ = ['BusyError', 'Client', 'ConflictError', 'CorruptError', 'DeniedError', 'FullError',
           'InvalidError', 'IoError', 'Metric', 'NoIdentityError', 'NomemError', 'NotFoundError',
           'ReadOnlyError', 'Run', 'TimeoutError', 'TooLargeError', 'TrackError', 'TrackWarning',
           'UnreachableError', 'UnsupportedError', 'current_run', 'define_metric', 'errors',
           'finish', 'get_source', 'log', 'log_alert', 'log_artifact', 'log_metric', 'log_text',
           'set_note', 'set_param', 'set_params', 'set_seed', 'set_tag', 'start_run',
           'use_artifact', 'version']
