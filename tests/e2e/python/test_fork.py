"""Processes and threads beside the one that started the run: every value arrives, once, and nothing
waits for a thread that fork did not copy."""
import pytest

from scripts import Scripts
from sdk_tools import points, steps


@pytest.fixture
def scripts(trackd, tmp_path):
    return Scripts(tmp_path, trackd.url)


def writers_of(trackd, run):
    return trackd.json('GET', f'/api/v1/runs/{run}/receipt')['writers']


def state_of(trackd, run):
    return trackd.json('GET', f'/api/v1/runs/{run}')['state']


FORK = '''
run = track.start_run()
print(run.id, flush=True)
run.log_metric('loss', 0.0, 0)
children = []
for child in range(4):
    pid = os.fork()
    if pid == 0:
        for step in range(50):
            run.log_metric('loss', 1.0, 100 * (child + 1) + step)
        track.log_metric(f'child/{child}', 1.0)
        END
    children.append(pid)
print(sorted(os.waitpid(pid, 0)[1] for pid in children))
run.log_metric('loss', 0.0, 1)
'''


@pytest.mark.parametrize('end, codes', [
    ('sys.exit(0)', 0), ('sys.exit(3)', 3 << 8), ('os._exit(0)', 0), ('raise ValueError()', 1 << 8),
    ('run.finish(); sys.exit(0)', 0), ('os.kill(os.getpid(), 9)', 9), ('os.kill(os.getpid(), 15)', 15)])
def test_children_of_os_fork(trackd, scripts, end, codes):
    got = scripts.run(FORK.replace('END', end))
    assert got.lines[-1] == str([codes] * 4), got
    scripts.sync()
    assert steps(trackd, got.id) == [0, 1] + [100 * c + s for c in range(1, 5) for s in range(50)]
    for child in range(4):
        assert steps(trackd, got.id, f'child/{child}') == [0]
    assert state_of(trackd, got.id) == 'finished', 'the end of a child is not that of the run'
    assert trackd.json('GET', f'/api/v1/runs/{got.id}/text')['texts'] == []
    assert len(writers_of(trackd, got.id)) == 5
    assert scripts.spools() == []


def test_a_child_that_logs_nothing_leaves_nothing(trackd, scripts):
    got = scripts.run('''
run = track.start_run()
print(run.id, flush=True)
pid = os.fork()
if pid == 0:
    sys.exit(0)
os.waitpid(pid, 0)''')
    assert len(writers_of(trackd, got.id)) == 1 and state_of(trackd, got.id) == 'finished'


def test_a_child_may_have_a_run_of_its_own(trackd, scripts):
    got = scripts.run('''
run = track.start_run(name='parent')
print(run.id, flush=True)
pid = os.fork()
if pid == 0:
    run.finish()
    with track.start_run(name='child', parent=run) as mine:
        mine.log_metric('loss', 1.0)
        print(mine.id, flush=True)
    sys.exit(0)
os.waitpid(pid, 0)
run.log_metric('loss', 1.0)''')
    for run, name in zip(got.lines, ('parent', 'child')):
        found = trackd.json('GET', f'/api/v1/runs/{run}')
        assert (found['name'], found['state']) == (name, 'finished')
        assert steps(trackd, run) == [0]
    assert found['parent'] == got.id


def test_forking_while_threads_log_never_hangs(trackd, scripts):
    got = scripts.run('''
import threading, time
run = track.start_run()
print(run.id, flush=True)
end = threading.Event()
def log(key):
    step = 0
    while not end.is_set():
        run.log({key: step, f'{key}/{step % 500}': 1.0}, step)
        step += 1
        if step % 50 == 0:
            time.sleep(0.001)  # what is logged is read back by a server under a sanitizer
    print(f'{key} {step}' + chr(10), end='', flush=True)  # one write: threads share the line
threads = [threading.Thread(target=log, args=(f'thread/{i}',)) for i in range(3)]
for t in threads: t.start()
for i in range(40):
    pid = os.fork()
    if pid == 0:
        run.log_metric(f'new/{i}', 1.0)
        run.log_metric('forked', 1.0, i)
        os._exit(0)
    os.waitpid(pid, 0)
end.set()
for t in threads: t.join()''')
    scripts.sync()
    assert steps(trackd, got.id, 'forked') == list(range(40))
    for line in got.lines[1:]:
        key, count = line.split()
        assert steps(trackd, got.id, key) == list(range(int(count)))


MULTI = '''
import multiprocessing as mp
from multiprocessing import Process, Pool

def work(run, i):
    for step in range(50):
        run.log_metric('loss', 1.0, 100 * i + step)
    run.metric(f'worker/{i}')(2.0)
    if i == 3:
        raise ValueError('this worker fails')

def current(i):
    assert track.current_run() is not None
    track.log_metric('pool', 1.0, i)
    return i

if __name__ == '__main__':
    mp.set_start_method('METHOD')
    run = track.start_run(OPTIONS)
    print(run.id, flush=True)
    workers = [Process(target=work, args=(run, i)) for i in range(4)]
    for w in workers: w.start()
    for w in workers: w.join()
    print([w.exitcode for w in workers])
'''


@pytest.mark.parametrize('method', ['fork', 'spawn', 'forkserver'])
@pytest.mark.parametrize('options', ['', 'mode="online"'])
def test_workers_of_multiprocessing(trackd, scripts, method, options):
    got = scripts.run(MULTI.replace('METHOD', method).replace('OPTIONS', options))
    assert got.lines[-1] == '[0, 0, 0, 1]', got
    assert steps(trackd, got.id) == [100 * i + s for i in range(4) for s in range(50)]
    for i in range(4):
        assert steps(trackd, got.id, f'worker/{i}') == [0]
    assert state_of(trackd, got.id) == 'finished'
    assert all(w['closed'] for w in writers_of(trackd, got.id)), 'each worker closed its writer'
    assert scripts.spools() == []


def test_a_pool_logs_to_the_current_run_of_its_parent(trackd, scripts):
    got = scripts.run(MULTI.split("if __name__")[0] + '''
run = track.start_run()
print(run.id, flush=True)
with mp.get_context('fork').Pool(3) as pool:
    assert pool.map(current, range(60)) == list(range(60))''')
    scripts.sync()
    assert steps(trackd, got.id, 'pool') == list(range(60))
    assert state_of(trackd, got.id) == 'finished'


def test_loaders_that_are_started_anew_for_each_epoch(trackd, scripts):
    """What a DataLoader does: workers that fetch while the trainer logs, killed at its end."""
    got = scripts.run('''
import multiprocessing as mp
context = mp.get_context('fork')
def load(i, queue, until):
    for n in range(20):
        run.log_metric(f'loader/{i}', 1.0, until + n)
        queue.put(n)
run = track.start_run()
print(run.id, flush=True)
for epoch in range(3):
    queue = context.Queue()
    loaders = [context.Process(target=load, args=(i, queue, 20 * epoch), daemon=True) for i in range(2)]
    for l in loaders: l.start()
    for n in range(40):
        queue.get()
        run.log_metric('loss', 1.0)
    for l in loaders:
        l.terminate()
        l.join()''')
    scripts.sync()
    assert steps(trackd, got.id) == list(range(120))
    for i in range(2):
        assert steps(trackd, got.id, f'loader/{i}') == list(range(60))


def test_a_pickled_run_is_itself_in_its_own_process(scripts):
    got = scripts.run('''
import copy, pickle
run = track.start_run()
print(pickle.loads(pickle.dumps(run)) is run, copy.deepcopy({'run': run})['run'] is run)''')
    assert got.lines == ['True True']


def test_a_run_started_in_a_worker_ends_with_it(trackd, scripts):
    got = scripts.run('''
import multiprocessing as mp
def trial(i):
    run = track.start_run(name=f'trial {i}')
    run.log_metric('loss', 1.0)
    print(run.id, flush=True)
    if i: raise ValueError('bad trial')
if __name__ == '__main__':
    for method in ('fork', 'spawn', 'forkserver'):
        for i in range(2):
            p = mp.get_context(method).Process(target=trial, args=(i,))
            p.start()
            p.join()''')
    assert len(got.lines) == 6, got
    for i, run in enumerate(got.lines):
        found = trackd.json('GET', f'/api/v1/runs/{run}')
        assert (found['name'], found['state']) == (f'trial {i % 2}', 'failed' if i % 2 else 'finished')
        assert steps(trackd, run) == [0]


def test_threads_each_keep_their_order_and_their_current_run(trackd, scripts):
    got = scripts.run('''
import threading
def train(i):
    with track.start_run(name=f'thread {i}') as run:
        print(run.id + '\\n', end='', flush=True)
        for step in range(2000):
            track.log({'loss': step, 'shared/a': i})
threads = [threading.Thread(target=train, args=(i,)) for i in range(4)]
for t in threads: t.start()
for t in threads: t.join()''')
    for run in got.lines:
        assert steps(trackd, run) == list(range(2000))
        assert len({p[2] for p in points(trackd, run, 'shared/a')}) == 1, "another thread's run"
