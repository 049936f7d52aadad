"""Bad input, each with a clear exception or warning, and nothing of the rest lost."""
import json
import os
import subprocess
import sys
import time

import pytest

from foreign import Foreign
from scripts import Scripts
from sdk_tools import Proxy, steps

root = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


@pytest.fixture
def scripts(trackd, tmp_path):
    return Scripts(tmp_path, trackd.url)


# (what is called, the exception word by word)
CALLS = [
    ("track.log({'a': 1})", 'ConflictError: no run is open: call track.start_run() first'),
    ("track.set_param('a', 1)", 'ConflictError: no run is open: call track.start_run() first'),
    ("run.finish('done')",
     "InvalidError: state 'done': must be one of finished, failed, stopped, preempted"),
    ("track.start_run(b'project')", "TypeError: project must be a str, not bytes: b'project'"),
    ("track.start_run(kind='fun')",
     "InvalidError: kind 'fun': must be train, eval, transform or build"),
    ("track.start_run('p' * 251)", None),
    ("track.start_run('a\\nb')", None),
    ("track.start_run(name='x' * 5000)", None),
    ("track.start_run(name='a\\0b')", "InvalidError: name 'a\\x00b': has a NUL character"),
    ("track.start_run(name='\\ud800')",
     "InvalidError: name '\\ud800': not valid Unicode (surrogates not allowed)"),
    ("track.start_run(note=7)", 'TypeError: note must be a str, not int: 7'),
    ("track.start_run(run_id='123')", "InvalidError: run id '123': must be 32 hex digits"),
    ("track.start_run(resume='nobody')", "InvalidError: run id 'nobody': must be 32 hex digits"),
    ("track.start_run(resume=7)", 'TypeError: a run must be its id or a Run, not int'),
    ("track.start_run(parent='x')", "InvalidError: run id 'x': must be 32 hex digits"),
    ("track.start_run(seed=-1)", 'InvalidError: seed -1: must be 0..2**64-1'),
    ("track.start_run(seed='1')", 'TypeError: seed must be an int, not str'),
    ("track.start_run(note='x' * (2 << 20))", 'InvalidError: a note of 2097152 bytes, at most 1048576'),
    ("track.start_run(mode='loud')", "InvalidError: mode 'loud': must be online, offline or off"),
    ("track.start_run(url='ftp://x')", None),
    ("track.start_run(client='http://x')", None),
    ("track.start_run(colour='red')", None),
    ("track.start_run(tags={'a': b'x'})", "TypeError: tag 'a': bytes is no text; decode it first"),
    ("track.start_run(tags=['x' * 2049])", None),
    ("run.set_param(b'lr', 1)", "TypeError: a parameter's key must be str, not bytes"),
    ("run.set_tag(None)", None),
    ("run.set_note(7)", None),
    ("run.log_metric(None, 1)", None),
    ("run.log_metric(b'loss', 1)", None),
    ("run.log_metric('', 1)", None),
    ("run.log_metric('x' * 2049, 1)", None),
    ("run.log_metric('a\\nb', 1)", None),
    ("run.log_metric('\\ud800', 1)", None),
    ("run.log_metric('loss', None)", None),
    ("run.log_metric('loss', 1, 'first')", None),
    ("run.log_metric('loss', 1, 2 ** 63)", None),
    ("run.log_metric('loss', 1, 1.5)", None),
    ("run.log_metric('loss', 10 ** 400)", None),
    ("run.log([1, 2])", None),
    ("run.log(None)", None),
    ("run.log({'loss': 'low'})", None),
    ("run.log_text('sample', b'bytes')", None),
    ("run.log_text('sample', 'x' * (300 << 10))", None),
    ("run.log_artifact('missing.bin')", None),
    ("run.log_artifact('.')", None),
    ("run.log_artifact('train.py', '../up')", None),
    ("run.log_artifact(7)", None),
    ("run.use_artifact('missing.bin')", None),
    ("run.set_document('a/b', '{}')", None),
    ("run.set_document('mine', '{')", None),
]


def test_every_mistake_is_an_exception_and_the_run_goes_on(trackd, scripts):
    calls = [call for call, _ in CALLS]
    got = scripts.run(f'''
import json
os.mkdir('empty')
failed = []
def attempt(call):
    try:
        eval(call)
        failed.append('taken')
    except Exception as error:
        failed.append(f'{{type(error).__name__}}: {{error}}')
for call in {calls[:2]!r}:
    attempt(call)
run = track.start_run()
print(run.id)
os.chdir('empty')
for call in {calls[2:]!r}:
    attempt(call)
os.chdir('..')
print(json.dumps(failed))
assert track.current_run() is run, 'a call that fails starts no run'
run.log_metric('good', 1.0)''')
    failed = json.loads(got.lines[1])
    for (call, wanted), found in zip(CALLS, failed):
        print(f'{call}\n    {found}')
        kind, _, message = found.partition(': ')
        assert kind in ('TypeError', 'ConflictError', 'InvalidError', 'TooLargeError', 'NotFoundError'), (
            call, found)
        assert wanted in (None, found), call
        assert len(message) > 10, (call, found)
    assert steps(trackd, got.id, 'good') == [0]
    assert steps(trackd, got.id) == []
    assert trackd.json('GET', f'/api/v1/runs/{got.id}')['state'] == 'finished'


def test_a_finished_run_takes_nothing_and_says_what_to_do(trackd, scripts):
    got = scripts.run('''
run = track.start_run()
print(run.id)
loss = run.metric('loss')
print(run.finish(), run.finish(), run.finish('failed'))
for call in (lambda: run.log_metric('loss', 1), lambda: run.log({'loss': 1}), lambda: loss(1),
             lambda: run.set_param('a', 1), lambda: run.set_tag('a'), lambda: run.log_artifact('train.py'),
             lambda: run.log_text('a', 'b'), lambda: run.flush()):
    try:
        call()
        print('taken')
    except track.ConflictError as error:
        print(str(error)[:52])''')
    assert got.lines[1] == 'True True True'
    assert all('was finished' in line for line in got.lines[2:]), got
    assert trackd.json('GET', f'/api/v1/runs/{got.id}')['state'] == 'finished'


def test_two_runs_at_once_want_to_be_told_apart(trackd, scripts):
    got = scripts.run('''
first = track.start_run(name='first')
second = track.start_run(name='second')
print(first.id, second.id)
try:
    track.log({'loss': 1})
except track.ConflictError as error:
    print(error)
with first:
    track.log_metric('loss', 1.0)
    with track.start_run(name='third') as third:
        track.log_metric('loss', 3.0)
    track.log_metric('loss', 1.0)
track.log_metric('loss', 2.0)
print(track.finish(), track.current_run(), track.finish())''')
    first, second = got.lines[0].split()
    assert got.lines[1].startswith('2 runs are open, so the current one is not clear: use the method of '
                                   'the run that you mean. Open are <track.Run ' + first)
    assert second in got.lines[1]
    assert steps(trackd, first) == [0, 1] and steps(trackd, second) == [0]
    assert got.lines[2] == 'True None True'


def test_a_name_of_every_size_and_letter(trackd, scripts):
    got = scripts.run('''
run = track.start_run()
print(run.id)
for name in ('x' * 2048, '\\U0001f525/ünï', 'with space', '%41+?&#="', 'a//b', './../x'):
    run.log_metric(name, 1.0)
    run.metric(name)(2.0)
run.log({f'many/{i}': i for i in range(5000)})''')
    for name in ('x' * 2048, '\U0001f525/ünï', 'with space', '%41+?&#="', 'a//b', './../x'):
        assert steps(trackd, got.id, name) == [0, 1], name
    assert steps(trackd, got.id, 'many/4999') == [0]


TRAIN = '''
run = track.start_run(params={'lr': 0.1})
print(run.id, flush=True)
for step in range(500):
    run.log({'loss': 1.0}, step=step)
    if step % 100 == 0:
        time.sleep(0.1)
print(run.finish())
print(track.errors())
'''


@root
def test_a_spool_that_may_not_be_written_is_named(trackd, scripts):
    scripts.write('''
try:
    track.start_run()
except track.IoError as error:
    print(isinstance(error, OSError), error)
print(track.current_run())''')
    scripts.spool.mkdir(mode=0o700)
    os.chmod(scripts.folder, 0o755)
    for folder in list(scripts.folder.parents)[:-1]:
        os.chmod(folder, os.stat(folder).st_mode | 0o055)
    reach = subprocess.run(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', sys.executable,
                            '-c', 'import track'], env=scripts.env(), cwd='/')
    if reach.returncode:
        pytest.skip('another user cannot read this tree')
    p = subprocess.run(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', sys.executable,
                        scripts.folder / 'train.py'], env=scripts.env(), cwd=scripts.folder, text=True,
                       capture_output=True, timeout=60)
    assert p.returncode == 0, p.stderr
    first, second = p.stdout.splitlines()
    assert first.startswith(f'True {scripts.spool}') and 'Permission denied' in first
    assert second == 'None'


def test_a_spool_below_a_file_is_named(scripts):
    (scripts.folder / 'file').write_text('x')
    scripts.spool = scripts.folder / 'file' / 'spool'
    got = scripts.run('track.start_run()', code=1)
    assert f'track._errors.IoError: {scripts.spool}: Not a directory' in got.err, got


@root
def test_a_full_disk_warns_once_and_what_was_logged_arrives(make_trackd, scripts):
    trackd = make_trackd()
    trackd.stop()
    scripts.url = trackd.url
    disk = scripts.folder / 'disk'
    disk.mkdir()
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]).returncode:
        pytest.skip('may not mount')
    try:
        scripts.spool = disk / 'spool'
        (disk / 'ballast').write_bytes(bytes(9 << 20))
        got = scripts.run('''
run = track.start_run()
print(run.id)
count = 0
while not run.get_errors()['lost']:
    run.log_metric('loss', 1.0)
    count += 1
for _ in range(999):
    run.log_metric('loss', 1.0)
print(count - 1, run.get_errors()['lost'])
os.unlink('disk/ballast')
before = run.get_progress()['logged']
while run.get_progress()['logged'] == before:
    time.sleep(0.1)
    run.log_metric('later', 1.0)
run.finish()
print(track.errors()[run.id]['lost'] >= 1000)''', seconds=120)
        assert got.err.count('TrackWarning') == 1, got
        assert 'track.errors()' in got.err
        kept, lost = map(int, got.lines[1].split())
        assert lost == 1000 and kept > 100_000 and got.lines[2] == 'True'
        trackd.start()
        scripts.sync()
        assert len(steps(trackd, got.id)) == kept
        assert steps(trackd, got.id, 'later'), 'room again: it goes on'
        assert trackd.json('GET', f'/api/v1/runs/{got.id}')['lost'] >= 1000
    finally:
        subprocess.run(['umount', '-l', disk], check=True)


@root
def test_no_room_for_a_run_at_all_is_an_exception(scripts):
    disk = scripts.folder / 'disk'
    disk.mkdir()
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]).returncode:
        pytest.skip('may not mount')
    try:
        scripts.spool = disk / 'spool'
        got = scripts.run('track.start_run()', code=1)
        assert f'track._errors.FullError: {scripts.spool}/' in got.err, got
        assert 'No space left on device' in got.err
        assert list(scripts.spool.glob('*')) == [], 'nothing half-made stays'
    finally:
        subprocess.run(['umount', '-l', disk], check=True)


def error_of(code, message):
    return b'{"error":{"code":"%s","message":"%s","hint":"","ref":""}}' % (code.encode(), message.encode())


FOREIGN = {
    '500': (500, b'oops', 'text/plain', 'HTTP 500'),
    'garbage': (200, b'\x00\xff{{{', 'application/json', ''),
    'html': (200, b'<html>Hotel Wi-Fi</html>', 'text/html', 'not as a trackd does'),
    '401': (401, error_of('no_identity', 'this token is not known'), 'application/json',
            'this token is not known'),
    '403': (403, error_of('denied', 'this token may not write here'), 'application/json',
            'this token may not write here'),
    '404': (404, b'not here', 'text/plain', 'not as a trackd does'),
    'version': (501, error_of('unsupported', 'this client is too new for trackd 0.0.1'), 'application/json',
                'this client is too new for trackd 0.0.1'),
    'version400': (400, error_of('invalid', 'this trackd knows no such member'), 'application/json',
                   'this trackd knows no such member'),
}


@pytest.mark.parametrize('case', FOREIGN)
def test_a_server_that_answers_wrongly_costs_nothing(trackd, scripts, case):
    """The training goes on at full speed, one line says why, and what was logged goes to a real server."""
    status, body, kind, says = FOREIGN[case]
    foreign = Foreign(status, body, kind)
    scripts.url = foreign.url
    got = scripts.run(TRAIN, seconds=120)
    assert got.lines[1] == 'False', got
    assert says in got.err and 'Traceback' not in got.err, got
    assert got.err.count('track: ') <= 4, got
    foreign.shutdown()
    spool, = scripts.spools()
    meta = (spool / 'meta.json')
    meta.write_text(meta.read_text().replace(foreign.url, trackd.url))
    scripts.url = trackd.url
    scripts.sync()
    assert steps(trackd, got.id) == list(range(500))
    assert trackd.json('GET', f'/api/v1/runs/{got.id}')['params'] == {'lr': '0.1'}


@pytest.mark.parametrize('mode', ['reset', 'drop', 'twice', 'garbage', 'cut', 'stall'])
def test_a_line_that_breaks_and_heals_loses_and_doubles_nothing(trackd, scripts, mode):
    proxy = Proxy(trackd.port)
    scripts.url = proxy.url
    p = scripts.start('''
run = track.start_run()
print(run.id, flush=True)
for step in range(2500):
    run.log({'loss': 1.0}, step=step)
    time.sleep(0.001)
print(run.finish())''', TRACK_TIMEOUT='1')
    run = p.stdout.readline().strip()
    time.sleep(0.7)
    proxy.mode = mode
    time.sleep(1.0)
    proxy.mode = 'pass'
    got = scripts.end(p)
    assert got.lines == ['True'], got
    assert steps(trackd, run) == list(range(2500))
    proxy.close()


def test_without_a_server_a_line_says_so_and_sync_sends_it(make_trackd, scripts):
    trackd = make_trackd()
    trackd.stop()
    scripts.url = trackd.url
    got = scripts.run(TRAIN)
    assert got.lines[1] == 'False'
    said = got.err.splitlines()
    assert len(said) == 2 and said[0].startswith('track: run '), got
    assert said[1].startswith(f'track: kept in {scripts.spool}/{got.id}.')
    assert ", `track sync` or the next run sends it: http" in said[1] and "Couldn't connect" in said[1]
    trackd.start()
    scripts.sync()
    assert steps(trackd, got.id) == list(range(500))
    assert trackd.json('GET', f'/api/v1/runs/{got.id}')['state'] == 'finished'


def test_without_a_server_the_next_run_sends_it(make_trackd, scripts):
    trackd = make_trackd()
    trackd.stop()
    scripts.url = trackd.url
    left = [scripts.run(TRAIN).id for _ in range(2)]
    trackd.start()
    scripts.run('''
run = track.start_run()
for _ in range(200):
    if not [s for s in os.listdir(os.environ['TRACK_SPOOL']) if not s.startswith(run.id)]:
        break
    time.sleep(0.1)
    run.log_metric('loss', 1.0)''')
    for run in left:
        assert steps(trackd, run) == list(range(500))
    assert scripts.spools() == []
