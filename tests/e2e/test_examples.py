"""The examples as a user runs them: a real training, followed, stopped, killed, without a server."""
import hashlib
import math
import os
import random
import re
import signal
import subprocess
import time

import pytest

from conftest import BIN


class Trainer:
    """One process of an example; what it prints can be read while it runs."""

    def __init__(self, folder, url, program, *options):
        self.folder = folder
        env = {k: v for k, v in os.environ.items() if not k.startswith('TRACK_')}
        env.update(TRACK_URL=url, TRACK_SPOOL=str(folder / 'spool'), TRACK_PROJECT='examples')
        self.env = env
        self.out = folder / f'out{time.monotonic_ns()}'
        self.file = open(self.out, 'wb')
        self.process = subprocess.Popen([BIN / program, *options], env=env, cwd=folder,
                                        stdout=self.file, stderr=self.file)

    def text(self):
        return self.out.read_text()

    def wait(self, seconds=120):
        return self.process.wait(seconds)

    def run_id(self):
        return re.search(r'/r/([0-9a-f]{32})', self.text()).group(1)

    def steps(self):
        """The steps it has printed, each of which it had logged before."""
        return [int(n) for n in re.findall(r'^step (\d+) loss [\d.]+\n', self.text(), re.M)]

    def perplexities(self):
        return [float(x) for x in re.findall(r'perplexity ([\d.]+)', self.text())]

    def sync(self):
        return subprocess.run([BIN / 'track', 'sync'], env=self.env, capture_output=True, text=True)


def until(what, seconds=30):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, 'in vain'
        time.sleep(0.02)


def points(server, run, key, context=None):
    where = f'/api/v1/runs/{run}/points?key={key}&limit=100000'
    if context:
        where += f'&context={context}'
    got = server.json('GET', where)
    return list(zip(got['step'], got['value']))


def test_a_training_is_logged_whole(shared_trackd, tmp_path):
    t = Trainer(tmp_path, shared_trackd.url, 'train_chars', '--quick', '--out', 'model.bin')
    assert t.wait() == 0, t.text()
    run = t.run_id()
    about = shared_trackd.json('GET', f'/api/v1/runs/{run}')
    assert about['state'] == 'finished'
    for key in ('train/loss', 'train/grad_norm', 'lr', 'train/tokens_per_s'):
        got = points(shared_trackd, run, key)
        assert [step for step, _ in got] == list(range(1, 401)), key
        assert all(math.isfinite(value) for _, value in got)
    rates = dict(points(shared_trackd, run, 'lr'))
    assert rates[1] < rates[20] > rates[200] > rates[400]  # warm-up, then decay
    seen = points(shared_trackd, run, 'val/perplexity')
    assert seen[0][0] == 0 and seen[-1][0] == 400
    assert seen[-1][1] < seen[0][1] / 2
    texts = shared_trackd.json('GET', f'/api/v1/runs/{run}/text?key=samples')['texts']
    assert texts[0]['step'] == 400 and len(texts[0]['text']) == 300
    inputs = {i['name']: i for i in shared_trackd.json('GET', f'/api/v1/runs/{run}/inputs')['inputs']}
    licence = open('/usr/share/common-licenses/GPL-3', 'rb').read()
    assert inputs['licenses/GPL-3']['digest'].endswith(hashlib.sha256(licence).hexdigest())
    files = shared_trackd.json('GET', f'/api/v1/runs/{run}/files')['files']
    weights = (tmp_path / 'model.bin').read_bytes()
    assert [f['path'] for f in files] == ['model.weights']
    assert files[0]['digest'].endswith(hashlib.sha256(weights).hexdigest())
    assert {'seed', 'lr', 'hidden', 'batch', 'steps'} <= set(about['params'])


def test_one_seed_gives_the_same_weights(tmp_path):
    """Without a server: tracking changes nothing, and its absence neither."""
    digests = []
    for name, seed, mode in (('a', '7', 'off'), ('b', '7', 'offline'), ('c', '8', 'off')):
        env = {**os.environ, 'TRACK_MODE': mode, 'TRACK_SPOOL': str(tmp_path / 'spool')}
        subprocess.run([BIN / 'train_chars', '--quick', '--seed', seed, '--out', tmp_path / name],
                       env=env, check=True, capture_output=True)
        digests.append(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert digests[0] == digests[1] != digests[2]


def test_options_that_are_wrong_are_said(tmp_path):
    def say(*options):
        done = subprocess.run([BIN / 'train_chars', *options], capture_output=True, text=True,
                              env={**os.environ, 'TRACK_MODE': 'off'}, cwd=tmp_path)
        return done.returncode, done.stderr

    code, text = say('--steps', '0')
    assert code == 2 and 'not a whole number from 1' in text
    assert say('--steps')[0] == 2
    assert say('--bogus', '1')[0] == 2
    code, text = say('--data', '/nowhere')
    assert code == 1 and 'name a folder of text files with --data' in text
    code, text = say('--data', str(tmp_path))
    assert code == 1 and 'characters to train on' in text
    assert say('--help')[0] == 0


def test_a_request_to_stop_is_followed(shared_trackd, tmp_path):
    t = Trainer(tmp_path, shared_trackd.url, 'train_chars', '--quick', '--steps', '1000000',
                '--out', 'model.bin')
    until(lambda: len(t.steps()) > 3)
    shared_trackd.json('POST', f'/api/v1/runs/{t.run_id()}/stop')
    assert t.wait(60) == 0
    assert shared_trackd.json('GET', f'/api/v1/runs/{t.run_id()}')['state'] == 'stopped'
    assert (tmp_path / 'model.bin').stat().st_size > 1000  # it kept what it had learnt


def test_a_signal_ends_it_in_order(shared_trackd, tmp_path):
    t = Trainer(tmp_path, shared_trackd.url, 'train_chars', '--quick', '--steps', '1000000')
    until(lambda: len(t.steps()) > 3)
    t.process.send_signal(signal.SIGTERM)
    assert t.wait(60) == -signal.SIGTERM
    assert shared_trackd.json('GET', f'/api/v1/runs/{t.run_id()}')['state'] == 'stopped'


@pytest.mark.parametrize('which', range(int(os.environ.get('KILLS', '5'))))
def test_killed_at_any_moment_it_loses_nothing(shared_trackd, tmp_path, which):
    t = Trainer(tmp_path, shared_trackd.url, 'train_chars', '--quick', '--steps', '1000000',
                '--print-every', '1')
    until(lambda: t.steps())
    time.sleep(random.uniform(0, 1.5))
    t.process.kill()
    t.wait()
    assert t.sync().returncode == 0
    last = t.steps()[-1]
    steps = [step for step, _ in points(shared_trackd, t.run_id(), 'train/loss')]
    assert steps == list(range(1, len(steps) + 1))  # no gap, no step twice
    assert len(steps) >= last


def test_without_a_server_it_trains_and_arrives_later(make_trackd, tmp_path):
    server = make_trackd()
    server.stop()
    t = Trainer(tmp_path, server.url, 'train_chars', '--quick')
    assert t.wait() == 0
    run = t.run_id()
    server.start()
    assert t.sync().returncode == 0
    assert len(points(server, run, 'train/loss')) == 400
    assert server.json('GET', f'/api/v1/runs/{run}')['state'] == 'finished'


def test_what_was_left_behind_goes_with_the_next_run(make_trackd, tmp_path):
    server = make_trackd()
    server.stop()
    first = Trainer(tmp_path, server.url, 'train_chars', '--quick')
    assert first.wait() == 0
    server.start()
    second = Trainer(tmp_path, server.url, 'train_chars', '--quick', '--steps', '2000')
    assert second.wait() == 0
    for t, count in ((second, 2000), (first, 400)):
        until(lambda: len(points(server, t.run_id(), 'train/loss')) == count)


def test_four_ranks_are_one_run(shared_trackd, tmp_path):
    t = Trainer(tmp_path, shared_trackd.url, 'train_ranks', '--steps', '30')
    assert t.wait() == 0, t.text()
    run = t.run_id()
    assert shared_trackd.json('GET', f'/api/v1/runs/{run}')['state'] == 'finished'
    losses = [dict(points(shared_trackd, run, 'train/loss'))]
    for rank in (1, 2, 3):
        losses.append(dict(points(shared_trackd, run, 'train/loss', f'%7B%22rank%22%3A{rank}%7D')))
    assert all(sorted(loss) == list(range(1, 31)) for loss in losses)
    assert len({loss[30] for loss in losses}) == 4  # each has its own part of the batch
    assert len(points(shared_trackd, run, 'train/grad_norm')) == 30


def test_a_rank_that_dies_takes_the_others_along(shared_trackd, tmp_path):
    t = Trainer(tmp_path, shared_trackd.url, 'train_ranks', '--steps', '1000000')
    until(lambda: 'rank 2 step 10' in t.text())
    pid = t.process.pid
    children = open(f'/proc/{pid}/task/{pid}/children').read().split()
    assert len(children) == 4
    os.kill(int(children[2]), signal.SIGKILL)
    assert t.wait(60) == 1
    assert shared_trackd.json('GET', f'/api/v1/runs/{t.run_id()}')['state'] == 'failed'
