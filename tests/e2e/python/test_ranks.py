"""The processes of one launcher: one run, a writer for each rank, ended by rank 0."""
import sys

import pytest

from scripts import Scripts
from sdk_tools import points

# Each line of a rank is one string, one write: with PYTHONUNBUFFERED each argument of print is a write of
# its own, and those of two ranks on one pipe mix.

# What torchrun, srun and mpirun do: a process for each rank, which finds its place in the environment.
LAUNCHER = '''
import subprocess
kind, size, nodes, program = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
here = size // nodes
NAMES = {
    'torchrun': ('RANK', 'WORLD_SIZE', 'LOCAL_WORLD_SIZE'),
    'srun': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_STEP_TASKS_PER_NODE'),
    'mpirun': ('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_LOCAL_SIZE'),
    'mpiexec': ('PMI_RANK', 'PMI_SIZE', 'MPI_LOCALNRANKS')}[kind]
ranks = []
for rank in range(here):
    local = f'{here}(x{nodes})' if kind == 'srun' and nodes > 1 else str(here)
    env = {**os.environ, NAMES[0]: str(rank), NAMES[1]: str(size), NAMES[2]: local}
    ranks.append(subprocess.Popen(program, env=env))
sys.exit(max(p.wait() for p in ranks))
'''
TRAIN = '''
import random
names = ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK', 'PMI_RANK')
rank = int(next(os.environ[name] for name in names if name in os.environ))
time.sleep(random.random() / 5)
with track.start_run(params={'lr': 0.1}) as run:
    print(run.id + '\\n', end='', flush=True)
    for step in range(50):
        run.log({'loss': rank}, step=step)
'''


@pytest.fixture
def scripts(trackd, tmp_path):
    made = Scripts(tmp_path, trackd.url)
    made.write(TRAIN, 'worker.py')
    return made


def launch(scripts, kind='torchrun', size=3, nodes=1, program=('python', 'worker.py'), **more):
    program = [sys.executable if word == 'python' else word for word in program]
    return scripts.run(LAUNCHER, kind, size, nodes, *program, name='launcher.py', **more)


def check(trackd, run, size=3):
    for rank in range(size):
        got = points(trackd, run, 'loss', f'{{"rank":{rank}}}' if rank else None)
        assert [p[0] for p in got] == list(range(50)), rank
    got = trackd.json('GET', f'/api/v1/runs/{run}')
    assert (got['state'], got['params']) == ('finished', {'lr': '0.1'})
    writers = trackd.json('GET', f'/api/v1/runs/{run}/receipt')['writers']
    assert sorted(w['rank'] for w in writers) == list(range(size))


@pytest.mark.parametrize('kind', ['torchrun', 'srun', 'mpirun', 'mpiexec'])
def test_the_ranks_of_one_launcher_share_a_run(trackd, scripts, kind):
    got = launch(scripts, kind)
    assert len(got.lines) == 3 and len(set(got.lines)) == 1, got
    scripts.sync()
    check(trackd, got.id)


def test_a_shell_between_launcher_and_program_changes_nothing(trackd, scripts):
    got = launch(scripts, program=('sh', '-c', 'true; "$0" worker.py; true', 'python'))
    assert len(set(got.lines)) == 1, got
    scripts.sync()
    check(trackd, got.id)


def test_each_launch_has_a_run_of_its_own(scripts):
    assert launch(scripts).id != launch(scripts).id


def test_a_restart_of_the_workers_is_another_run(scripts):
    """What torchrun counts when it starts its workers again after a failure."""
    got = scripts.run(LAUNCHER.replace('sys.exit(', 'first = (') + '''
os.environ['TORCHELASTIC_RESTART_COUNT'] = '1'
env['TORCHELASTIC_RESTART_COUNT'] = '1'
subprocess.run(program, env=env)''', 'torchrun', 2, 1, sys.executable, 'worker.py',
                      name='launcher.py')
    assert got.lines[0] == got.lines[1] != got.lines[2]


def test_runs_one_after_the_other_pair_up_by_name(trackd, scripts):
    scripts.write('''
rank = int(os.environ['RANK'])
if rank == 0:
    with track.start_run(name='eval') as run:
        print(f'eval {run.id}\\n', end='', flush=True)
for trial in range(2):
    with track.start_run(name='trial') as run:
        run.log_metric('loss', rank)
        print(f'trial {trial} {run.id}\\n', end='', flush=True)
''', 'worker.py')
    lines = launch(scripts, size=2).lines
    by_trial = [{line.split()[-1] for line in lines if line.startswith(f'trial {t}')} for t in (0, 1)]
    assert [len(runs) for runs in by_trial] == [1, 1] and by_trial[0] != by_trial[1], lines
    assert len([line for line in lines if line.startswith('eval')]) == 1, lines


def test_rank_0_alone_may_log(trackd, scripts):
    scripts.write('''
if os.environ['RANK'] == '0':
    with track.start_run() as run:
        print(run.id)
        run.log_metric('loss', 1.0)
''', 'worker.py')
    got = launch(scripts)
    assert trackd.json('GET', f'/api/v1/runs/{got.id}')['state'] == 'finished'


def test_with_several_machines_the_run_must_be_said(trackd, scripts):
    got = launch(scripts, size=4, nodes=2)
    assert len(set(got.lines)) == 2, 'no run in common is guessed'
    run = scripts.track('run', '--new-id').stdout.decode().strip()
    got = launch(scripts, size=4, nodes=2, TRACK_RUN_ID=run)
    assert set(got.lines) == {run}
    scripts.sync()
    for rank in range(2):
        assert len(points(trackd, run, 'loss', f'{{"rank":{rank}}}' if rank else None)) == 50


def test_a_program_without_a_launcher_is_rank_0(trackd, scripts):
    scripts.write(TRAIN)
    got = scripts.run(TRAIN, SLURM_PROCID='0', SLURM_NTASKS='1')
    assert trackd.json('GET', f'/api/v1/runs/{got.id}/receipt')['writers'][0]['rank'] == 0


def test_a_rank_that_is_given_counts(trackd, scripts):
    got = scripts.run('''
with track.start_run(rank=5) as run:
    print(run.id)
    run.log_metric('loss', 1.0)''')
    assert len(points(trackd, got.id, 'loss', '{"rank":5}')) == 1


@pytest.mark.parametrize('rank', ['x', '-1', '2000000'])
def test_a_rank_that_is_none_is_refused(scripts, rank):
    got = scripts.run('track.start_run()', code=1, RANK=rank)
    assert f"track._errors.InvalidError: RANK '{rank}': must be a number of 0..1000000" in got.err
