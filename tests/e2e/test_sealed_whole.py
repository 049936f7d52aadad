"""A run that has ended leaves nothing in the journal, and no answer changes: numbers, texts and console
lines of real clients, asked of a trackd that does not seal, and of the same data sealed."""
import time
from urllib.parse import quote

import pytest

import sdk_tools
from test_crash import check_data
from track_command import Command

PRINTS = 'i=0; while [ $i -lt 3000 ]; do echo "out $i of many"; i=$((i+1)); done; echo "no end: $1" >&2'


@pytest.fixture(scope='module')
def program(tmp_path_factory):
    return sdk_tools.build(tmp_path_factory.mktemp('whole'), 'sdk_logger')


def log(server, folder, program):
    """A run of a shell script that prints, and of programs that join it and log all kinds."""
    track = Command(folder, server.url)
    script = f'{PRINTS}; {program} steps 500 0; {program} kinds; true'
    p = track.run('--', 'sh', '-c', script, 'sh', 'é\\033[31m')
    assert p.returncode == 0, p.stderr
    run = track.json('show', 'latest')['id']
    writer = [{'key': 'note', 'text': f'text {i}', 'step': i // 3, 'time_us': 1764000000000000} for i in range(40)]
    server.json('POST', f'/api/v1/runs/{run}/reopen', {})
    server.json('POST', f'/api/v1/runs/{run}/text', {'texts': writer + writer[:5]})
    server.json('POST', f'/api/v1/runs/{run}/points',
                {'points': [{'key': 'note', 'value': v, 'step': 5} for v in (1, 2, 'NaN', '-Infinity')]})
    server.json('POST', f'/api/v1/runs/{run}/lines', {'lines': [{'text': 'by JSON'}]})
    server.json('POST', f'/api/v1/runs/{run}/finish', {'state': 'finished'})
    return run


def pages(server, path, **ask):
    """Bodies of all pages."""
    out, ask = [], dict(ask)
    while ask.setdefault('cursor', '') is not None:
        query = '&'.join(f'{k}={quote(str(v), safe="")}' for k, v in ask.items() if v != '')
        r = server.get(f'{path}?{query}')
        assert r.status == 200, (path, ask, r)
        out.append(r.body)
        ask['cursor'] = r.json().get('next')
    return out


def answers(server, run):
    """Bodies of replies, by question."""
    out, runs = {}, f'/api/v1/runs/{run}'
    tree = server.get(f'{runs}/series?flat=1')
    out['tree'] = tree.body
    keys = [s['key'] for s in tree.json()['series']]
    assert {'loss', 'note', 'train/loss'} <= set(keys), keys
    for key in keys:
        out['points', key] = pages(server, f'{runs}/points', key=key, limit=100)
        for x in ('step', 'time'):
            ask = {'runs': [run], 'keys': [key], 'x': x, 'bins': 50}
            out['bins', key, x] = server.request('POST', '/api/v1/bins', ask).body
    for limit in (7, 1000):
        out['text', limit] = pages(server, f'{runs}/text', limit=limit)
    out['text', 'note'] = pages(server, f'{runs}/text', key='note', limit=3)
    assert b'once upon a time' in out['text', 1000][0] and b'text 39' in out['text', 'note'][0]
    for ask in ('from=-1000', 'from=0&limit=10000', 'from=17&limit=5', 'stream=stderr', 'q=OF%20MANY&from=-40',
                'regex=%5Eout%20.*7&limit=9', 'rank=0&limit=3', 'from=100000', 'since_us=99999999999999999'):
        r = server.get(f'{runs}/lines?{ask}')
        assert r.status == 200, (ask, r)
        out['lines', ask] = r.body
    assert b'by JSON' in out['lines', 'from=-1000'] and b'no end' in out['lines', 'stream=stderr']
    return out


def differences(a, b):
    return [question for question in a if a[question] != b[question]]


def test_a_run_that_has_ended_leaves_nothing_in_the_journal(make_trackd, tmp_path, program):
    server = make_trackd('--no-seal')
    run = log(server, tmp_path / 'home', program)
    before = answers(server, run)
    assert server.stop() == 0
    sealing = make_trackd(data=server.data)
    until = time.monotonic() + 60
    kinds, rows = [], 1
    while time.monotonic() < until and (rows or kinds != [(1, 1), (2, 1)]):
        for _ in range(4):
            assert differences(before, answers(sealing, run)) == []
            time.sleep(1)
        assert sealing.stop() == 0
        db = check_data(server.data)
        rows, = db.execute('SELECT count(*) FROM journal').fetchone()
        kinds = db.execute('SELECT kind, min(rev > 0) FROM pack GROUP BY kind ORDER BY kind').fetchall()
        sealing.start()
    assert rows == 0 and kinds == [(1, 1), (2, 1)]
    assert differences(before, answers(sealing, run)) == []
