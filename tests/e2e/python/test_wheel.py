"""What `make wheel` makes, installed into an empty virtual environment and used there."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tarfile
import venv
import zipfile

import pytest

TREE = pathlib.Path(__file__).resolve().parents[3]
# What every Linux that manylinux means has; all other libraries must come with the wheel.
OF_THE_SYSTEM = {'ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1', 'libc.so.6', 'libdl.so.2',
                 'libgcc_s.so.1', 'libm.so.6', 'libpthread.so.0', 'libresolv.so.2', 'librt.so.1',
                 'libz.so.1'}


def command(*words, **kw):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=600, **kw)
    assert done.returncode == 0, f'{words}: {done.stdout[-3000:]} {done.stderr[-3000:]}'
    return done.stdout


def pip(into, *what, **kw):
    """Installs with this session's pip: an empty environment has none."""
    command(sys.executable, '-m', 'pip', '-q', '--disable-pip-version-check', '--python',
            into / 'bin/python', 'install', *what, **kw)


@pytest.fixture(scope='module')
def dist():
    """The folder with the sdist and the wheel."""
    outside = {k: v for k, v in os.environ.items() if not k.startswith(('MAKE', 'PYTHON'))}
    command('make', '-C', TREE, 'wheel', env=outside)
    return TREE / 'dist'


@pytest.fixture(scope='module')
def installed(dist, tmp_path_factory):
    """An empty virtual environment with the wheel in it; nothing of this session's."""
    home = tmp_path_factory.mktemp('empty')
    venv.create(home / 'venv', with_pip=False)
    (wheel,) = dist.glob('*.whl')
    pip(home / 'venv', '--no-index', wheel)
    return home / 'venv'


def environment(home, url, **more):
    return {'HOME': str(home), 'TRACK_URL': url, 'XDG_RUNTIME_DIR': str(home), 'PATH': '/bin', **more}


TRAIN = '''
import json, sys, time, track
run = track.Run(project='wheel', sample_system=True)
run.log_metric('loss', 0.25, 3)
time.sleep(float(sys.argv[1]))
run._finish('finished')
files = {line.split()[-1] for line in open('/proc/self/maps') if '.so' in line}
print(json.dumps([run.id, track.__file__, sorted(files)]))
'''


def train(installed, home, url, seconds):
    """What TRAIN prints."""
    out = command(installed / 'bin/python', '-c', TRAIN, seconds, cwd=home,
                  env=environment(home, url))
    return json.loads(out.splitlines()[-1])


def test_it_logs_from_an_empty_environment(installed, trackd, tmp_path, points):
    run, module, files = train(installed, tmp_path, trackd.url, 0)
    assert module.startswith(str(installed))
    assert [(p[0], p[2]) for p in points(run, 'loss')] == [(3, 0.25)]
    ours = [f for f in files if re.search(r'lib(curl|git2|jansson|inih|zstd|crypto|pcre2)', f)]
    assert len(ours) >= 7 and all(f.startswith(str(installed)) for f in ours), ours


def test_it_brings_the_command(installed, tmp_path):
    env = environment(tmp_path, 'http://x')
    version = command(installed / 'bin/python', '-c', 'import track; print(track.version())')
    assert command(installed / 'bin/track', '--version', env=env) == f'track {version}'


def test_the_sampler_is_found_though_no_path_leads_to_it(installed, trackd, tmp_path):
    run = train(installed, tmp_path, trackd.url, 3)[0]
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sampler:
        sampler.connect(str(tmp_path / 'track/agent.sock'))
        sampler.send(b'{"op":"status"}')
        os.kill(json.loads(sampler.recv(65536))['pid'], signal.SIGTERM)
    got = trackd.json('GET', f'/api/v1/runs/{run}/series?flat=1&limit=500&prefix=system/')
    assert [s for s in got['series'] if s['key'].endswith('/cpu/busy_pct')], got


def test_every_library_it_needs_is_in_it(dist, tmp_path):
    (wheel,) = dist.glob('*.whl')
    zipfile.ZipFile(wheel).extractall(tmp_path)
    inside = {p.name for p in tmp_path.rglob('*.so*')}
    assert re.search(r'-cp310-abi3-manylinux_2_\d+_', wheel.name)
    for path in [*tmp_path.rglob('*.so*'), tmp_path / 'track/track']:
        needs = re.findall(r'\(NEEDED\).*\[(.+)\]', command('readelf', '-d', path))
        assert needs and set(needs) <= inside | OF_THE_SYSTEM, (path.name, needs)


def test_only_its_entry_point_is_visible(dist, tmp_path):
    (wheel,) = dist.glob('*.whl')
    zipfile.ZipFile(wheel).extract('track/_native.abi3.so', tmp_path)
    shown = command('nm', '-D', '--defined-only', tmp_path / 'track/_native.abi3.so')
    assert [line.split()[-1] for line in shown.splitlines()] == ['PyInit__native']


def test_the_sdist_has_what_it_is_compiled_from_and_no_more(dist):
    (sdist,) = dist.glob('*.tar.gz')
    names = {n.partition('/')[2] for n in tarfile.open(sdist).getnames()}
    assert {'setup.py', 'pyproject.toml', 'track/py.typed', 'track/_native.pyi',
            'native-src/Makefile', 'native-src/core/fail.c', 'native-src/sdk/track.h',
            'native-src/sdk/python/native/module.c'} <= names
    assert not [n for n in names if n.endswith(('.so', '.o', '.pyc')) or '/server/' in n]


def test_the_sdist_installs(dist, tmp_path, trackd, points):
    (sdist,) = dist.glob('*.tar.gz')
    venv.create(tmp_path / 'venv', with_pip=False)
    quick = {**os.environ, 'CFLAGS': '-O0 -U_FORTIFY_SOURCE'}
    quick.pop('PYTHONPATH', None)
    pip(tmp_path / 'venv', sdist, env=quick)
    run = train(tmp_path / 'venv', tmp_path, trackd.url, 0)[0]
    assert len(points(run, 'loss')) == 1
    command(tmp_path / 'venv/bin/track', '--version', env=environment(tmp_path, trackd.url))
