"""Runs that are started in cells of a notebook, or at the prompt of IPython.

A cell that is run again starts its run again, so the run that it started before ends.  How: as the
last cell went that logged to it.
"""
from __future__ import annotations

import sys

from . import _current, _lifecycle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._run import Run

_hooked: list[Any] = []  # the shells that tell when a cell ends


def _shell() -> Any:
    """The IPython that runs this code; None in plain Python."""
    get = getattr(sys.modules.get('IPython'), 'get_ipython', None)
    return get() if get is not None else None


def _cell(shell: Any) -> str | None:
    """What stays the same when a cell is run again: its id where the front end says one, else its
    text."""
    kernel = getattr(shell, 'kernel', None)
    if kernel is not None:
        try:
            parent = kernel.get_parent('shell')
        except (AttributeError, LookupError, TypeError):
            parent = {}
        found = (parent.get('metadata') or {}).get('cellId')
        if found:
            return f'id {found}'
    inputs = getattr(shell.history_manager, 'input_hist_raw', [])
    return f'text {inputs[-1]}' if inputs and inputs[-1] else None


def end_runs_of_this_cell() -> None:
    """Ends the runs that the cell which runs now started before."""
    shell = _shell()
    if shell is None:
        return
    cell = _cell(shell)
    if cell is None:
        return
    executed = shell.execution_count
    for run in _current.own_runs():
        if run._cell == cell and run._executed != executed:
            run.finish(run._ending or 'finished')


def note_cell(run: Run) -> None:
    shell = _shell()
    if shell is None:
        return
    run._cell = _cell(shell)
    run._executed = shell.execution_count
    run._logged = -1
    if shell not in _hooked:
        _hooked.append(shell)
        shell.events.register('post_run_cell', _after_cell)


def _after_cell(result: Any) -> None:
    """Notes how a cell went in each run that it logged to."""
    error = result.error_in_exec or result.error_before_exec
    for run in _current.own_runs():
        logged = run.get_progress()['logged']
        if logged == run._logged:
            continue
        run._ending = None
        if error is not None:
            _lifecycle.note_error(run, error)
        run._logged = run.get_progress()['logged']
