"""The pages: unit tests by node, then real Chromium against a real trackd (web/test/*.e2e.mjs)."""
import os
import pathlib
import shutil
import subprocess

import pytest

from conftest import BIN

WEB = pathlib.Path(__file__).resolve().parents[2] / 'web'


def has_pages():
    """False for a trackd that was built with WEB=none."""
    return b'id="boot"' in (BIN / 'trackd').read_bytes()


def run(script, seconds):
    if not (WEB / 'node_modules' / 'playwright-core').exists():
        subprocess.run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], cwd=WEB, check=True)
    done = subprocess.run(['node', script], cwd=WEB, env={**os.environ, 'TRACK_BIN': str(BIN)}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)
    print(done.stdout)
    return done


needs_node = pytest.mark.skipif(not shutil.which('node'), reason='built without Node')
needs_pages = pytest.mark.skipif(not has_pages(), reason='this trackd was built with WEB=none')


@needs_node
def test_types():
    run('test/unit.mjs', 120)  # installs what is missing
    done = subprocess.run(['node', 'node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'], cwd=WEB, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout


@needs_node
def test_units():
    done = run('test/unit.mjs', 120)
    assert done.returncode == 0, done.stdout[-6000:]


@needs_node
@needs_pages
def test_browser():
    done = run('test/e2e.mjs', 600)
    assert done.returncode == 0, done.stdout[-6000:]
