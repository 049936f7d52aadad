"""trackd killed in front of every call that changes a file, one after the other, from its first start
on until its points are in a final pack and what was there before has been collected: what was acknowledged
is there, what was not can be sent again, and the data is clean.

Some points in `make test`, others each time; every point where TRACK_KILLS is more than 20.
"""
import hashlib
import random
import secrets
import time

import pytest

from conftest import Server, new_id
from test_crash import KILLS, check_data
import sdk_tools
from seal_load import bits_of
import shims
import tkf

TRIES = None if KILLS > 20 else 8  # points that are tried; None: all
RATE = 6000  # of the clock: an hour is 600 ms
FRAMES = 'application/x-track-frames'
VALUES = [k * 0.001 + (k * 7919 % 10007) / 3 for k in range(10000)]  # two frames; packs them badly: more than is inline


@pytest.fixture(scope='module')
def preload(tmp_path_factory):
    folder = tmp_path_factory.mktemp('shims')
    return [shims.build(folder, name) for name in ('killat', 'fastclock')]


class Story:
    """A run with frames, a blob and a file, and its way into packs; each request may die with the server
    and comes again."""

    def __init__(self):
        self.run, self.writer = new_id(), secrets.token_bytes(16)
        self.data = secrets.token_bytes(50_000) + b'text ' * 20_000
        self.digest = hashlib.sha256(self.data).hexdigest()
        self.acknowledged = set()

    def requests(self):
        run = f'/api/v1/runs/{self.run}'
        yield 'run', 'PUT', run, {'project': 'p', 'params': {'lr': '0.1'}}, {}
        for seq in range(2):
            body = tkf.points(self.writer, seq, 0, range(seq * 5000, seq * 5000 + 5000),
                              VALUES[seq * 5000:][:5000], define=b'loss' if seq == 0 else None)
            yield f'frame {seq}', 'POST', run + '/frames', body, {'Content-Type': FRAMES}
        yield 'blob', 'PUT', f'/api/v1/blobs/{self.digest}', self.data, {'Content-Type': 'application/octet-stream'}
        yield 'file', 'PUT', run + '/files', {'path': 'a', 'digest': self.digest}, {}
        closed = {'last_seq': 1, 'points': len(VALUES)}
        yield 'close', 'POST', f'{run}/writers/{self.writer.hex()}/close', closed, {}
        yield 'end', 'POST', run + '/finish', {'state': 'finished'}, {}

    def tell(self, server):
        """Until the server dies."""
        for name, method, path, body, headers in self.requests():
            try:
                r = server.request(method, path, body, headers)
            except OSError:
                return
            assert r.status in (200, 202, 204), (name, r)
            self.acknowledged.add(name)

    def settle(self, server):
        """Until nothing has been sealed, merged or removed for so long that nothing is to come, or it dies."""
        last, until = None, 0
        while True:
            try:
                text = server.get('/metrics').body.decode()
            except OSError:
                return
            now = [line for line in text.splitlines() if line.startswith(('track_seal', 'track_merge', 'track_jou'))]
            if now != last:
                last, until = now, time.monotonic() + 1.2
            if time.monotonic() > until:
                return
            time.sleep(0.05)

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


def die_at(tmp_path, preload, at):
    server, story, clock = Server(tmp_path / f'data{at}'), Story(), shims.fast(RATE)
    if shims.start(server, preload, KILL_AT=at, **clock):
        story.tell(server)
        story.settle(server)
    server.stop()
    assert shims.start(server, preload, **clock)
    story.check(server)
    story.tell(server)
    assert 'end' in story.acknowledged
    story.settle(server)
    story.check(server)
    assert [v for *_, v in sdk_tools.points(server, story.run, 'loss')] == list(bits_of(VALUES))
    assert server.stop() == 0
    db = check_data(server.data)
    assert db.execute('SELECT count(*) FROM journal').fetchone() == (0,)
    assert db.execute('SELECT n, rev FROM pack').fetchall() == [(len(VALUES), 1)]


def test_every_point_of_a_story(tmp_path, preload):
    count = tmp_path / 'count'
    server, story = Server(tmp_path / 'data'), Story()
    assert shims.start(server, preload, KILL_AT=0, KILL_COUNT=count, **shims.fast(RATE))
    story.tell(server)
    story.settle(server)
    assert server.stop() == 0
    points = int(count.read_text())
    assert points > 60, 'the shim sees what SQLite and trackd write'
    every = range(1, points + 1)
    for at in random.sample(every, TRIES) if TRIES else every:
        die_at(tmp_path, preload, at)
