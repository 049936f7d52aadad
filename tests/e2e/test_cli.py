"""The command against a real server: every command's help, errors and JSON; what each one does.

A test of the table first (no server is needed), then one test a command, then hostile input.
"""
import hashlib
import json
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

from conftest import new_id
from track_command import TRACK, Command

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = [c['name'] for c in json.loads(
    subprocess.run([TRACK, 'help', '--json'], capture_output=True, check=True).stdout)['commands']]
# Operands with which each command that talks to the server gets as far as that.
TALKING = {
    'log': ['latest', 'a=1'], 'ls': [], 'show': ['latest'], 'logs': ['latest'],
    'plot': ['latest', 'a'], 'best': ['a'], 'finish': ['latest'], 'stop': ['latest'],
    'note': ['latest'], 'tag': ['latest', 'x'], 'put': ['/etc/hostname'], 'get': ['latest'],
    'export': [], 'rm': ['latest', '--yes'], 'restore': ['latest'], 'open': ['latest'],
}
NOWHERE = 'http://127.0.0.1:9'


@pytest.fixture
def track(shared_trackd, tmp_path):
    """The command in a project of its own on the module's server."""
    name = 'p-' + new_id()[-12:]
    return Command(tmp_path / 'home', shared_trackd.url, name)


@pytest.fixture
def offline(tmp_path):
    return Command(tmp_path / 'home', NOWHERE)


def make_run(track, server, name='brave-otter', points=(), params=None, tags=None, end='finished'):
    """A run by the API alone: points are (key, step, value)."""
    run = new_id()
    now = int(time.time() * 1e6)
    server.json('PUT', f'/api/v1/runs/{run}', {
        'project': track.env['TRACK_PROJECT'], 'name': name, 'started_us': now - 90_000_000,
        'params': params or {}, 'tags': tags or {}})
    if points:
        server.json('POST', f'/api/v1/runs/{run}/points', {'points': [
            {'key': k, 'step': s, 'value': v, 'time_us': now - 80_000_000 + s} for k, s, v in points]})
    if end:
        server.json('POST', f'/api/v1/runs/{run}/finish', {'state': end})
    return run


# ---- the table ---------------------------------------------------------------------------------

@pytest.mark.parametrize('command', COMMANDS)
def test_help_needs_nothing(offline, command):
    by_option = offline.ok(command, '--help')
    assert by_option == offline.ok('help', command)
    assert by_option.startswith(f'usage: track {command}')
    for part in ('\nExamples:\n', '\nExit codes:\n', '\nOptions of every command:\n'):
        assert part in by_option


@pytest.mark.parametrize('command', COMMANDS)
def test_unknown_option_is_wrong_usage(offline, command):
    p = offline(command, '--jsno')
    assert p.returncode == 2 and p.stdout == b''
    assert b'did you mean --json?' in p.stderr
    p = offline(command, '--no-such-option', '--json')
    error = json.loads(p.stderr)['error']
    assert p.returncode == 2 and p.stdout == b'' and error['code'] == 'invalid'


@pytest.mark.parametrize('command', sorted(TALKING))
def test_no_server(offline, command):
    p = offline(command, *TALKING[command])
    assert p.returncode == 7, p
    assert p.stdout == b'' and p.stderr.startswith(b'track: ') and b'trackd' in p.stderr
    p = offline(command, *TALKING[command], '--json')
    assert p.returncode == 7 and p.stdout == b''
    assert json.loads(p.stderr)['error']['code'] == 'unreachable'


def test_every_command_is_tried_without_a_server():
    """A new command that talks must be added to TALKING."""
    silent = {'run', 'sync', 'status', 'config', 'init', 'agent', 'version', 'help', 'man', 'completion'}
    assert silent | set(TALKING) == set(COMMANDS) | {'agent'}


def test_misspelt_command(offline):
    p = offline('shwo')
    assert p.returncode == 2 and b'did you mean show?' in p.stderr and p.stdout == b''
    assert offline('frobnicate').returncode == 2


def test_list_of_commands(offline):
    listed = offline.ok('help')
    assert listed == offline.ok() == offline.ok('--help')
    for command in COMMANDS:
        assert re.search(rf'^  {command} +\S', listed, re.M)
    assert '__complete' not in listed and 'agent-worker' not in listed


def test_manual_pages_are_clean(offline, tmp_path):
    pages = offline.json('man', tmp_path / 'man')
    files = sorted((tmp_path / 'man').glob('*.1'))
    assert len(files) == pages['pages'] == len(COMMANDS) + 1
    p = subprocess.run(['mandoc', '-Tlint', '-Wwarning', *files], capture_output=True)
    assert p.returncode == 0, p.stdout.decode()


def test_reference_page(offline):
    assert offline.ok('man', '--markdown') == (ROOT / 'docs/cli.md').read_text()


def test_bash_completion(offline):
    script = offline.ok('completion', 'bash')
    done = subprocess.run(
        ['bash', '-c', script + '\nPATH=' + str(pathlib.Path(TRACK).parent) + ':$PATH\n'
         'COMP_WORDS=(track ls --so); COMP_CWORD=2; _track; echo "${COMPREPLY[@]}"\n'
         'COMP_WORDS=(track comp); COMP_CWORD=1; _track; echo "${COMPREPLY[@]}"\n'],
        capture_output=True, env=offline.env)
    assert done.stdout.decode().split('\n')[:2] == ['--sort', 'completion'], done


@pytest.mark.parametrize('shell, check', [('zsh', ['zsh', '-n']), ('fish', ['fish', '--no-execute'])])
def test_other_completions_load(offline, tmp_path, shell, check):
    script = offline.ok('completion', shell)
    assert '__complete' in script
    if shutil.which(check[0]):
        (tmp_path / 'c').write_text(script)
        assert subprocess.run([*check, tmp_path / 'c']).returncode == 0


def test_completion_offers_what_the_server_has(track, shared_trackd):
    run = make_run(track, shared_trackd, points=[('val/loss', 0, 1.0)])
    assert f'{run[-8:]}\tbrave-otter\n' in track.ok('__complete', 'show', '')
    assert 'val/loss\t\n' in track.ok('__complete', 'best', 'val')
    assert 'auto\t\nalways\t\nnever\t\n' == track.ok('__complete', 'ls', '--color', '')


def test_completion_never_waits_long(tmp_path):
    """A server that accepts and says nothing: 0.2 s, not the 30 s of a request."""
    import socket
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        s.listen(8)
        track = Command(tmp_path / 'h', f'http://127.0.0.1:{s.getsockname()[1]}')
        began = time.monotonic()
        assert 'latest' in track.ok('__complete', 'show', '')
        assert time.monotonic() - began < 2


def test_quick_help(offline):
    best = min(timed(offline, 'help') for _ in range(5))
    assert best < 1.0  # sanitised builds; `make bench` has the figure


def timed(track, *args):
    began = time.monotonic()
    track.ok(*args)
    return time.monotonic() - began


# ---- commands ----------------------------------------------------------------------------------

def test_ls(track, shared_trackd):
    a = make_run(track, shared_trackd, 'a-run', [('loss', s, 1 / (s + 1)) for s in range(5)],
                 {'lr': '0.1'})
    b = make_run(track, shared_trackd, 'b-run', [('loss', 3, 0.5)], {'lr': '0.3'}, {'base': ''}, None)
    ids = track.ok('ls', '-q').split()
    assert sorted(ids) == sorted([a, b])
    assert track.ok('ls', '-q', 'status:running').split() == [b]
    assert track.ok('ls', '-q', 'tag:base').split() == [b]
    assert track.ok('ls', '-q', 'params.lr<0.2').split() == [a]
    assert track.ok('ls', 'runs', '-q', '--sort', 'name:asc').split() == [a, b]
    assert track.ok('ls', '-q', '--sort', 'name:desc').split() == [b, a]
    assert track.ok('ls', '-q', '--sort', 'min(loss)').split() == [a, b]
    assert track.ok('ls', '-q', '--sort', '-best(loss)').split() == [b, a], 'no goal: the last value'
    shared_trackd.json('POST', f'/api/v1/runs/{a}/definitions',
                       {'definitions': [{'name': 'loss', 'goal': 'max'}]})
    assert track.ok('ls', '-q', '--sort', '-best(loss)').split() == [a, b]
    assert track.ok('ls', '-q', 'best(loss) = 1', '--sort', 'best(loss):desc').split() == [a]
    assert len(track.ok('ls', '-q', '-n', '1').split()) == 1
    rows = [r.split('\t') for r in
            track.ok('ls', '--cols', 'name,loss:min,lr', '--sort', 'name:asc').splitlines()]
    assert rows == [[a, 'a-run', '0.2', '0.1'], [b, 'b-run', '0.5', '0.3']]
    doc = track.json('ls', '--cols', 'loss:min,tags', '--sort', 'name:asc')
    assert doc['schema'] == 'track.runs/1'
    assert doc['runs'][0]['loss:min'] == {'value': 0.2, 'step': 4, 'how': 'min', 'bad': 0}
    assert doc['runs'][1]['tags'] == ['base'] and doc['runs'][1]['status'] == 'running'
    lines = track.ok('ls', '--jsonl', '--fields', 'name,status').splitlines()
    assert all(set(json.loads(x)) == {'schema', 'name', 'status'} for x in lines)


def test_ls_filter_error_has_a_caret(track, shared_trackd):
    make_run(track, shared_trackd)
    p = track('ls', 'val/loss <')
    assert p.returncode == 2 and p.stdout == b''
    lines = p.stderr.decode().splitlines()
    assert any(line.strip() == '^' for line in lines), lines


def test_ls_projects_and_metrics(track, shared_trackd):
    run = make_run(track, shared_trackd, points=[('train/loss', s, s) for s in range(3)])
    names = [r.split('\t')[0] for r in track.ok('ls', 'projects').splitlines()]
    assert track.env['TRACK_PROJECT'] in names
    doc = track.json('ls', 'metrics', run[-8:])
    assert [(m['key'], m['points'], m['last']) for m in doc['metrics']] == [('train/loss', 3, 2)]
    assert track('ls', 'metrics').returncode == 2


def test_show(track, shared_trackd):
    run = make_run(track, shared_trackd, points=[('loss', 0, 'NaN'), ('loss', 1, 2.5)],
                   params={'lr': '3e-4'}, tags={'stage': 'final'})
    text = track.ok('show', 'latest')
    for part in (f'id\t{run}', 'status\tfinished', 'lr\t3e-4', 'stage\tfinal', 'loss\t2\t2.5'):
        assert part in text, text
    doc = track.json('show', run[-8:])
    assert doc['schema'] == 'track.run/1' and doc['run']['params'] == {'lr': '3e-4'}
    assert doc['series'][0]['bad'] == 1
    assert track('show', 'ffffffffffff').returncode == 5
    assert track.ok('show', '-q', run[-8:]).strip() == run


def test_show_tells_where_a_run_began_and_how_far_it_went_back(track, shared_trackd):
    parent = make_run(track, shared_trackd, points=[('loss', 0, 1), ('loss', 9, 2)])
    fork = new_id()
    shared_trackd.json('PUT', f'/api/v1/runs/{fork}', {'project': 'x', 'fork_from': {'run': parent, 'step': 5}})
    shared_trackd.json('POST', f'/api/v1/runs/{fork}/rewind', {'step': 3})
    text = track.ok('show', fork)
    for part in (f'forked_from\t{parent}?step=5', 'rewound_to\t3', 'loss\t1\t1'):
        assert part in text, text
    assert '?step=' not in track.ok('show', parent)


def test_references(track, shared_trackd):
    old = make_run(track, shared_trackd, points=[('loss', 0, 1)])
    time.sleep(0.01)
    new = make_run(track, shared_trackd, points=[('loss', 0, 2)])
    for ref, run in [('latest', new), ('latest~1', old), (old, old), (old[-8:], old),
                     ('best:loss:min', old), ('best:loss:max', new),
                     (f'{shared_trackd.url}/p/x/r/{old[-8:]}', old),
                     (f'{shared_trackd.url}/p/x/r/{old[-8:]}/charts?a=b#c', old)]:
        assert track.ok('show', '-q', ref).strip() == run, ref
    p = track('show', 'http://other.example/p/x/r/' + old)
    assert p.returncode == 2 and b'--url' in p.stderr


def test_best(track, shared_trackd):
    a = make_run(track, shared_trackd, points=[('acc', 0, 0.1), ('acc', 7, 0.9)])
    b = make_run(track, shared_trackd, points=[('acc', 0, 0.5)])
    make_run(track, shared_trackd)  # without the metric
    rows = track.json('best', 'acc', '--max')['best']
    assert [(r['id'], r['value'], r['step']) for r in rows] == [(a, 0.9, 7), (b, 0.5, 0)]
    assert track.ok('best', 'acc', '--min', '-n', '1', '-q').strip() == a
    assert track('best', 'nope').returncode == 5
    assert track('best', 'acc', '--min', '--max').returncode == 2


def test_log(track, shared_trackd):
    run = make_run(track, shared_trackd, end=None)
    track.ok('log', 'latest', 'loss=0.5', 'a=b=1', '--step', '10')
    track.ok('log', run[-8:], 'loss=0.25')  # one step further
    p = track('log', run, '--stdin', input=b'x 1 5\ny nan\n\n{"key":"z","value":3,"step":9}\nbad\nx 1 y\n')
    assert p.returncode == 3 and b'line 5' in p.stderr and b'line 6' in p.stderr
    series = {s['key']: s for s in
              shared_trackd.json('GET', f'/api/v1/runs/{run}/series?flat=1')['series']}
    assert series['loss']['n'] == 2 and series['loss']['last_step'] == 11
    assert series['a=b']['last'] == 1 and series['x']['last_step'] == 5
    assert series['y']['bad'] == 1 and series['z']['last_step'] == 9
    assert track('log', run, 'loss=high').returncode == 2
    assert track('log', run).returncode == 2
    track.ok('finish', run)
    assert track('log', run, 'loss=1').returncode == 6


def test_finish_stop_rm_restore(track, shared_trackd):
    run = make_run(track, shared_trackd, end=None)
    track.ok('stop', run)
    assert shared_trackd.json('GET', f'/api/v1/runs/{run}')['stop'] is True
    assert track.ok('finish', run, '--state', 'failed').split('\t')[2].strip() == 'failed'
    assert track('finish', run, '--state', 'sideways').returncode == 2
    p = track('rm', run)
    assert p.returncode == 2 and b'--yes' in p.stderr
    assert track.ok('rm', run, '--dry-run').startswith(run)
    assert track.ok('ls', '-q').split() == [run]
    track.ok('rm', run, '--yes')
    assert track.ok('ls', '-q') == '' and track.ok('ls', '-q', '--deleted').split() == [run]
    track.ok('restore', run)
    assert track.ok('ls', '-q').split() == [run]


def test_several_operands_go_on_after_a_failure(track, shared_trackd):
    run = make_run(track, shared_trackd, end=None)
    p = track('stop', 'ffffffffff', run)
    assert p.returncode == 3 and run in p.stdout.decode()
    assert b'1 of 2 failed' in p.stderr
    assert track('stop', 'ffffffffff', 'eeeeeeeeee').returncode == 5


def test_note_and_tag(track, shared_trackd):
    run = make_run(track, shared_trackd)
    assert track.ok('note', run) == ''
    track.ok('note', run, 'first\nline')
    track.ok('note', run, '--append', '-', input='zweite Größe\n'.encode())
    assert track.ok('note', run) == 'first\nline\nzweite Größe\n'
    assert track.json('note', run)['note'] == 'first\nline\nzweite Größe\n'
    track.ok('note', run, '')
    assert track.ok('note', run) == ''
    track.ok('tag', run, 'baseline', '+good', 'stage=final=1')
    track.ok('tag', run, '-baseline', 'x')
    assert dict(r.split('\t') for r in track.ok('tag', run).splitlines()) == {
        'good': '', 'stage': 'final=1', 'x': ''}
    assert track('tag', run, '=x').returncode == 2


def test_put_and_get(track, shared_trackd, tmp_path):
    run = make_run(track, shared_trackd, end=None)
    src = tmp_path / 'ckpt'
    (src / 'sub').mkdir(parents=True)
    content = {'a.bin': os.urandom(300_000), 'sub/empty': b'', 'sub/ä b%?#.txt': b'x' * 70_000}
    for name, data in content.items():
        (src / name).write_bytes(data)
    (src / 'link').symlink_to('/etc/passwd')
    p = track('put', src, 'model', '--run', run)
    assert p.returncode == 0 and b'1 left out' in p.stderr, p
    listed = {r.split('\t')[0]: r.split('\t')[2] for r in track.ok('get', run, '--list').splitlines()}
    assert listed == {f'model/{n}': hashlib.sha256(d).hexdigest() for n, d in content.items()}
    dest = tmp_path / 'dest'
    track.ok('get', run, dest)
    for name, data in content.items():
        assert (dest / 'model' / name).read_bytes() == data
    assert not list(dest.rglob('.track-*'))
    p = track('get', f'{run}/model/a.bin', dest)
    assert p.returncode == 6 and b'--force' in p.stderr
    (dest / 'model/a.bin').write_bytes(b'old')
    track.ok('get', f'{run}/model/a.bin', dest, '--force')
    assert (dest / 'model/a.bin').read_bytes() == content['a.bin']
    only = tmp_path / 'only'
    track.ok('get', f'{run}/model/sub', only)
    assert sorted(p.name for p in only.rglob('*') if p.is_file()) == ['empty', 'ä b%?#.txt']
    assert track('get', f'{run}/nope', only).returncode == 5
    track.ok('put', '/etc/hostname', '--run', run)
    assert 'hostname' in track.ok('get', run, '--list')
    assert track('put', tmp_path / 'missing', '--run', run).returncode == 5


def test_get_leaves_its_directory_by_no_link(track, shared_trackd, tmp_path):
    run = make_run(track, shared_trackd, end=None)
    (tmp_path / 'f').write_text('secret')
    track.ok('put', tmp_path / 'f', 'out/f', '--run', run)
    dest, outside = tmp_path / 'dest', tmp_path / 'outside'
    dest.mkdir()
    outside.mkdir()
    (dest / 'out').symlink_to(outside)
    p = track('get', run, dest, '--force')
    assert p.returncode == 6 and not list(outside.iterdir()), p
    (dest / 'out').unlink()
    (dest / 'out').mkdir()
    (dest / 'out/f').symlink_to(outside / 'target')
    assert track('get', run, dest).returncode == 6
    track.ok('get', run, dest, '--force')  # the link is replaced, not followed
    assert not list(outside.iterdir()) and (dest / 'out/f').read_text() == 'secret'
    assert not (dest / 'out/f').is_symlink()


def test_export(track, shared_trackd, tmp_path):
    values = [0.1, 1 / 3, 1e-300, -0.0, 'NaN', 'Infinity', 12345678.9]
    run = make_run(track, shared_trackd, points=[('a,"b', s, v) for s, v in enumerate(values)]
                   + [('other', 0, 1)])
    import csv
    rows = list(csv.reader(track.ok('export').splitlines()))
    assert rows[0] == ['run', 'key', 'context', 'step', 'time_us', 'value']
    mine = [r for r in rows[1:] if r[1] == 'a,"b']
    assert [r[3] for r in mine] == [str(s) for s in range(len(values))]
    assert [r[5] for r in mine] == ['0.1', repr(1 / 3), '1e-300', '-0', 'NaN', 'Infinity', '12345678.9']
    out = tmp_path / 'x.jsonl'
    track.ok('export', '--keys', 'other', '-o', out)
    docs = [json.loads(line) for line in out.read_text().splitlines()]
    assert docs[0]['schema'] == 'track.run/1' and docs[0]['run']['id'] == run
    assert docs[1:] == [{'schema': 'track.point/1', 'run': run, 'key': 'other', 'step': 0,
                         'time_us': docs[1]['time_us'], 'value': 1}]
    assert track('export', '-o', out).returncode == 6
    assert track('export', '-o', out, '--force', '--format', 'csv').returncode == 0
    assert out.read_text().startswith('run,key')
    assert track('export', '-o', '/proc/nope').returncode in (1, 6)
    assert not (tmp_path / 'x.jsonl.part').exists()


def test_export_to_a_full_disk(track, shared_trackd):
    make_run(track, shared_trackd, points=[('a', s, s) for s in range(9000)])
    with open('/dev/full', 'wb') as full:
        p = subprocess.run([TRACK, 'export'], stdout=full, stderr=subprocess.PIPE, env=track.env)
    assert p.returncode == 9 and b'No space' in p.stderr, p


def test_logs(track, shared_trackd):
    run = make_run(track, shared_trackd, end=None)
    now = int(time.time() * 1e6)
    shared_trackd.json('POST', f'/api/v1/runs/{run}/lines', {'lines': [
        {'text': f'line {i}', 'stream': 'stderr' if i % 2 else 'stdout', 'time_us': now + i}
        for i in range(10)]})
    assert track.ok('logs', run).splitlines() == [f'line {i}' for i in range(10)]
    assert track.ok('logs', run, '-n', '2').splitlines() == ['line 8', 'line 9']
    assert track.ok('logs', run, '--stream', 'err', '--grep', '[13]').splitlines() == ['line 1', 'line 3']
    assert track.json('logs', run)['lines'][1]['stream'] == 'stderr'
    assert track('logs', run, '-f', '--json').returncode == 2
    assert track('logs', run, '--grep', '(').returncode == 2


def test_logs_follow_until_the_end(track, shared_trackd):
    run = make_run(track, shared_trackd, end=None)
    url = f'/api/v1/runs/{run}/lines'
    shared_trackd.json('POST', url, {'lines': [{'text': 'first'}]})
    p = track.start('logs', run, '-f', stdout=subprocess.PIPE)
    assert p.stdout.readline() == b'first\n'
    shared_trackd.json('POST', url, {'lines': [{'text': 'second'}]})
    assert p.stdout.readline() == b'second\n'
    shared_trackd.json('POST', url, {'lines': [{'text': 'third'}]})
    shared_trackd.json('POST', f'/api/v1/runs/{run}/finish', {'state': 'finished'})
    assert p.stdout.read() == b'third\n' and p.wait(20) == 0


def test_logs_follow_survives_the_server(make_trackd, tmp_path):
    server = make_trackd()
    track = Command(tmp_path / 'h', server.url)
    run = make_run(track, server, end=None)
    url = f'/api/v1/runs/{run}/lines'
    server.json('POST', url, {'lines': [{'text': 'before'}]})
    p = track.start('logs', run, '-f', stdout=subprocess.PIPE)
    assert p.stdout.readline() == b'before\n'
    server.kill()
    time.sleep(1)
    server.start()
    server.json('POST', url, {'lines': [{'text': 'after'}]})
    server.json('POST', f'/api/v1/runs/{run}/finish', {'state': 'finished'})
    assert p.stdout.read() == b'after\n' and p.wait(30) == 0


def test_options_of_every_command_may_stand_first(track, shared_trackd):
    run = make_run(track, shared_trackd)
    assert track.ok('-q', 'ls').split() == [run]
    assert track.ok('--url', shared_trackd.url, '--color=never', '-q', 'ls').split() == [run]
    assert track('--nope', 'ls').returncode == 2 and track('-p').returncode == 2


def test_plot(track, shared_trackd):
    run = make_run(track, shared_trackd, points=[('loss', s, 2.0 / (s + 1)) for s in range(200)])
    rows = [r.split('\t') for r in track.ok('plot', run, 'loss').splitlines()]
    assert rows[0][:4] == [run, 'loss', '0', '2'] and len(rows) > 50
    assert track.json('plot', run, 'loss')['points'][0]['mean'] == 2
    shown = on_terminal(track, 'plot', run, 'loss', '--color', 'never')
    assert '⠑' in shown and f'loss  {run[-8:]} brave-otter' in shown
    assert track('plot', run, 'nope').returncode == 5
    assert track('plot', run, 'loss', '--smooth', '2').returncode == 2
    assert track('plot', 'nope', 'loss').returncode in (2, 5)
    rows = [r.split('\t') for r in track.ok('plot', run, 'loss', '--smooth', '0.5').splitlines()]
    assert rows[0][3] == rows[0][7] == '2' and abs(float(rows[1][7]) - (1 + 2 / 2) / 1.5) < 1e-6
    on = track.json('plot', run, 'loss', '--over', 'loss')['points']
    assert all(abs(p['x'] - p['mean']) < 0.01 for p in on) and on[0]['x'] < 0.02
    shown = on_terminal(track, 'plot', run, 'loss', '--over', 'loss', '--smooth', '0.9', '--color', 'never')
    assert '0.01' in shown


def test_open(track, shared_trackd):
    run = make_run(track, shared_trackd)
    project = track.env['TRACK_PROJECT']
    assert track.ok('open', 'latest') == f'{shared_trackd.url}/p/{project}/r/{run[-8:]}\n'
    assert track.ok('open') == f'{shared_trackd.url}/p/{project}\n'
    assert track.json('open', run)['id'] == run


def test_status_and_version(track, offline, shared_trackd):
    doc = track.json('status')
    assert doc['server']['reachable'] and abs(doc['server']['clock_skew_us']) < 5_000_000
    assert doc['spool']['spools'] == 0 and doc['project'] == track.env['TRACK_PROJECT']
    p = offline('status', '--json')
    assert p.returncode == 7 and json.loads(p.stdout)['server']['reachable'] is False
    assert re.fullmatch(r'track \d+\.\d+\.\d+\n', offline.ok('version'))
    assert offline.ok('--version') == offline.ok('version')
    assert track.json('version', '-v')['server'] is not None


def test_config_and_init(offline, tmp_path):
    offline.env.pop('TRACK_URL')
    offline.env.pop('TRACK_PROJECT')
    here = tmp_path / 'work'
    here.mkdir()
    assert offline.ok('config', 'url', cwd=here) == 'http://127.0.0.1:8080\n'
    offline.ok('config', 'url', 'http://127.0.0.1:1234', cwd=here)
    assert offline.ok('config', 'url', cwd=here) == 'http://127.0.0.1:1234\n'
    offline.ok('config', 'url', 'http://127.0.0.1:5678', cwd=here)  # replaced, not doubled
    assert (offline.home / '.config/track/config').read_text().count('url') == 1
    p = offline('config', 'url', 'http://127.0.0.1:5678', cwd=here)
    assert p.returncode == 0 and p.stderr == b''
    p = offline('config', 'url', 'http://127.0.0.1:5678', cwd=here, env={'TRACK_URL': 'http://h:2'})
    assert p.stdout == b'http://h:2\n'
    assert b'but here TRACK_URL of the environment wins: http://h:2' in p.stderr
    assert offline.ok('config', 'project', cwd=here) == 'work\n'
    offline.ok('init', 'my project', cwd=here)
    assert offline.ok('config', 'project', cwd=here) == 'my project\n'
    p = offline('init', cwd=here)
    assert p.returncode == 6 and b'--force' in p.stderr
    offline.ok('init', 'other', '--force', cwd=here)
    (here / 'below').mkdir()
    origins = {s['name']: s for s in
               offline.json('config', cwd=here / 'below')['settings']}
    assert origins['project']['value'] == 'other' and '.track/config' in origins['project']['origin']
    assert origins['url']['value'] == 'http://127.0.0.1:5678'
    assert offline.ok('config', 'url', '--url', 'http://h:1', cwd=here) == 'http://h:1\n'
    assert offline('config', 'nonsense', 'x', cwd=here).returncode == 2
    assert offline('config', 'nonsense', cwd=here).returncode == 5


# ---- a terminal, hostile text ------------------------------------------------------------------

def on_terminal(track, *args, columns=80, keys=b''):
    """Output of the command on a terminal of 80 columns, as text."""
    import fcntl, struct, termios
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(TRACK, [TRACK, *map(str, args)], track.env)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    os.write(fd, keys)
    got = b''
    while select.select([fd], [], [], 30)[0]:
        try:
            part = os.read(fd, 65536)
        except OSError:
            break
        if not part:
            break
        got += part
    os.waitpid(pid, 0)
    os.close(fd)
    return got.decode().replace('\r\n', '\n')


def test_a_table_on_a_terminal(track, shared_trackd):
    run = make_run(track, shared_trackd, 'brave-otter', [('val/loss', 12400, 0.2912)], {'lr': '3e-4'})
    shown = on_terminal(track, 'ls', '--cols', 'name,status,val/loss:min,lr', '--color', 'never')
    assert shown == (
        'RUN       NAME         STATUS       VAL/LOSS:MIN    LR\n'
        f'{run[-8:]}  brave-otter  finished  0.2912 @ 12 400  3e-4\n'.replace(
            'finished  0', 'finished  0') + '1 of 1 runs\n'), shown


def test_hostile_names_on_a_terminal(track, shared_trackd):
    evil = 'x\u202ey\u009b31m' + 'ä' * 60
    run = make_run(track, shared_trackd, evil, [('k\u2066', 0, 1)], {'p': 'a\x1b]0;owned\x07b\r\n'},
                   {'t': '\x1b[2J'})
    shared_trackd.json('POST', f'/api/v1/runs/{run}/reopen', {})
    shared_trackd.json('POST', f'/api/v1/runs/{run}/lines', {'lines': [{'text': 'a\x1b[31mred\x07'}]})
    for args in (['ls'], ['show', run], ['logs', run], ['tag', run], ['ls', 'metrics', run],
                 ['best', 'k\u2066', '--min'], ['plot', run, 'k\u2066'], ['stop', run]):
        shown = on_terminal(track, *args, '--color', 'never')
        bad = [c for c in shown if (ord(c) < 32 and c != '\n') or 0x7f <= ord(c) < 0xa0
               or c in '\u202e\u2066']
        assert not bad, (args, shown)
    assert '\x1b[31mred' in on_terminal(track, 'logs', run, '--raw')
    assert track.ok('logs', run) == 'a\x1b[31mred\x07\n'  # a file gets the bytes


def test_rm_asks_on_a_terminal(track, shared_trackd):
    run = make_run(track, shared_trackd)
    assert 'not confirmed' in on_terminal(track, 'rm', run, keys=b'n\n')
    assert track.ok('ls', '-q').split() == [run]
    on_terminal(track, 'rm', run, keys=b'y\n')
    assert track.ok('ls', '-q') == ''


def test_a_reader_that_goes_away_is_no_failure(track, shared_trackd):
    make_run(track, shared_trackd, points=[('a', s, s) for s in range(10000)])
    p = track.start('export', stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdout.read(10)
    p.stdout.close()
    assert p.wait(60) in (0, 1) and b'Sanitizer' not in p.stderr.read()
