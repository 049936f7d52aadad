"""Points leave the journal for packs, and packs are merged, made final and collected, while trackd is
killed: at any time, and in front of any call that changes a file.  Each acknowledged point is there once.

The clock runs fast, so that all of it happens every few hundred ms.  TRACK_KILLS sets how often.
"""
import random
import subprocess
import time

import pytest

from conftest import Server
from seal_load import Load, check_points, finish
import shims
import test_crash
from test_crash import check_data

KILLS = test_crash.KILLS if test_crash.KILLS > 20 else 12
ROUND = 100       # kills of one data directory
RATE = 2000       # of the clock
CALLS_MAX = 3000  # of one life, in front of which it is killed


@pytest.fixture(scope='module')
def preload(tmp_path_factory):
    folder = tmp_path_factory.mktemp('shims')
    return [shims.build(folder, name) for name in ('killat', 'fastclock')]


def kill_once(server, preload, clock):
    """Starts it and kills it, in front of a call or at any time."""
    at = random.randint(1, CALLS_MAX) if random.random() < 0.5 else 0
    if shims.start(server, preload, KILL_AT=at, **clock):
        try:
            server.process.wait(random.choice([0.05, 0.3, 1]) * random.random() + 0.01)
        except subprocess.TimeoutExpired:
            pass
    server.kill()


def metric(server, name):
    line = next(l for l in server.get('/metrics').body.decode().splitlines() if l.startswith(name + ' '))
    return float(line.split()[1])


def until_final(server, preload, clock):
    """Stopped, with everything in final packs; its database."""
    for _ in range(60):
        assert shims.start(server, preload, **clock)
        until = time.monotonic() + 5
        while metric(server, 'track_seals_total') == 0 and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(1)
        assert server.stop() == 0
        db = check_data(server.data)
        left = db.execute('SELECT (SELECT count(*) FROM journal), (SELECT count(*) FROM pack WHERE rev = 0)')
        left = left.fetchone()
        if left == (0, 0):
            return db
    raise AssertionError(f'{left}: rows of the journal and packs that are not final stay as they are')


def play(data, preload, kills):
    server, clock = Server(data), shims.fast(RATE)
    assert shims.start(server, preload, **clock)
    load = Load(server)
    time.sleep(0.5)
    server.kill()
    for _ in range(kills - 1):
        kill_once(server, preload, clock)
    assert shims.start(server, preload, **clock)
    load.stop()
    finish(server, load)
    counts = check_points(server, load)
    assert server.stop() == 0
    db = until_final(server, preload, clock)
    held = dict(db.execute('SELECT r.id, sum(p.n) FROM pack p JOIN run r ON r.node = p.run GROUP BY r.id'))
    assert held == {run: n for run, n in counts.items() if n}
    assert shims.start(server, preload, **clock)
    assert check_points(server, load) == counts
    assert server.stop() == 0
    print(f'{kills} kills, {len(load.loggers)} runs, {sum(counts.values())} points, {load.reads} reads, '
          + ', '.join(f'{n:.0f} {name}' for name, n in load.done.items()))
    assert sum(l.repeats for l in load.loggers) > 0, 'no request met a kill: the test shows nothing'


def test_points_are_sealed_once_whenever_trackd_is_killed(tmp_path, preload):
    for i in range(0, KILLS, ROUND):
        play(tmp_path / f'data{i}', preload, min(ROUND, KILLS - i))
