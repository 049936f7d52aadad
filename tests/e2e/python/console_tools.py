"""What the tests of the console share: lines of a run as `track logs` has them, a terminal, helpers."""
import fcntl
import json
import os
import pathlib
import pty
import select
import struct
import subprocess
import termios
import time

import pytest

BIN = pathlib.Path(os.environ.get('TRACK_BIN', 'build/cc-debug')).absolute()
HEAD = '''
import os, sys, time, track
run = track.start_run(facts=False)
'''


def program(text):
    return HEAD + text


@pytest.fixture
def lines(script):
    """lines(stream): texts that `track logs` prints of the only run."""
    def read(stream=None):
        more = ['--stream', stream] if stream else []
        p = subprocess.run([BIN / 'track', 'logs', '--jsonl', 'latest', *more],
                           env={**script.env, 'TRACK_QUIET': '1'}, capture_output=True, timeout=60)
        assert p.returncode == 0, p.stderr
        return [json.loads(line)['text'] for line in p.stdout.splitlines()]
    return read


def sync(script):
    p = subprocess.run([BIN / 'track', 'sync'], env=script.env, capture_output=True, timeout=60)
    assert p.returncode == 0, p.stderr


def leave_no_helper(script):
    """No tee of this test's spool is left."""
    until = time.monotonic() + 10
    spool = script.env['TRACK_SPOOL'].encode()
    while True:
        left = [p for p in pathlib.Path('/proc').glob('[0-9]*/cmdline')
                if spool + b'/' in read_or_empty(p) and b'tee' in read_or_empty(p)]
        if not left:
            return
        assert time.monotonic() < until, left
        time.sleep(0.05)


def read_or_empty(path):
    try:
        return path.read_bytes()
    except OSError:
        return b''


def helper_of(script, number=0):
    """Process id of the helper that copies into console<number>."""
    for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
        line = read_or_empty(path)
        if line.startswith(b'tee\0') and line.endswith(b'/console%d\0' % number) \
                and script.env['TRACK_SPOOL'].encode() in line:
            return int(path.parent.name)
    raise AssertionError('no helper')


class Terminal:
    """A terminal that a program runs in; `shown` is what it got."""

    def __init__(self, columns=80):
        self.master, self.slave = pty.openpty()
        self.shown = b''
        self.resize(columns)

    def resize(self, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))

    def close_slave(self):
        os.close(self.slave)
        self.slave = -1

    def read_until(self, text=None, timeout=30):
        """Reads until the text came, or to the end."""
        until = time.monotonic() + timeout
        while text is None or text not in self.shown:
            assert time.monotonic() < until, self.shown[-2000:]
            if not select.select([self.master], [], [], 1)[0]:
                continue
            try:
                part = os.read(self.master, 1 << 16)
            except OSError:
                part = b''
            if not part:
                assert text is None, self.shown[-2000:]
                return self.shown
            self.shown += part
        return self.shown

    def close(self):
        for fd in (self.master, self.slave):
            if fd >= 0:
                os.close(fd)


@pytest.fixture
def terminal():
    t = Terminal()
    yield t
    t.close()
