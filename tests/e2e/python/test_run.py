"""start_run, Run and the module's calls: what each of them leaves on the server."""
import hashlib
import json
import subprocess
import sys

import pytest

from scripts import Scripts
from sdk_tools import points, steps
from track_command import TRACK


@pytest.fixture
def scripts(trackd, tmp_path):
    return Scripts(tmp_path, trackd.url)


def run_of(trackd, run):
    return trackd.json('GET', f'/api/v1/runs/{run}')


def doc_of(trackd, run, name):
    return trackd.get(f'/api/v1/runs/{run}/docs/{name}').json()


def test_everything_that_start_run_takes_arrives(trackd, scripts):
    got = scripts.run('''
parent = track.start_run(name='sweep', tags=['parent'])
run = track.start_run('chars', 'first', params={'lr': 3e-4, 'model': {'layers': 4}},
                      tags={'owner': 'ada', 'n': 3}, note='# Notes', kind='eval', parent=parent, seed=7)
print(run.id, parent.id)
run.finish()''')
    run, parent = got.lines[0].split()
    found = run_of(trackd, run)
    assert {k: found[k] for k in ('project', 'name', 'kind', 'note', 'parent', 'state')} == {
        'project': 'chars', 'name': 'first', 'kind': 'eval', 'note': '# Notes', 'parent': parent,
        'state': 'finished'}
    assert found['params'] == {'lr': '0.0003', 'model.layers': '4', 'seed': '7'}
    assert found['tags'] == {'owner': 'ada', 'n': '3'}
    assert run_of(trackd, parent)['tags'] == {'parent': ''}


def test_the_calls_of_the_module_go_to_the_current_run(trackd, scripts):
    (scripts.folder / 'weights.bin').write_bytes(b'w' * 1000)
    got = scripts.run('''
run = track.start_run(seed=1)
print(run.id)
track.log({'loss': 0.5, 'deep': {'er': 1.0}}, step=3, time=12.5)
track.log_metric('acc', 0.9, step=4)
track.log_text('sample', 'once upon a time', step=2)
track.log_alert('loss is NaN', 'at step 3', 'warning')
track.log_artifact('weights.bin', name='out/weights.bin', type='model', media='text/plain')
print(track.use_artifact('weights.bin', 'data'))
track.set_param('lr', 0.1)
track.set_params({'a': {'b': 1}})
track.set_tag('label')
track.set_note('note')
track.set_seed(2, 'data')
track.define_metric('acc', goal='maximize', unit='%', x='epoch')
print(track.current_run() is run, track.finish(), track.current_run(), track.version() == track.__version__)''')
    run = got.id
    assert got.lines[1:] == ['weights.bin', 'True True None True']
    assert [p[:2] for p in points(trackd, run, 'deep/er')] == [(3, 12_500_000)]
    assert steps(trackd, run, 'acc') == [4]
    found = run_of(trackd, run)
    assert found['params'] == {'lr': '0.1', 'a.b': '1', 'seed': '1', 'seed/data': '2'}
    assert (found['tags'], found['note'], found['state']) == ({'label': ''}, 'note', 'finished')
    ask = lambda what: trackd.json('GET', f'/api/v1/runs/{run}/{what}')[what.partition('?')[0]]
    texts = trackd.json('GET', f'/api/v1/runs/{run}/text')['texts']
    assert [(t['key'], t['step'], t['text']) for t in texts] == [('sample', 2, 'once upon a time')]
    assert [(a['title'], a['text'], a['level']) for a in ask('alerts')] == [
        ('loss is NaN', 'at step 3', 'warning')]
    assert [(d['name'], d['goal'], d['unit'], d['step_key']) for d in ask('definitions')] == [
        ('acc', 'max', '%', 'epoch')]
    digest = hashlib.sha256(b'w' * 1000).hexdigest()
    assert [(f['path'], f['digest'], f['size']) for f in ask('files')] == [('out/weights.bin', digest, 1000)]
    assert [(i['name'], i['digest']) for i in ask('inputs')] == [('data', digest)]


def test_a_folder_is_each_file_below_it(trackd, scripts):
    folder = scripts.folder / 'ckpt'
    (folder / 'sub').mkdir(parents=True)
    (folder / 'b.bin').write_bytes(b'bb')
    (folder / 'sub' / 'a.bin').write_bytes(b'a')
    (folder / 'link.bin').symlink_to('b.bin')
    got = scripts.run('''
run = track.start_run()
print(run.id)
print(*run.log_artifact('ckpt', type='model'))
print(*run.log_artifact('ckpt/', name='best'))
print(run.use_artifact('ckpt', 'data'))
os.symlink('sub', 'ckpt/folder')
try:
    run.log_artifact('ckpt')
except track.InvalidError as error:
    print(error)''')
    files = trackd.json('GET', f'/api/v1/runs/{got.id}/files')['files']
    names = ['b.bin', 'link.bin', 'sub/a.bin']
    assert [f['path'] for f in files] == [f'{base}/{n}' for base in ('best', 'ckpt') for n in names]
    listing = subprocess.run(['sha256sum', *names], cwd=folder, capture_output=True).stdout
    assert got.lines[1] == got.lines[2] == f'{hashlib.sha256(listing).hexdigest()} 5'
    inputs = trackd.json('GET', f'/api/v1/runs/{got.id}/inputs')['inputs']
    assert sorted(i['name'] for i in inputs) == [f'data/{n}' for n in names]
    assert got.lines[-1] == ('ckpt/folder: a link to a folder, or no regular file; log what it stands for '
                             'by itself')


def test_the_command_is_recorded_as_it_was_typed(trackd, scripts):
    got = scripts.run('run = track.start_run()\nprint(run.id)\nsys.argv[1:] = ["changed"]', '--lr', '3e-4',
                      'ü x', python=('-X', 'utf8'))
    command = doc_of(trackd, got.id, 'command')
    assert command['argv'][1:] == ['-X', 'utf8', 'train.py', '--lr', '3e-4', 'ü x']
    assert command['argv'][0] == sys.executable and command['cwd'] == str(scripts.folder)


def test_the_interpreter_and_its_packages_are_recorded(trackd, scripts):
    got = scripts.run('with track.start_run() as run: print(run.id)')
    python = doc_of(trackd, got.id, 'python')
    assert python['version'] == sys.version.split()[0]
    assert (python['implementation'], python['executable'], python['prefix']) == (
        'cpython', sys.executable, sys.prefix)
    assert {'name': 'pytest', 'version': pytest.__version__} in python['packages']
    listed = json.loads(subprocess.run([sys.executable, '-m', 'pip', 'list', '--format=json'],
                                       capture_output=True, env=scripts.env()).stdout)
    wanted = {(p['name'].lower().replace('_', '-').replace('.', '-'), p['version']) for p in listed}
    found = {(p['name'].lower().replace('_', '-').replace('.', '-'), p['version'])
             for p in python['packages']}
    assert wanted <= found, wanted - found


@pytest.mark.parametrize('options, there, missing', [
    ('facts=False', set(), {'command', 'host', 'environment', 'python', 'code'}),
    ('code=False', {'command', 'host', 'environment', 'python'}, {'code'}),
    ('', {'command', 'host', 'environment', 'python', 'code'}, set())])
def test_facts_can_be_left_out(trackd, scripts, options, there, missing):
    (scripts.folder / '.gitignore').write_text('spool\ndata*\n')
    git = ['git', '-c', 'user.name=t', '-c', 'user.email=t@t']
    for words in (['init', '-q'], ['commit', '-q', '--allow-empty', '-m', 'one']):
        subprocess.run([*git, *words], cwd=scripts.folder, check=True)
    got = scripts.run(f'with track.start_run({options}) as run: print(run.id)')
    docs = {d['name'] for d in trackd.json('GET', f'/api/v1/runs/{got.id}/docs')['docs']}
    assert there <= docs and not missing & docs, (docs, doc_of(trackd, got.id, 'missing'))


def test_a_run_that_track_run_started_is_joined(trackd, scripts):
    scripts.write('''
with track.start_run(params={'lr': 1}) as run:
    print(run.id)
    run.log_metric('loss', 1.0)''')
    p = subprocess.run([TRACK, 'run', '--no-agent', '--', sys.executable, 'train.py'], text=True,
                       env=scripts.env(), cwd=scripts.folder, capture_output=True, timeout=60)
    assert p.returncode == 0, p.stdout + p.stderr
    run = p.stdout.split()[0]
    found = run_of(trackd, run)
    assert (found['state'], found['exit_code'], found['params']) == ('finished', 0, {'lr': '1'})
    assert doc_of(trackd, run, 'python')['executable'] == sys.executable
    assert steps(trackd, run) == [0]


def test_a_resumed_run_goes_on_where_it_was(trackd, scripts):
    first = scripts.run('''
run = track.start_run(params={'lr': 0.1})
print(run.id)
for step in range(10):
    run.log({'loss': 1.0}, step=step)
run.log_metric('other', 1.0, step=3)
run.finish('failed')''')
    again = scripts.run('''
run = track.start_run(resume=sys.argv[1], params={'lr': 0.1})
print(run.id)
run.log({'loss': 2.0})
run.log_metric('loss', 2.0)
run.log_metric('other', 2.0)
run.log_metric('new', 2.0)
run.metric('handle')(2.0)''', first.id)
    assert again.id == first.id
    assert steps(trackd, first.id) == [*range(10), 10, 11]
    assert steps(trackd, first.id, 'other') == [3, 10]
    assert steps(trackd, first.id, 'new') == [10] and steps(trackd, first.id, 'handle') == [10]
    assert run_of(trackd, first.id)['state'] == 'finished'


def test_a_run_is_resumed_though_no_server_says_its_last_step(make_trackd, scripts):
    trackd = make_trackd()
    scripts.url = trackd.url
    first = scripts.run('run = track.start_run()\nprint(run.id)\nrun.log_metric("loss", 1.0)')
    trackd.stop()
    scripts.run(f'run = track.start_run(run_id="{first.id}", resume=True)\nrun.log_metric("loss", 2.0, 7)')
    trackd.start()
    scripts.sync()
    assert steps(trackd, first.id) == [0, 7] and run_of(trackd, first.id)['state'] == 'finished'


def test_a_stop_that_somebody_asks_for_is_seen(trackd, scripts):
    p = scripts.start('''
run = track.start_run()
print(run.id, flush=True)
for step in range(600):
    run.log_metric('loss', 1.0, step)
    if run.should_stop:
        run.finish('stopped')
        print('stopped')
        break
    time.sleep(0.05)''')
    run = p.stdout.readline().strip()
    while trackd.get(f'/api/v1/runs/{run}').status == 404:
        pass
    trackd.json('POST', f'/api/v1/runs/{run}/stop')
    assert scripts.end(p).lines == ['stopped']
    assert run_of(trackd, run)['state'] == 'stopped'


def test_the_environment_says_where_to_and_options_say_more(trackd, make_trackd, scripts):
    other = make_trackd()
    got = scripts.run('''
here = track.start_run()
there = track.start_run(url=sys.argv[1])
off = track.start_run(mode='off')
for run in (here, there, off):
    run.log_metric('loss', 1.0)
    print(run.id)
    run.finish()''', other.url)
    here, there, off = got.lines
    assert steps(trackd, here) == [0] and steps(other, there) == [0]
    for server, run in ((trackd, there), (other, here), (trackd, off), (other, off)):
        assert server.get(f'/api/v1/runs/{run}').status == 404
    assert scripts.spools() == []


def test_offline_waits_for_a_sync(trackd, scripts):
    got = scripts.run('''
with track.start_run(mode='offline') as run:
    run.log_metric('loss', 1.0)
    print(run.id)''')
    assert len(scripts.spools()) == 1 and '(offline)' in got.err
    scripts.sync()
    assert steps(trackd, got.id) == [0] and run_of(trackd, got.id)['state'] == 'finished'


def test_a_project_without_a_name_is_the_folder(trackd, scripts):
    scripts.project = None
    got = scripts.run('with track.start_run() as run: print(run.id)')
    assert run_of(trackd, got.id)['project'] == scripts.folder.name


def test_errors_are_counted_by_run(trackd, scripts):
    got = scripts.run('''
clean = track.start_run(name='clean')
bad = track.start_run(name='bad')
try:
    bad.log_metric('', 1.0)
except track.InvalidError:
    pass
print(bad.id)
print(track.errors()[bad.id]['counts'], 'last' in track.errors()[bad.id], clean.id in track.errors())
clean.finish()
bad.finish()
print(list(track.errors()) == [bad.id])''')
    assert got.lines[1].startswith("{'invalid': 1") and got.lines[1].endswith('True True'), got
    assert got.lines[2] == 'True'


def test_a_run_says_what_it_is(trackd, scripts):
    got = scripts.run('''
run = track.start_run()
print(run.id)
print(repr(run))
print(run._repr_html_())
run.finish()
print(repr(run))''')
    url = f'{trackd.url}/p/scripts/r/{got.id}'
    assert got.lines[1] == f'<track.Run {got.id} open {url}>'
    assert f'<a href="{url}"' in got.lines[2] and '(running)' in got.lines[2]
    assert got.lines[3] == f'<track.Run {got.id} ended {url}>'
    assert f'track: run {got.id[24:]}  {url}\n' in got.err


def test_import_brings_in_nothing_that_is_not_needed(scripts):
    p = subprocess.run([sys.executable, '-S', '-c', 'import sys; import track; print(*sorted(sys.modules))'],
                       env=scripts.env(), capture_output=True, text=True, cwd=scripts.folder)
    assert p.returncode == 0, p.stderr
    heavy = {'typing', 'dataclasses', 'inspect', 'json', 'asyncio', 'threading', 'subprocess', 'logging',
             'pathlib', 'traceback', 'numpy', 'hashlib', 'socket', 'urllib.parse', 'datetime',
             'multiprocessing', 'signal', 'enum', 're', 'functools', 'tempfile'}
    assert not heavy & set(p.stdout.split()), heavy & set(p.stdout.split())


def test_many_runs_one_after_the_other(trackd, scripts):
    """A sweep in one process: no thread, descriptor or spool stays behind."""
    got = scripts.run('''
def left():
    return len(os.listdir('/proc/self/fd')), len(os.listdir('/proc/self/task'))
for trial in range(30):
    with track.start_run(name=f'trial {trial}', console=False) as run:
        run.log_metric('loss', trial)
        print(run.id)
    if trial == 9:
        before = left()
print(before == left(), before, left())''')
    assert got.lines[-1].startswith('True'), got.lines[-1]
    assert all(steps(trackd, run) == [0] for run in got.lines[:-1])
    assert scripts.spools() == []


def test_a_client_is_shared_by_runs(trackd, scripts):
    got = scripts.run('''
client = track.Client(project='shared', quiet=True)
runs = [track.start_run(client=client) for _ in range(3)]
for run in runs:
    run.log_metric('loss', 1.0)
    print(run.id)
client.close()
del client''')
    for run in got.lines:
        assert (run_of(trackd, run)['project'], run_of(trackd, run)['state']) == ('shared', 'finished')
        assert steps(trackd, run) == [0]
    assert got.err == '', 'quiet'
