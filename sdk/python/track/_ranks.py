"""The run that the processes of one launcher share.

torchrun, srun and mpirun start a process for each rank, and each calls `track.start_run()`.  On one
machine they have an ancestor in common, the launcher: the nearest one whose environment does not
say a rank.  From it, and from what the run is called, each rank makes the same id; that of rank 0
starts the run and finishes it, the others join.

With several machines there is no such ancestor: TRACK_RUN_ID says the run, as `track run` sets it.
"""
from __future__ import annotations

import os
import sys

RANKS = ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK', 'PMI_RANK')
# (processes of the job, processes of it on this machine)
SIZES = (('WORLD_SIZE', 'LOCAL_WORLD_SIZE'), ('SLURM_NTASKS', 'SLURM_STEP_TASKS_PER_NODE'),
         ('OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_LOCAL_SIZE'), ('PMI_SIZE', 'MPI_LOCALNRANKS'))
ANCESTORS_MAX = 64

_started: dict[str, int] = {}


def _own_rank(rank: int | None) -> str:
    if rank is not None:
        return str(rank)
    return next((os.environ[name] for name in RANKS if os.environ.get(name)), '0')


def is_first(rank: int | None) -> bool:
    """True for the process of rank 0, which speaks for all of them."""
    return _own_rank(rank) == '0'


def shared_run(key: tuple[str | None, ...], rank: int | None) -> tuple[str | None, bool]:
    """(id, whether it is joined); (None, False) where ranks share nothing."""
    variable = next((name for name in RANKS if os.environ.get(name)), None)
    if variable is None or not _is_one_machine():
        return None, False
    launcher = _launcher(variable)
    if launcher is None:
        return None, False
    return _id_of(launcher, repr(key)), not is_first(rank)


def _is_one_machine() -> bool:
    """True if the job has several processes, all of them here."""
    for name, local in SIZES:
        size = os.environ.get(name, '')
        if size.isdigit() and int(size) > 1:
            return os.environ.get(local) == size
    return False


def _launcher(variable: str) -> str | None:
    """Something that is the same for all ranks, and never the same again: the launcher's process id
    and when it was started."""
    mark = variable.encode() + b'='
    pid = os.getppid()
    try:
        for _ in range(ANCESTORS_MAX):
            parent, started = _stat(pid)
            if not _says(pid, mark) or parent < 1:
                with open('/proc/sys/kernel/random/boot_id') as file:
                    return f'{file.read().strip()} {pid} {started}'
            pid = parent
    except (OSError, ValueError, IndexError):
        pass  # no /proc: each rank has a run of its own
    return None


def _stat(pid: int) -> tuple[int, str]:
    """(parent, start time in ticks since the machine's)"""
    with open(f'/proc/{pid}/stat', 'rb') as file:
        fields = file.read().rpartition(b')')[2].split()
    return int(fields[1]), fields[19].decode()


def _says(pid: int, mark: bytes) -> bool:
    """True if the environment of a process has the variable; somebody else's does not."""
    try:
        with open(f'/proc/{pid}/environ', 'rb') as file:
            return any(entry.startswith(mark) for entry in file.read().split(b'\0'))
    except PermissionError:
        return False


def _id_of(launcher: str, key: str) -> str:
    """The id of the next run that is called so, as a UUID of version 8."""
    from hashlib import sha256
    attempt = os.environ.get('TORCHELASTIC_RESTART_COUNT', '') + os.environ.get('SLURM_STEP_ID', '')
    count = _started[key] = _started.get(key, -1) + 1
    text = '\n'.join([launcher, attempt, key, str(count), *sys.orig_argv[:2]])
    number = int.from_bytes(sha256(text.encode('utf-8', 'surrogateescape')).digest()[:16], 'big')
    number = number & ~(0xf << 76) | 8 << 76
    return f'{number & ~(3 << 62) | 2 << 62:032x}'
