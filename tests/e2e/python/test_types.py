"""Types: the package is clean under mypy --strict and pyright, and so is a program that uses it."""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[3]
PACKAGE = ROOT / 'sdk/python'
PROGRAM = '''
import track

run: track.Run = track.start_run('p', params={'lr': 3e-4}, tags=['a'])
run.log({'loss': 0.5}, step=3)
loss: track.Metric = run.metric('loss')
loss(0.5, 4)
run.define_metric('loss', goal='minimize')
done: bool = run.finish()
for info in track.runs('loss < 1', order='loss'):
    name: str = info.name
    values = info.history(['loss'])['loss'].values
'''
MISTAKES = ["run.log_metric(3, 0.5)", "run.log_metric('a', 'text')", "track.start_run(tags=3)",
            "run.define_metric('loss', goal='least')", "track.nothing()"]


def mypy(path, *args):
    return subprocess.run([sys.executable, '-m', 'mypy', '--strict', '--no-error-summary',
                           '--config-file', str(PACKAGE / 'pyproject.toml'),
                           '--cache-dir', str(path.parent / 'mypy'), *args, str(path)],
                          capture_output=True, text=True, env={'MYPYPATH': str(PACKAGE), 'PATH': ''})


def test_the_package_is_strictly_typed(tmp_path):
    found = mypy(PACKAGE / 'track', '--cache-dir', str(tmp_path))
    assert found.returncode == 0, found.stdout + found.stderr


def test_pyright_agrees(tmp_path):
    found = subprocess.run([sys.executable, '-m', 'pyright', '--outputjson', '--pythonpath',
                            sys.executable, str(PACKAGE / 'track')], capture_output=True, text=True)
    errors = [d for d in json.loads(found.stdout)['generalDiagnostics'] if d['severity'] == 'error']
    assert not errors, errors[:5]


def test_a_program_is_checked(tmp_path):
    path = tmp_path / 'train.py'
    path.write_text(PROGRAM)
    found = mypy(path)
    assert found.returncode == 0, found.stdout + found.stderr


def test_mistakes_are_found_without_running(tmp_path):
    path = tmp_path / 'train.py'
    path.write_text(PROGRAM + '\n'.join(MISTAKES) + '\n')
    found = mypy(path)
    assert found.returncode == 1
    for i, line in enumerate(MISTAKES):
        assert f'train.py:{PROGRAM.count(chr(10)) + 1 + i}: error' in found.stdout, (line, found.stdout)
