"""`make demo`: a server and a training, found again, ended."""
import json
import os
import pathlib
import re
import subprocess
import time
import urllib.request

import pytest

from conftest import BIN

SCRIPT = pathlib.Path(__file__).parent.parent.parent / 'sdk/examples/demo.sh'


@pytest.fixture
def demo(tmp_path):
    (tmp_path / 'run').mkdir(mode=0o700)
    env = {k: v for k, v in os.environ.items() if not k.startswith('TRACK_')}
    env.update(TRACK_BIN=str(BIN), TRACK_DATA=str(tmp_path / 'data'), STEPS='40',
               TRACK_SPOOL=str(tmp_path / 'spool'), XDG_RUNTIME_DIR=str(tmp_path / 'run'))

    def call(what, **more):
        return subprocess.run([SCRIPT, what], env={**env, **more}, capture_output=True, text=True,
                              timeout=120)

    yield call
    call('stop')


def get(url):
    with urllib.request.urlopen(url, timeout=10) as reply:
        return json.load(reply)


def test_it_returns_while_the_training_can_be_seen(demo):
    first = demo('start')
    assert first.returncode == 0, first.stderr
    url, run = re.search(r'(http://127\.0\.0\.1:\d+)/p/demo/r/([0-9a-f]{32})', first.stdout).groups()
    assert get(f'{url}/health')['status'] == 'ok'
    series = get(f'{url}/api/v1/runs/{run}/series?prefix=train/')['series']
    assert 'train/loss' in {s['key'] for s in series}
    again = demo('start')
    assert again.returncode == 0, again.stderr
    assert 'the server runs already' in again.stdout and f'{url}/p/demo/r/' in again.stdout
    assert run not in again.stdout
    end = time.monotonic() + 60
    while get(f'{url}/api/v1/runs/{run}')['state'] == 'running':
        assert time.monotonic() < end
        time.sleep(0.2)
    assert get(f'{url}/api/v1/runs/{run}')['state'] == 'finished'
    assert demo('stop').returncode == 0
    with pytest.raises(OSError):
        get(f'{url}/health')


def test_what_is_wrong_is_said(demo, tmp_path):
    assert demo('dance').returncode == 1
    nothing = demo('start', TRACK_BIN=str(tmp_path))
    assert nothing.returncode == 1 and 'trackd does not start' in nothing.stderr
