"""Fixtures for the Python package: a server, and scripts that log to it.

The package is taken from PYTHONPATH (`make e2e` sets it); `trackd` and `make_trackd` come from
tests/e2e/conftest.py.
"""
import os
import pathlib
import subprocess
import sys
import textwrap

import pytest


OF_THE_SANITIZER = {'LD_PRELOAD', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'PYTHONMALLOC'}


class Script:
    """Python programs with a home, a spool and a server of their own."""

    def __init__(self, home, url):
        self.home = pathlib.Path(home)
        self.work = self.home / 'work'
        self.work.mkdir(parents=True, exist_ok=True)
        self.env = {
            'PATH': os.environ['PATH'], 'HOME': str(self.home), 'TRACK_URL': url,
            'TRACK_SPOOL': str(self.home / 'spool'), 'XDG_RUNTIME_DIR': str(self.home),
            'PYTHONPATH': os.environ['PYTHONPATH'], 'LC_ALL': 'C.UTF-8', 'TRACK_PROJECT': 'demo',
            **{k: v for k, v in os.environ.items() if k in OF_THE_SANITIZER},
        }

    def start(self, text, *args, name='train.py', env=(), **kw):
        """Starts a program; what it prints is piped."""
        path = self.work / name
        path.write_text(textwrap.dedent(text))
        kw = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'stdin': subprocess.DEVNULL, **kw}
        return subprocess.Popen([sys.executable, name, *map(str, args)], cwd=self.work,
                                env={**self.env, **dict(env)}, **kw)

    def __call__(self, text, *args, timeout=60, code=0, **kw):
        """Runs a program to its end: (stdout, stderr) as text; fails unless it exits with code."""
        with self.start(text, *args, **kw) as process:
            out, err = process.communicate(timeout=timeout)
        out, err = out.decode(), err.decode()
        assert process.returncode == code, (process.returncode, out[-3000:], err[-3000:])
        return out, err


@pytest.fixture
def script(trackd, tmp_path):
    return Script(tmp_path / 'home', trackd.url)


@pytest.fixture
def points(trackd):
    """points(run, key): what the server holds, as [(step, time_us, value)]."""
    def read(run, key):
        page = trackd.json('GET', f'/api/v1/runs/{run}/points?key={key}&limit=1000000')
        return list(zip(page['step'], page['time_us'], page['value']))
    return read


@pytest.fixture
def here(trackd, tmp_path, monkeypatch):
    """This process logs to a server of its own; returns it."""
    monkeypatch.setenv('TRACK_URL', trackd.url)
    monkeypatch.setenv('TRACK_SPOOL', str(tmp_path / 'spool'))
    monkeypatch.setenv('TRACK_PROJECT', 'demo')
    monkeypatch.setenv('XDG_RUNTIME_DIR', str(tmp_path))
    return trackd
