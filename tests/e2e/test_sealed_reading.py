"""What is read stays the same, byte for byte, while points leave the journal for packs, and after a
restart: charts of any axis and zoom, raw points, the metric tree, texts."""
import os
import time

import tkf
from conftest import new_id
from test_crash import check_data

FRAMES = {'Content-Type': 'application/x-track-frames'}
ROWS = 30000


def send(server, run):
    """Steps that go on, steps that come late, and texts; the writer is closed and the run finished."""
    writer = os.urandom(16)
    frames = [tkf.points(writer, i, 0, range(i * ROWS, (i + 1) * ROWS), [(s * 37 % 101) / 4 for s in range(ROWS)],
                         define=b'loss' if i == 0 else None, time_us=1764000000000000 + i) for i in range(4)]
    frames.append(tkf.points(writer, 4, 1, range(500, 900), [-7.5] * 400, define=b'deep/acc', context=b'{"rank":2}'))
    frames.append(tkf.points(writer, 5, 0, range(100, 200), [1e6] * 100, time_us=1763999999999999))
    for frame in frames:
        assert server.request('POST', f'/api/v1/runs/{run}/frames', frame, FRAMES).status == 200
    server.json('POST', f'/api/v1/runs/{run}/finish', {'state': 'finished'})
    server.json('POST', f'/api/v1/runs/{run}/writers/{writer.hex()}/close',
                {'last_seq': 5, 'points': 4 * ROWS + 500})


def answers(server, run):
    """Bodies of replies, by question."""
    out = {}
    for x in ('step', 'time'):
        for bins in (7, 2000):
            for zoom in ({}, {'from': 20000, 'to': 70000} if x == 'step' else {'from': 1764000000000001}):
                ask = {'runs': [run], 'keys': ['loss', 'deep/acc'], 'x': x, 'bins': bins, **zoom}
                r = server.request('POST', '/api/v1/bins', ask, {'Accept': 'application/x-track-bins'})
                assert r.status == 200
                out[x, bins, bool(zoom)] = r.body
    for key in ('loss', 'deep/acc'):
        r = server.request('GET', f'/api/v1/runs/{run}/points?key={key}&limit=200000', None,
                           {'Accept': 'application/x-track-points'})
        assert r.status == 200
        out[key] = r.body
    out['tree'] = server.get(f'/api/v1/runs/{run}/series?flat=1').body
    return out


def differences(a, b):
    return [question for question in a if a[question] != b[question]]


def state(server):
    """Rows in the journal, points in packs; stops the server."""
    assert server.stop() == 0
    return check_data(server.data).execute('SELECT (SELECT count(*) FROM journal), (SELECT sum(n) FROM pack)').fetchone()


def test_sealing_changes_no_answer(make_trackd):
    server = make_trackd()
    run = new_id()
    server.json('PUT', f'/api/v1/runs/{run}', {'project': 'seal'})
    send(server, run)
    before = answers(server, run)
    assert len(before['loss']) > 24 * 4 * ROWS
    until = time.monotonic() + 60
    rows = 1
    while rows and time.monotonic() < until:
        for _ in range(7):
            assert differences(before, answers(server, run)) == []
            time.sleep(1)
        rows, points = state(server)
        server.start()
    assert rows == 0 and points == 4 * ROWS + 500
    assert differences(before, answers(server, run)) == []
