"""How a run ends when the program does: by an exception, a signal, a fork, or just so.

What is noted here while the program ends is the state; `Run.finish` does the rest.  A process that
is killed runs nothing of this: its values are in the spool, its run is shown as unconfirmed.
"""
from __future__ import annotations

import os
import sys

from . import _current
from ._errors import TrackError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any

    from ._run import Run

TEXT_BYTES_MAX = 256 << 10
# A scheduler that takes machines away sends SIGTERM first; as `track run` has it.
SCHEDULERS = ('SLURM_JOB_ID', 'KUBERNETES_SERVICE_HOST')


class _Hooks:
    """What was installed in this process, and what stood there before."""

    installed = False
    excepthook: Any = None
    sigterm = False
    finalizer: Any = None
    worker: FrameType | None = None  # of multiprocessing, in which everything runs


def watch(run: Run) -> None:
    """Sees to it that a run that was just started ends in every case."""
    run._pid = os.getpid()
    _current.add(run)
    if not _Hooks.installed:
        _Hooks.installed = True
        _install()
    _watch_worker()


def _install() -> None:
    import atexit
    _Hooks.excepthook, sys.excepthook = sys.excepthook, _on_exception
    atexit.register(_on_exit)
    os.register_at_fork(after_in_child=_after_fork)
    _install_sigterm()


def _install_sigterm() -> None:
    import signal
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return
    try:
        signal.signal(signal.SIGTERM, _on_sigterm)
    except ValueError:
        return  # not the main thread
    _Hooks.sigterm = True


def _watch_worker() -> None:
    """A process of multiprocessing leaves by os._exit, which asks multiprocessing alone."""
    process = sys.modules.get('multiprocessing.process')
    if process is None or process.parent_process() is None or _Hooks.finalizer is not None:
        return
    from multiprocessing import util
    _Hooks.finalizer = util.Finalize(None, _on_worker_exit, exitpriority=-10)
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_code.co_name != '_bootstrap':
        frame = frame.f_back
    _Hooks.worker = frame


def outcome(error: BaseException) -> tuple[str, int, int]:
    """(state, exit code, signal) of a program that ends by this exception."""
    if isinstance(error, SystemExit):
        code = error.code
        number = 0 if code is None else code & 0xff if isinstance(code, int) else 1
        return ('failed' if number else 'finished'), number, 0
    if isinstance(error, KeyboardInterrupt):
        return 'stopped', -1, 2
    if isinstance(error, GeneratorExit) or type(error).__name__ == 'CancelledError':
        return 'stopped', 0, 0
    return 'failed', 1, 0


def text_of(error: BaseException) -> str:
    """The traceback as Python prints it, as valid text, its middle cut out beyond 256 KiB."""
    import traceback
    text = ''.join(traceback.format_exception(type(error), error, error.__traceback__))
    data = text.replace('\0', '\\x00').encode('utf-8', 'backslashreplace')
    if len(data) > TEXT_BYTES_MAX:
        half = TEXT_BYTES_MAX // 2 - 64
        left_out = f'\n... {len(data) - 2 * half} bytes left out ...\n'.encode()
        data = data[:half] + left_out + data[-half:]
    return data.decode('utf-8', 'ignore')


def note(run: Run, error: BaseException) -> None:
    """Records by what a run is about to end."""
    _, code, number = outcome(error)
    try:
        run.set_exit(code, number)
    except TrackError:
        pass  # it ends anyway, and libtrack counts what it could not take
    note_error(run, error)


def note_error(run: Run, error: BaseException) -> None:
    """The same where the program goes on: the state and the traceback, no exit code."""
    run._ending = outcome(error)[0]
    if run._ending != 'failed' or isinstance(error, SystemExit):
        return
    try:
        run.log_text('traceback', text_of(error))
    except TrackError:
        pass


def end(run: Run, error: BaseException | None) -> None:
    """Ends a run where its `with` block ends."""
    if run.ended:
        return
    if error is not None and run._pid == os.getpid():
        note(run, error)
    run.finish(run._ending or 'finished')


def _is_prompt() -> bool:
    """True at a prompt, where an exception ends nothing."""
    return hasattr(sys, 'ps1') or bool(sys.flags.interactive)


def _on_exception(kind: type[BaseException], error: BaseException,
                  trace: TracebackType | None) -> None:
    if not _is_prompt():
        for run in _current.own_runs():
            note(run, error)
    _Hooks.excepthook(kind, error, trace)


def _on_exit() -> None:
    """The interpreter ends.  Why is not known to Python where nothing was noted: `sys.exit(3)` looks
    like the last line of the program.  So libtrack ends these runs, by the exit code."""
    for run in _current.open_runs():
        if run._ending is None and run._pid == os.getpid():
            run._settle()
            run._finish_at_exit()
        else:
            run.finish(run._ending or 'finished')


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    import signal
    state = 'preempted' if any(name in os.environ for name in SCHEDULERS) else 'stopped'
    for run in _current.open_runs():
        try:
            run.set_exit(-1, number)
        except TrackError:
            pass
        run.finish(state)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _on_worker_exit() -> None:
    """Up to Python 3.12 the exception is still there, from 3.13 on only the exit code is."""
    error = sys.exc_info()[1]
    if error is None and _Hooks.worker is not None:
        error = SystemExit(_Hooks.worker.f_locals.get('exitcode', 0))
    for run in _current.open_runs():
        end(run, error)


class _Worker:
    """What multiprocessing calls in a child after it has cleared what it had from its parent."""

    def watch(self) -> None:
        _watch_worker()


_worker = _Worker()


def _after_fork() -> None:
    """In a child: the parent's hooks, threads and runs are the parent's."""
    _Hooks.finalizer = None
    for run in _current.open_runs():
        run._gathered = None
    if _Hooks.sigterm:
        import signal
        _Hooks.sigterm = False
        if signal.getsignal(signal.SIGTERM) is _on_sigterm:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
    util = sys.modules.get('multiprocessing.util')
    if util is not None:
        util.register_after_fork(_worker, _Worker.watch)
