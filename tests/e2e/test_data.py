"""Data directories in every state that a bad day leaves them in; each gets a clear answer."""
import hashlib
import os
import secrets
import shutil
import sqlite3
import struct
import subprocess
import time

import pytest

from conftest import BIN, new_id
import tkf


def trackd(*args, user=None):
    """Runs trackd to its end; as another user where asked."""
    command = [BIN / 'trackd', *map(str, args)]
    if user and os.geteuid() == 0:
        command = ['setpriv', f'--reuid={user}', f'--regid={user}', '--clear-groups', *command]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def check(data, *flags):
    return trackd('check', '--data', data, *flags)


def serve(data):
    return trackd('--listen', '127.0.0.1:0', '--data', data)


def fill(server):
    """One run with frames and a file; returns its id and writer."""
    run, writer = new_id(), secrets.token_bytes(16)
    server.json('PUT', f'/api/v1/runs/{run}', {'project': 'p', 'params': {'lr': '0.1'}})
    for seq in range(5):
        body = tkf.points(writer, seq, 0, range(seq * 4, seq * 4 + 4), [1.0, 2.0, float('nan'), 4.0],
                          define=b'loss' if seq == 0 else None)
        r = server.request('POST', f'/api/v1/runs/{run}/frames', body, {'Content-Type': 'application/x-track-frames'})
        assert r.status == 200, r
    data = secrets.token_bytes(100_000)
    digest = hashlib.sha256(data).hexdigest()
    assert server.request('PUT', f'/api/v1/blobs/{digest}', data,
                          {'Content-Type': 'application/octet-stream'}).status == 200
    server.json('PUT', f'/api/v1/runs/{run}/files', {'path': 'a/b.bin', 'digest': digest})
    return run, writer


def test_a_second_server_is_refused(trackd):
    done = serve(trackd.data)
    assert done.returncode == 6 and 'in use by another trackd' in done.stderr
    assert str(trackd.process.pid) in done.stderr
    assert check(trackd.data).returncode == 6
    assert trackd.get('/health').status == 200


def test_data_lives_on_after_a_stop(make_trackd):
    server = make_trackd('--no-seal')
    run, writer = fill(server)
    assert server.stop() == 0
    assert not (server.data / 'track.db-wal').exists(), 'a stop in order leaves no log behind'
    done = check(server.data)
    assert done.returncode == 0 and 'clean: 1 runs, 5 frames, 20 points' in done.stdout
    server.start()
    receipt = server.json('GET', f'/api/v1/runs/{run}/receipt')
    assert [(w['writer'], w['last_seq']) for w in receipt['writers']] == [(writer.hex(), 4)]


def test_files_are_for_their_owner_only(make_trackd):
    server = make_trackd()
    fill(server)
    for path in [server.data, *server.data.rglob('*')]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_newer_schema_is_refused(make_trackd):
    server = make_trackd()
    server.stop()
    db = sqlite3.connect(server.data / 'track.db')
    db.execute("INSERT INTO schema_version VALUES (9999, 'expand', 0)")
    db.commit()
    db.close()
    for done in serve(server.data), check(server.data):
        assert done.returncode == 12 and '9999' in done.stderr and 'newer trackd' in done.stderr


def test_a_database_of_another_program_is_refused(tmp_path):
    (tmp_path / 'data').mkdir()
    db = sqlite3.connect(tmp_path / 'data' / 'track.db')
    db.execute('CREATE TABLE mine(a)')
    db.commit()
    db.close()
    done = serve(tmp_path / 'data')
    assert done.returncode == 8 and 'some other program' in done.stderr
    (tmp_path / 'data' / 'track.db').write_text('This is a letter and no database. ' * 100)
    done = serve(tmp_path / 'data')
    assert done.returncode == 8 and 'not a database' in done.stderr


def test_what_cannot_be_written_is_said(tmp_path):
    tmp_path.chmod(0o755)
    for p in tmp_path.parents:
        if p.stat().st_uid == os.geteuid() and str(p).startswith('/tmp/'):
            p.chmod(0o755)
    (tmp_path / 'data').mkdir(mode=0o555)
    binary = tmp_path / 'trackd'
    shutil.copy(BIN / 'trackd', binary)
    command = [binary, '--listen', '127.0.0.1:0', '--data', tmp_path / 'data']
    if os.geteuid() == 0:
        command = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and 'Permission denied' in done.stderr and '--data' in done.stderr
    (tmp_path / 'file').write_text('')
    done = serve(tmp_path / 'file')
    assert done.returncode == 1 and 'Not a directory' in done.stderr
    done = serve(tmp_path / 'no' / 'where')
    assert done.returncode == 1 and 'cannot make the data directory' in done.stderr
    done = check(tmp_path / 'nowhere')
    assert done.returncode == 1 and not (tmp_path / 'nowhere').exists()


DAMAGE = [
    ('DELETE FROM journal WHERE seq_lo = 2', 'gaps between frames'),
    ('DELETE FROM journal WHERE seq_lo = 4', 'acknowledged frames are missing'),
    ("INSERT INTO journal SELECT run, writer, 5, 5, epoch, n, bytes, recv_us, body FROM journal WHERE seq_lo = 4",
     'frames'),
    ("UPDATE journal SET body = substr(body, 1, length(body) - 1) WHERE seq_lo = 3", 'writer'),
    ("UPDATE journal SET n = n + 1 WHERE seq_lo = 3", 'counts other points'),
    ("UPDATE writer SET points = points + 1", 'counts other points'),
    ("UPDATE writer SET recent = zeroblob(length(recent))", 'not what the row remembers'),
    ("DELETE FROM writer_key", 'key definitions are missing'),
    ("DELETE FROM series_key", 'is gone'),
    ("DELETE FROM writer", 'journal rows whose writer is not there'),
    ("DELETE FROM run", 'writers whose run is not there'),
    ("DELETE FROM project", 'runs whose project is not there'),
    ("DELETE FROM blob", 'files whose blob is not there'),
    ("UPDATE blob SET stored = stored + 1", 'bytes are stored'),
    ("UPDATE blob SET size = size + 1", 'blob'),
]


@pytest.mark.parametrize('sql,says', DAMAGE, ids=[str(i) for i in range(len(DAMAGE))])
def test_check_finds_damaged_rows(filled, tmp_path, sql, says):
    data = tmp_path / 'data'
    shutil.copytree(filled, data)
    db = sqlite3.connect(data / 'track.db')
    db.execute(sql)
    db.commit()
    db.close()
    done = check(data)
    assert done.returncode == 8 and says in done.stdout, done.stdout + done.stderr


def test_check_finds_a_damaged_database(filled, tmp_path):
    data = tmp_path / 'data'
    shutil.copytree(filled, data)
    path = data / 'track.db'
    raw = bytearray(path.read_bytes())
    page = 4096
    for at in range(page * (len(raw) // page // 2), len(raw), 97):
        raw[at] ^= 0x55
    path.write_bytes(raw)
    done = check(data)
    assert done.returncode == 8, done.stdout + done.stderr


@pytest.fixture(scope='module')
def filled(tmp_path_factory):
    """A closed data directory with one of everything, points in the journal."""
    from conftest import Server
    server = Server(tmp_path_factory.mktemp('filled') / 'data', '--no-seal').start()
    fill(server)
    assert server.stop() == 0
    return server.data


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 24 MiB."""
    at = tmp_path / 'disk'
    at.mkdir()
    done = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', at], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f'cannot mount a small file system here: {done.stderr.strip()}')
    yield at
    subprocess.run(['umount', '-l', at], check=True)


def test_a_full_disk_loses_nothing_acknowledged(small_disk, make_trackd):
    """With the guard off, so that writes really fail: refused with 507, then room, then on."""
    server = make_trackd('--free-min', '1', data=small_disk / 'data')
    run, writer = new_id(), secrets.token_bytes(16)
    server.json('PUT', f'/api/v1/runs/{run}', {'project': 'full'})
    ballast = small_disk / 'ballast'
    acknowledged, refused = 0, 0
    values = list(struct.unpack('<30000d', secrets.token_bytes(240000)))  # packs are no smaller
    deadline = time.time() + 60
    while refused < 5 and time.time() < deadline:
        body = tkf.points(writer, acknowledged, 0, range(acknowledged * 30000, (acknowledged + 1) * 30000), values,
                          define=b'loss' if acknowledged == 0 else None)
        r = server.request('POST', f'/api/v1/runs/{run}/frames', body, {'Content-Type': 'application/x-track-frames'})
        if r.status == 200:
            acknowledged = r.json()['next_seq']
            if acknowledged == 10:
                ballast.write_bytes(b'x' * (4 << 20))
        else:
            assert r.status in (507, 503, 500), r
            assert r.error['code'] in ('full', 'io', 'nomem'), r
            refused += 1
    assert refused == 5 and acknowledged > 10
    assert server.get('/health').status == 200
    ballast.unlink()
    body = tkf.points(writer, acknowledged, 0, range(4), [1.0] * 4)
    for _ in range(50):
        r = server.request('POST', f'/api/v1/runs/{run}/frames', body, {'Content-Type': 'application/x-track-frames'})
        if r.status == 200:
            break
        time.sleep(0.1)
    assert r.status == 200, r
    assert r.json()['next_seq'] == acknowledged + 1
    assert server.stop() == 0
    done = check(server.data)
    points = acknowledged * 30000 + 4
    assert done.returncode == 0 and f' {points} points' in done.stdout, done.stdout + done.stderr


def test_the_guard_keeps_room_to_finish(small_disk, make_trackd):
    """The disk is smaller than the guard: no uploads and no points, but runs end."""
    server = make_trackd(data=small_disk / 'data')
    data = b'x' * 100
    digest = hashlib.sha256(data).hexdigest()
    r = server.request('PUT', f'/api/v1/blobs/{digest}', data, {'Content-Type': 'application/octet-stream'})
    assert r.status == 507 and r.error['code'] == 'full'
    r = server.request('PUT', f'/api/v1/runs/{new_id()}', {'project': 'full'})
    assert r.status == 507 and r.error['code'] == 'full'
    assert server.json('GET', '/api/v1/projects')['projects'] == []
