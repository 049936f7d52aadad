"""track_log_console of a C program: what it prints arrives, and is what `track logs` shows."""
import signal
import subprocess

import pytest

import conftest
import sdk_tools


@pytest.fixture(scope='module')
def program(tmp_path_factory):
    return sdk_tools.build(tmp_path_factory.mktemp('console'), 'sdk_console')


class Desk:
    def __init__(self, trackd, folder, program):
        self.program = program
        self.env = {'PATH': '/usr/bin:/bin', 'HOME': str(folder), 'TRACK_URL': trackd.url,
                    'TRACK_SPOOL': str(folder / 'spool'), 'XDG_RUNTIME_DIR': str(folder),
                    'TRACK_PROJECT': 'demo', 'TRACK_QUIET': '1'}

    def run(self, *args):
        return subprocess.run([self.program, *map(str, args)], env=self.env, capture_output=True,
                              text=True, timeout=60)

    def track(self, *args):
        p = subprocess.run([conftest.BIN / 'track', *args], env=self.env, capture_output=True,
                           text=True, timeout=60)
        assert p.returncode == 0, p.stderr
        return p.stdout


@pytest.fixture
def desk(trackd, tmp_path, program):
    return Desk(trackd, tmp_path, program)


def test_prints_of_stdio_are_lines_up_to_the_end(desk):
    p = desk.run()
    assert (p.returncode, p.stderr) == (0, 'a warning\n')
    assert p.stdout == 'before, not flushed\nloss 0.5\nno end\nafter\n'
    assert desk.track('logs', 'latest', '--stream', 'out') == 'loss 0.5\nno end\n'
    assert desk.track('logs', 'latest', '--stream', 'err') == 'a warning\n'


def test_prints_of_a_killed_program_are_lines_once(desk):
    p = desk.run('killed')
    assert (p.returncode, p.stderr) == (-signal.SIGKILL, 'a warning\n')
    assert p.stdout == 'before, not flushed\nloss 0.5\n'
    desk.track('sync')
    desk.track('sync')
    assert desk.track('logs', 'latest', '--stream', 'out') == 'loss 0.5\n'
    assert desk.track('logs', 'latest', '--stream', 'err') == 'a warning\n'
