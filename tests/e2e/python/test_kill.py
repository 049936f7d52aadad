"""kill -9 at any moment: what a call has acknowledged by returning is at the server after `track
sync`, once.  KILLS=100 kills that often instead of 12 times."""
import os
import random
import signal
import struct
import time

import pytest

from scripts import Scripts
from sdk_tools import points, steps

KILLS = int(os.environ.get('KILLS', '12'))
# Tells through shared memory how far it is: a page outlives the process that wrote it.
TRAINER = '''
import mmap, struct
page = mmap.mmap(os.open('progress', os.O_RDWR), 4096)
run = track.start_run(params={'lr': 0.1}, tags=['killed'])
page[8:40] = run.id.encode()
loss = run.metric('handle')
pause = float(sys.argv[1])
step = 0
while True:
    run.log({'loss': step, 'acc': step / 2}, step=step)
    run.log_metric('name', step, step)
    loss(step, step)
    step += 1
    page[0:8] = struct.pack('<q', step)
    if pause:
        time.sleep(pause)
'''


@pytest.fixture
def scripts(trackd, tmp_path):
    (tmp_path / 'progress').write_bytes(bytes(4096))
    return Scripts(tmp_path, trackd.url)


def progress(scripts):
    data = (scripts.folder / 'progress').read_bytes()
    return struct.unpack('<q', data[:8])[0], data[8:40].rstrip(b'\0').decode()


def wait_for_start(scripts, process):
    while not progress(scripts)[0]:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.001)


def check(trackd, scripts, acknowledged, run):
    scripts.sync()
    for key in ('loss', 'acc', 'name', 'handle'):
        got = points(trackd, run, key)
        assert [p[0] for p in got] == list(range(len(got))), 'a hole, or a step twice'
        assert len(got) in (acknowledged, acknowledged + 1), (key, acknowledged)
        scale = 0.5 if key == 'acc' else 1
        assert all(struct.unpack('<d', struct.pack('<Q', bits))[0] == step * scale
                   for step, _, bits in got)
    got = trackd.json('GET', f'/api/v1/runs/{run}')
    assert (got['params'], got['tags'], got['state']) == ({'lr': '0.1'}, {'killed': ''}, 'running')
    assert scripts.spools() == []


def test_a_kill_at_any_moment_loses_nothing_and_doubles_nothing(trackd, scripts):
    chance = random.Random(int(os.environ.get('TRACK_SEED', '1')))
    total = 0
    for _ in range(KILLS):
        (scripts.folder / 'progress').write_bytes(bytes(4096))
        p = scripts.start(TRAINER, chance.choice([0, 0, 0.001]))
        wait_for_start(scripts, p)
        time.sleep(chance.uniform(0, 0.4))
        p.kill()
        p.communicate()
        acknowledged, run = progress(scripts)
        check(trackd, scripts, acknowledged, run)
        total += 4 * acknowledged
    print(f'{KILLS} kills, {total} values acknowledged, none lost, none twice')


def test_a_kill_without_a_server_loses_nothing(make_trackd, scripts):
    trackd = make_trackd()
    scripts.url = trackd.url
    trackd.stop()
    p = scripts.start(TRAINER, 0)
    wait_for_start(scripts, p)
    time.sleep(0.3)
    p.kill()
    p.communicate()
    trackd.start()
    check(trackd, scripts, *progress(scripts))


def test_a_kill_while_a_run_starts_leaves_nothing_that_hurts(trackd, scripts):
    """Killed in the middle of start_run: the next program and `track sync` go on as if nothing were."""
    chance = random.Random(2)
    for _ in range(KILLS):
        p = scripts.start('''
print('ready', flush=True)
while True:
    track.start_run(params={'a': 1}).finish()''', TRACK_MODE='offline')
        p.stdout.readline()
        time.sleep(chance.uniform(0, 0.06))
        p.kill()
        p.communicate()
    assert scripts.spools()
    got = scripts.run('''
run = track.start_run()
print(run.id)
run.log_metric('loss', 1.0)''')
    assert steps(trackd, got.id) == [0]
    scripts.sync()
    assert scripts.spools() == []


def test_a_kill_of_the_whole_process_group(trackd, scripts):
    """What Slurm does at its time limit: parent and workers at once."""
    p = scripts.start('''
import mmap, struct
os.setsid()
run = track.start_run()
page = mmap.mmap(os.open('progress', os.O_RDWR), 4096)
for worker in range(3):
    if os.fork() == 0:
        step = 0
        while True:
            run.log_metric(f'worker/{worker}', 1.0, step)
            step += 1
            page[64 + 8 * worker:72 + 8 * worker] = struct.pack('<q', step)
page[8:40] = run.id.encode()
page[0:8] = struct.pack('<q', 1)
time.sleep(60)''')
    wait_for_start(scripts, p)
    time.sleep(0.5)
    os.killpg(p.pid, signal.SIGKILL)
    p.communicate()
    scripts.sync()
    data = (scripts.folder / 'progress').read_bytes()
    for worker, acknowledged in enumerate(struct.unpack('<3q', data[64:88])):
        got = steps(trackd, progress(scripts)[1], f'worker/{worker}')
        assert got == list(range(len(got))) and len(got) in (acknowledged, acknowledged + 1)
        assert acknowledged > 100


def test_an_oom_kill_of_a_worker_leaves_the_run_of_its_parent(trackd, scripts):
    got = scripts.run('''
run = track.start_run()
print(run.id, flush=True)
pid = os.fork()
if pid == 0:
    run.log_metric('worker', 1.0)
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(pid, 0)
run.log_metric('loss', 1.0)''')
    assert steps(trackd, got.id, 'worker') == [0] and steps(trackd, got.id) == [0]
    assert trackd.json('GET', f'/api/v1/runs/{got.id}')['state'] == 'finished'
