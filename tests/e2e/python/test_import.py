"""`import track`: what it brings, where it refuses to, and that the stub says what is there."""
import inspect
import pathlib
import re
import subprocess
import sys

import pytest
import track

TREE = pathlib.Path(__file__).resolve().parents[3]
# Of the stub only: shapes of the dicts that calls return; __init__ takes what __new__ took.
NOT_AT_RUNTIME = 'track._native.(Errors|Progress|Source)\n'


def test_the_version_is_the_projects():
    version = re.search(r'^VERSION *= *(\S+)', (TREE / 'Makefile').read_text(), re.M).group(1)
    assert track.version() == track.__version__ == version


def test_it_brings_no_module_that_it_does_not_need(script):
    out, _ = script('''
        import sys
        before = set(sys.modules)
        import track
        print(sorted({m.partition('.')[0] for m in set(sys.modules) - before}))
    ''')
    assert set(eval(out)) <= {'track', '__future__', 'contextvars', '_contextvars',
                              'operator', '_operator'}


def test_a_sub_interpreter_is_refused_with_a_reason(script):
    out, err = script('''
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        try:
            print(interpreters.run_string(interpreters.create(), 'import track'))
        except interpreters.RunFailedError as refused:
            print(refused)
    ''')
    assert 'ImportError' in out and re.search('sub-?interpreter', out), (out, err)


def test_the_stub_says_what_the_extension_has(tmp_path):
    (tmp_path / 'allow').write_text(NOT_AT_RUNTIME)
    done = subprocess.run([sys.executable, '-m', 'mypy.stubtest', 'track._native', '--allowlist',
                           tmp_path / 'allow'], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize('kind', [track.Run, track.Client, track.Metric])
def test_every_call_tells_its_arguments_and_what_it_does(kind):
    told = {name: call for name, call in inspect.getmembers(kind)
            if not name.startswith('_') and callable(call)}
    assert len(told) >= 1
    for name, call in told.items():
        assert list(inspect.signature(call).parameters)[0] == 'self', name
        assert len(call.__doc__) > 20, name
