"""start_run: everything that happens before the first value."""
from __future__ import annotations

import os
import sys
from operator import index

from . import _console, _current, _lifecycle, _native, _ranks
from ._errors import InvalidError, TrackError
from ._run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

RESUME_TIMEOUT_S = 2.0


def start_run(project: str | None = None, name: str | None = None, *, params: object = None,
              tags: Iterable[str] | Mapping[str, str] | None = None, note: str | None = None,
              kind: str | None = None, resume: str | Run | bool | None = None,
              run_id: str | None = None, join: bool = False, rank: int | None = None,
              fork_from: str | None = None, parent: str | Run | None = None,
              console: bool = True, code: bool = True, facts: bool = True,
              system: bool = False, seed: int | None = None,
              client: _native.Client | None = None, url: str | None = None,
              mode: str | None = None) -> Run:
    """Starts a run, or joins or resumes one; prints one line with its address.

    Returns within some milliseconds: it opens the spool and starts the sender, the server hears of
    the run later.  Without a server everything works into the spool, which the next run or
    `track sync` sends.

    project  1 to 250 bytes; None: TRACK_PROJECT, a project file, or the working directory's name.
    name     shown name; None: the server invents one.
    params   anything that `Run.set_params` takes.
    tags     a list of words, or a mapping of keys to values.
    note     Markdown, at most 1 MiB.
    kind     'train' (None), 'eval', 'transform' or 'build'.
    resume   id of the run, or a Run, to go on with although it has ended; steps that are left out
             go on after its last one, if the server tells it within 2 s.  True: run_id's.
             Steps that are logged again are shown twice, which one line on stderr tells:
             `run.rewind(step)` goes back to one first.
    run_id   id of the run, 32 hex digits; None: TRACK_RUN_ID, else a new one.
    join     run_id is somebody else's run: finish() closes this process's part only.
    rank     of this process; None: as torchrun, Slurm and MPI say it.  The processes that one
             launcher starts on one machine share a run, which that of rank 0 finishes.
    fork_from  'ID?step=N': the run begins as a fork of that one, whose points up to step N it
             shows before its own; steps that are left out begin at N + 1.
    parent   the run that this one is part of.
    console  log what this process and its children print, as lines of the run; it is printed all
             the same.  `track run` does it itself, and only the first open run of a process has it.
    code     record the state of the code: commit and patch of the git work tree.
    facts    record command, host, environment and installed packages; False: nor the code.
    system   log the machine too: processors, memory, disks, network, GPUs.
    seed     recorded as the parameter `seed`; nothing is seeded by it.
    client   of `track.init()`; None: one made from the environment, with url and mode.
    url      of the server; None: TRACK_URL, else http://127.0.0.1:8080.
    mode     'online', 'offline' (spool only) or 'off' (drop everything); None: TRACK_MODE.

    TypeError      an argument of a wrong type; it names the argument, parameter or tag.
    InvalidError   a bad project, name, kind, id, rank, parameter or setting; no run is started.
    FullError      no room for the first 4 MiB of the spool.
    IoError        the spool's folder cannot be made or written; it names the folder.
    NomemError     no memory, or no thread.
    """
    from ._params import flatten, tag_pairs
    flat = {} if params is None else flatten(params)
    pairs = [] if tags is None else tag_pairs(tags)
    _check_seed(seed)
    _check_texts(project=project, name=name, note=note, kind=kind, run_id=run_id, url=url, mode=mode,
                 fork_from=fork_from)
    if client is None and (url is not None or mode is not None):
        client = _native.Client(url=url, mode=mode)
    if resume is not None and resume is not False:
        run_id = run_id if resume is True else id_of(resume)
    if run_id is None and not os.environ.get('TRACK_RUN_ID'):
        run_id, join = _ranks.shared_run((project, name, kind), rank)
    _end_same_cell()
    options: dict[str, Any] = {
        'project': project, 'name': name, 'kind': kind, 'note': note, 'run_id': run_id,
        'join': join, 'resume': bool(resume), 'no_facts': not facts, 'rank': rank,
        'parent': None if parent is None else id_of(parent), 'no_code': not code,
        'sample_system': system, 'argv': list(sys.orig_argv) or None, 'fork_from': fork_from}
    run = Run(client, **options)
    _open(run, client, options)
    if fork_from is not None:
        run._set_first_step(int(fork_from.rpartition('=')[2]) + 1)
    if resume:
        _go_on(run, client)
    if facts and not join and _ranks.is_first(rank):
        from ._packages import gather
        run._gathered = gather(run)
    run._send_params(flat)
    for key, value in pairs:
        run.set_tag(key, value)
    if seed is not None:
        run.set_seed(seed)
    if console:
        _console.start(run)
    return run


def _check_seed(seed: int | None) -> None:
    if seed is None:
        return
    if not hasattr(seed, '__index__'):
        raise TypeError(f'seed must be an int, not {type(seed).__name__}')
    if not 0 <= index(seed) < 1 << 64:
        raise InvalidError(f'seed {seed!r}: must be 0..2**64-1')


def _check_texts(**texts: str | None) -> None:
    for argument, text in texts.items():
        if text is None:
            continue
        if not isinstance(text, str):
            raise TypeError(f'{argument} must be a str, not {type(text).__name__}: {text!r}')
        if '\0' in text:
            raise InvalidError(f'{argument} {text!r}: has a NUL character')
        try:
            text.encode()
        except UnicodeEncodeError as bad:
            raise InvalidError(f'{argument} {text!r}: not valid Unicode ({bad.reason})') from None


def id_of(run: str | Any) -> str:
    """The id of a run, or of something that has one."""
    found = run if isinstance(run, str) else getattr(run, 'id', None)
    if not isinstance(found, str):
        raise TypeError(f'a run must be its id or a Run, not {type(run).__name__}')
    return found


def _open(run: Run, client: _native.Client | None, options: dict[str, Any]) -> None:
    """What every run of this process has, however it was started."""
    run._settings = {'client': _settings_of(client), 'rank': options['rank'],
                     'project': options['project']}
    _lifecycle.watch(run)
    _note_cell(run)


def _settings_of(client: _native.Client | None) -> dict[str, str]:
    """What another process needs to reach the same server in the same way."""
    if client is None:
        return {}
    names = ('url', 'project', 'spool', 'mode')
    return {name: value for name, _, value, origin in client.get_settings()
            if name in names and (origin == 'option' or name == 'url')}


def join_run(run_id: str, settings: dict[str, Any]) -> Run:
    """A pickled run, where it is unpickled: the run itself in its own process and in children made
    by fork, elsewhere a writer that joins it."""
    for run in _current.open_runs():
        if run.id == run_id:
            return run
    client = _native.Client(**settings['client']) if settings['client'] else None
    options = {'project': settings['project'], 'rank': settings['rank']}
    run = Run(client, run_id=run_id, join=True, **options)
    _open(run, client, options)
    return run


def _go_on(run: Run, client: _native.Client | None) -> None:
    """Has steps that are left out go on after the run's last."""
    from ._resume import last_step
    try:
        step = last_step(client, run.id, RESUME_TIMEOUT_S)
    except TrackError:
        return  # no answer in time: they begin at 0, as everywhere
    if step is not None:
        run._set_first_step(step + 1)


def _end_same_cell() -> None:
    if 'IPython' in sys.modules:
        from . import _notebook
        _notebook.end_runs_of_this_cell()


def _note_cell(run: Run) -> None:
    if 'IPython' in sys.modules:
        from . import _notebook
        _notebook.note_cell(run)
