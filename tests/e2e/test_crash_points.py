"""trackd killed in front of every call that changes a file, one after the other, from its first start
on: what was acknowledged is there, what was not can be sent again, and the data is clean.

Every 7th point in `make test`, others each time; every point where TRACK_KILLS is more than 20.
"""
import hashlib
import os
import random
import re
import secrets
import subprocess

import pytest

from conftest import BIN, Server, new_id
from test_crash import KILLS, check_data
import tkf

HERE = os.path.dirname(__file__)
STEP = 1 if KILLS > 20 else 7
FRAMES = 'application/x-track-frames'


@pytest.fixture(scope='module')
def shim(tmp_path_factory):
    out = tmp_path_factory.mktemp('shim') / 'killat.so'
    subprocess.run(['cc', '-D_GNU_SOURCE', '-shared', '-fPIC', '-O1', '-o', out, f'{HERE}/killat.c', '-ldl'],
                   check=True)
    return out


class Story:
    """A run with frames, a blob and a file; each request may die with the server and comes again."""

    def __init__(self):
        self.run, self.writer = new_id(), secrets.token_bytes(16)
        self.data = secrets.token_bytes(50_000) + b'text ' * 20_000
        self.digest = hashlib.sha256(self.data).hexdigest()
        self.acknowledged = set()

    def requests(self):
        run = f'/api/v1/runs/{self.run}'
        yield 'run', 'PUT', run, {'project': 'p', 'params': {'lr': '0.1'}}, {}
        for seq in range(2):
            body = tkf.points(self.writer, seq, 0, range(seq * 5, seq * 5 + 5), [1.0] * 5,
                              define=b'loss' if seq == 0 else None)
            yield f'frame {seq}', 'POST', run + '/frames', body, {'Content-Type': FRAMES}
        yield 'blob', 'PUT', f'/api/v1/blobs/{self.digest}', self.data, {'Content-Type': 'application/octet-stream'}
        yield 'file', 'PUT', run + '/files', {'path': 'a', 'digest': self.digest}, {}
        yield 'end', 'POST', run + '/finish', {'state': 'finished'}, {}

    def tell(self, server):
        """Until the server dies."""
        for name, method, path, body, headers in self.requests():
            try:
                r = server.request(method, path, body, headers)
            except OSError:
                return
            assert r.status in (200, 202), (name, r)
            self.acknowledged.add(name)

    def check(self, server):
        """What was acknowledged is there."""
        run = f'/api/v1/runs/{self.run}'
        if 'run' in self.acknowledged:
            assert server.json('GET', run)['params'] == {'lr': '0.1'}
        frames = sum(name.startswith('frame') for name in self.acknowledged)
        if frames:
            assert server.json('GET', run + '/receipt')['writers'][0]['next_seq'] >= frames
        if 'blob' in self.acknowledged:
            assert server.get(f'/api/v1/blobs/{self.digest}').body == self.data
        if 'file' in self.acknowledged:
            assert server.get(run + '/files/content?path=a').body == self.data


def start(server, shim, at, count=None):
    """Starts a server that dies at a point; False: it died before it listened."""
    env = {**os.environ, 'LD_PRELOAD': str(shim), 'KILL_AT': str(at), 'ASAN_OPTIONS': 'verify_asan_link_order=0'}
    if count:
        env['KILL_COUNT'] = str(count)
    server.process = subprocess.Popen([BIN / 'trackd', '--listen', '127.0.0.1:0', '--data', server.data], env=env,
                                      stdout=subprocess.PIPE, stderr=open(server.log, 'ab'))
    found = re.search(r'127\.0\.0\.1:(\d+)', server.process.stdout.readline().decode())
    server.port = int(found.group(1)) if found else None
    return bool(found)


def die_at(tmp_path, shim, at):
    server, story = Server(tmp_path / f'data{at}'), Story()
    if start(server, shim, at):
        story.tell(server)
    server.stop()
    server.port = None
    server.start()
    story.check(server)
    story.tell(server)
    assert 'end' in story.acknowledged
    story.check(server)
    assert server.stop() == 0
    db = check_data(server.data)
    assert db.execute('SELECT sum(seq_hi - seq_lo + 1), sum(n) FROM journal').fetchone() == (2, 10)


def test_every_point_of_a_story(tmp_path, shim):
    count = tmp_path / 'count'
    server, story = Server(tmp_path / 'data'), Story()
    assert start(server, shim, 0, count)
    story.tell(server)
    assert server.stop() == 0
    points = int(count.read_text())
    assert points > 30, 'the shim sees what SQLite and trackd write'
    for at in range(random.randint(1, STEP), points + 1, STEP):
        die_at(tmp_path, shim, at)
