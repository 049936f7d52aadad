"""`trackd check` of packs and of what is derived: it names what is wrong and what that means, and --repair
writes derived rows again."""
import hashlib
import secrets
import shutil
import sqlite3
import struct
import subprocess
import time

import pytest

from conftest import BIN, Server, new_id
import shims
import tkf

FRAMES = {'Content-Type': 'application/x-track-frames'}
ROWS = 20000


def send(server, run, end):
    """Two long series of any bits, one short; text; tags.  end: the run is finished."""
    writer = secrets.token_bytes(16)
    values = struct.unpack(f'<{ROWS}d', secrets.token_bytes(8 * ROWS))
    frames = [tkf.points(writer, i, i, range(ROWS), values, define=name) for i, name in enumerate([b'acc', b'loss'])]
    frames.append(tkf.points(writer, 2, 2, range(3), [1.0, float('nan'), 2.0], define=b'short', context=b'{"rank":1}'))
    server.json('PUT', f'/api/v1/runs/{run}', {'project': 'p', 'tags': {'note': 'x' * 200}})
    # In one request: they are sealed together.
    assert server.request('POST', f'/api/v1/runs/{run}/frames', b''.join(frames), FRAMES).status == 200
    if end:
        server.json('POST', f'/api/v1/runs/{run}/writers/{writer.hex()}/close',
                    {'last_seq': 2, 'points': 2 * ROWS + 3})
        server.json('POST', f'/api/v1/runs/{run}/finish', {'state': 'finished'})


def state(data):
    db = sqlite3.connect(data / 'track.db')
    got = db.execute('SELECT (SELECT count(*) FROM journal), count(*) FILTER (WHERE rev > 0), '
                     'count(*) FILTER (WHERE rev = 0) FROM pack').fetchone()
    db.close()
    return got


@pytest.fixture(scope='module')
def filled(tmp_path_factory):
    """A closed data directory: a run in final packs, one in packs that are not, one in the journal."""
    folder = tmp_path_factory.mktemp('check')
    preload = [shims.build(folder, 'fastclock')]
    server, clock = Server(folder / 'data'), shims.fast(2000)
    assert shims.start(server, preload, **clock)
    send(server, new_id(), end=True)
    send(server, new_id(), end=False)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        time.sleep(0.5)
        assert server.stop() == 0
        if state(server.data) == (0, 1, 1):
            break
        assert shims.start(server, preload, **clock)
    server.flags = ['--no-seal']
    server.start()
    send(server, new_id(), end=False)
    data = secrets.token_bytes(1000)
    digest = hashlib.sha256(data).hexdigest()
    assert server.request('PUT', f'/api/v1/blobs/{digest}', data,
                          {'Content-Type': 'application/octet-stream'}).status == 200
    run = server.json('POST', '/api/v1/runs/search', {'filter': 'metrics.short > 0'})['runs'][0]['id']
    server.json('PUT', f'/api/v1/runs/{run}/files', {'path': 'a.bin', 'digest': digest})
    assert server.stop() == 0
    assert state(server.data) == (1, 1, 1)
    return server.data


@pytest.fixture
def data(filled, tmp_path):
    shutil.copytree(filled, tmp_path / 'data')
    return tmp_path / 'data'


def check(data, *flags):
    return subprocess.run([BIN / 'trackd', 'check', '--data', data, *flags], capture_output=True, text=True, timeout=60)


def rows(data):
    """All derived rows, without the last bits of sums."""
    db = sqlite3.connect(data / 'track.db')
    got = [db.execute(f'SELECT * FROM {table} ORDER BY 1, 2, 3').fetchall() for table in ('series', 'pack', 'tag', 'path')]
    got.append(db.execute('SELECT id, series_seq, series_over FROM run ORDER BY id').fetchall())
    db.close()
    return got


DERIVED = [
    ('UPDATE series SET n = n + 1', "n in the row of series loss"),
    ('UPDATE series SET vmax = 5 WHERE n = 3', 'vmax in the row of series short {"rank":1}'),
    ('UPDATE series SET last = NULL', 'last in the row of series'),
    ('UPDATE series SET first_step = 9', 'first in the row of series'),
    ('UPDATE series SET vsum = 1 WHERE n = 3', 'vsum in the row of series short'),
    ('UPDATE series SET bad = 0', 'bad in the row of series'),
    ('UPDATE series SET project = 77', 'project in the row of series'),
    ('UPDATE series SET key = key + 1 WHERE n = 3', 'has 3 points and no row'),
    ('UPDATE series SET run = run + 1000 WHERE n = 3', '3 rows of series whose run is not there'),
    ('DELETE FROM series', 'series acc  has 20000 points and no row'),
    ('UPDATE run SET series_seq = series_seq + 1', 'are said to be of 4 frames'),
    ('UPDATE run SET series_over = 1', 'whether all its series have rows'),
    ('UPDATE pack SET n = n - 1', 'its row says counts or ranges'),
    ('UPDATE pack SET us_lo = 0', 'its row says counts or ranges'),
    ('UPDATE pack SET step_hi = 1, series = 1', 'its row says counts or ranges'),
    ('UPDATE pack SET level = level + 1, epoch = 1', 'its row says kind, epoch, level or end'),
    ('UPDATE pack SET rev = 1 - rev', 'its row says kind, epoch, level or end'),
    ('UPDATE pack SET kind = 2', 'its row says kind, epoch, level or end'),
    ("UPDATE tag SET head = 'y'", '3 tags whose beginning is not that of their value'),
    ('UPDATE path SET size = size + 1', '1 files whose size is not that of their blob'),
]


@pytest.mark.parametrize('sql,says', DERIVED, ids=[sql for sql, _ in DERIVED])
def test_derived_rows_are_written_again(data, sql, says):
    before = rows(data)
    db = sqlite3.connect(data / 'track.db')
    assert db.execute(sql).rowcount > 0
    db.commit()
    db.close()
    done = check(data)
    assert done.returncode == 8 and says in done.stdout and '--repair' in done.stdout, done.stdout
    assert rows(data) != before
    done = check(data, '--repair')
    assert done.returncode == 0 and says in done.stdout and 'repaired: ' in done.stdout, done.stdout + done.stderr
    done = check(data)
    assert done.returncode == 0 and done.stdout.startswith('clean: '), done.stdout
    assert rows(data) == before


def test_a_clean_directory_is_left_alone(data):
    before = rows(data)
    done = check(data, '--repair')
    assert done.returncode == 0 and 'repaired' not in done.stdout
    assert rows(data) == before
    done = check(data, '--repair', '--quick')
    assert done.returncode == 2 and 'give one of them' in done.stderr


def test_rows_of_damaged_points_are_left_alone(data):
    """What cannot be read is nothing to make a row of."""
    db = sqlite3.connect(data / 'track.db')
    db.execute('UPDATE series SET n = n + 1')
    db.execute("UPDATE journal SET body = substr(body, 1, length(body) - 1) WHERE seq_lo = 0")
    db.commit()
    db.close()
    done = check(data, '--repair')
    assert done.returncode == 8 and 'its series were not compared' in done.stdout, done.stdout
    left = sqlite3.connect(data / 'track.db').execute('SELECT count(*) FROM series WHERE n IN (4, 20001)').fetchone()
    assert left == (3,)


def flip(data, rev, at):
    """Changes one bit of a pack's object; returns its digest."""
    db = sqlite3.connect(data / 'track.db')
    digest, loc = db.execute('SELECT lower(hex(p.digest)), b.loc FROM pack p JOIN blob b ON b.digest = p.digest '
                             'WHERE p.rev = ?', (rev,)).fetchone()
    path = data / 'blobs' / loc
    raw = bytearray(path.read_bytes())
    raw[int(len(raw) * at)] ^= 4
    path.chmod(0o600)
    path.write_bytes(raw)
    return digest


@pytest.mark.parametrize('rev', [0, 1])
def test_a_flipped_bit_is_named(data, rev):
    digest = flip(data, rev, 0.3)
    done = check(data, '--repair')
    assert done.returncode == 8
    found = [line for line in done.stdout.splitlines() if f'pack {digest}, series acc: chunk ' in line]
    assert len(found) == 1 and 'wrong CRC' in found[0], done.stdout
    assert 'points, steps ' in found[0] and 'these points are lost unless there is a copy of the pack' in found[0]
    assert f'blob {digest}: its bytes have another SHA-256' in done.stdout


def test_a_damaged_directory_is_named(data):
    digest = flip(data, 1, 0.9999)
    done = check(data)
    assert done.returncode == 8
    assert f'pack {digest}: ' in done.stdout and f'({2 * ROWS + 3} points); these points are lost' in done.stdout


def test_a_pack_that_is_gone_is_named(data):
    db = sqlite3.connect(data / 'track.db')
    db.execute('DELETE FROM pack WHERE rev = 0')
    db.commit()
    db.close()
    done = check(data)
    assert done.returncode == 8 and f'{2 * ROWS + 3} points and lines were sealed, and no pack has them' in done.stdout
    assert 'the row of series loss has no points: it says 20000; points may be missing' in done.stdout
