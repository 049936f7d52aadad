"""The stand-alone probe: builds with libc alone, and says the truth with and without a driver."""
import json
import os
import shutil
import subprocess

import pytest

from conftest import BIN

SOURCE = os.path.join(os.path.dirname(__file__), '../../bench/gpuprobe.c')


@pytest.fixture(scope='module')
def probe(tmp_path_factory):
    out = tmp_path_factory.mktemp('probe') / 'gpuprobe'
    compiler = shutil.which('cc') or shutil.which('gcc')
    subprocess.run([compiler, '-O2', SOURCE, '-o', out], check=True)
    needed = subprocess.run(['ldd', out], capture_output=True, text=True, check=True).stdout
    assert {line.split()[0].split('/')[-1] for line in needed.splitlines()} <= {
        'linux-vdso.so.1', 'libc.so.6', 'ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1'}

    def run(driver=None, scenario='devices 2\n'):
        env = {k: v for k, v in os.environ.items() if k != 'LD_LIBRARY_PATH'}
        if driver:
            path = out.parent / 'scenario'
            path.write_text(scenario)
            env.update(LD_LIBRARY_PATH=str(BIN / driver), FAKE_NVML=str(path))
            # A sanitised fake needs its runtime in the program too.
            if b'__asan_init' in (BIN / driver / 'libnvidia-ml.so.1').read_bytes():
                env['LD_PRELOAD'] = subprocess.run(
                    [compiler, '-print-file-name=libasan.so'], capture_output=True,
                    text=True, check=True).stdout.strip()
                env['ASAN_OPTIONS'] = 'detect_leaks=0'
        done = subprocess.run([out], env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def test_no_driver_is_said(probe):
    lines = probe()
    assert lines[0]['gpuprobe'] == 1 and lines[0]['pid_namespace'].startswith('pid:[')
    assert lines[1] == {'nvml': False,
                        'why': 'no NVIDIA driver library (libnvidia-ml.so.1) here'}


@pytest.fixture(scope='module')
def clang_fakes():
    """clang keeps its sanitiser in the program: such a fake cannot be loaded by another one."""
    if b'clang' in (BIN / 'fake/libnvidia-ml.so.1').read_bytes()[-200000:] and 'debug' in BIN.name:
        pytest.skip('the fake driver was built with a sanitiser of clang')


def test_every_reading_with_its_cost(probe, clang_fakes):
    lines = probe('fake', 'devices 2\nset 0 busy 33\nprocess 0 77 1000 30\n'
                          'fail nvmlDeviceGetPowerUsage 3 0 1\n')
    calls = {(l['device'], l['call'], l.get('argument')): l for l in lines if 'call' in l and 'device' in l}
    busy = calls[0, 'nvmlDeviceGetUtilizationRates', 0]
    assert busy['value'] == [{'gpu': 33, 'memory': 20}]
    assert busy['guard'] == 'kept' and busy['calls'] == 200
    assert 0 <= busy['p50_us'] <= busy['p99_us'] <= busy['max_us']
    assert calls[1, 'nvmlDeviceGetPowerUsage', 0]['code'] == 3
    assert calls[0, 'nvmlDeviceGetFanSpeed', 0]['symbol'] is False
    assert calls[0, 'nvmlDeviceGetComputeRunningProcesses_v3', 0]['value'] == [
        {'pid': 77, 'bytes': 1000}]
    assert calls[0, 'nvmlDeviceGetFieldValues', 82]['value'] == 65
    shares = calls[0, 'nvmlDeviceGetProcessesUtilizationInfo', None]
    assert shares['value'][0]['pid'] == 77 and shares['value'][0]['sm'] == 30
    steps = next(l['steps'] for l in lines if 'steps' in l)
    assert steps['energy_mj'] == pytest.approx(steps['integrated_mj'], rel=0.1)
    assert not [l for l in lines if l.get('guard') == 'OVERRUN']


def test_a_driver_that_does_not_start(probe, clang_fakes):
    assert 'nvmlInit_v2 answers 9' in probe('fake', 'devices 1\nfail nvmlInit_v2 9 0 -1\n')[-1]['why']
