"""The runs of this process, and which of them is the current one."""
from __future__ import annotations

import os
from contextvars import ContextVar

from ._errors import ConflictError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._native import Errors
    from ._run import Run

# Strong references: a run that nobody holds any more still wants to be finished.
_open: dict[int, Run] = {}
_entered: ContextVar[tuple[Run, ...]] = ContextVar('track_runs', default=())
_past_errors: dict[str, Errors] = {}


def add(run: Run) -> None:
    _open[id(run)] = run


def remove(run: Run) -> bool:
    """True for the one caller that is to end the run."""
    return _open.pop(id(run), None) is not None


def open_runs() -> list[Run]:
    """Runs that have not ended, oldest first; in a child made by fork also its parent's."""
    return list(_open.values())


def own_runs() -> list[Run]:
    """Those of them that this very process started or joined."""
    pid = os.getpid()
    return [run for run in open_runs() if run._pid == pid]


def enter(run: Run) -> None:
    _entered.set((*_entered.get(), run))


def leave(run: Run) -> None:
    _entered.set(tuple(other for other in _entered.get() if other is not run))


def current_run() -> Run | None:
    """The run of the innermost `with track.start_run(...)` around the caller, else the only run that
    is open, else None.

    Raises ConflictError when several runs are open and none of them by `with`: its message lists
    them, and `run.log(...)` says which one is meant.
    """
    for run in reversed(_entered.get()):
        if id(run) in _open:
            return run
    runs = open_runs()
    if len(runs) > 1:
        names = ', '.join(repr(run) for run in runs)
        raise ConflictError(f'{len(runs)} runs are open, so the current one is not clear: use the '
                            f'method of the run that you mean. Open are {names}')
    return runs[0] if runs else None


def need_run() -> Run:
    """The current run; ConflictError when there is none."""
    run = current_run()
    if run is None:
        raise ConflictError('no run is open: call track.start_run() first')
    return run


def keep_errors(run: Run) -> None:
    """Remembers what went wrong in a run that has ended."""
    found = run.get_errors()
    if found['last'] or found['lost'] or found['refused']:
        _past_errors[run.id] = found


def errors() -> dict[str, Errors]:
    """What went wrong so far, by the id of the run: all runs that are open, and those that ended
    with something to tell.  The members of each are those of `Run.get_errors()`."""
    return {**_past_errors, **{run.id: run.get_errors() for run in open_runs()}}
