"""A disk that hangs: reads go on, writes wait, those in the queue are answered 504 after 30 s, nothing is
lost and nothing is there twice.  How: a preloaded library holds fsync while a file exists."""
import os
import shutil
import subprocess
import threading
import time

import conftest
import pytest

SHIM = r'''
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
static void hold(void) { const char *f = getenv("HOLD_FSYNC"); while (f && access(f, F_OK) == 0) usleep(20000); }
int fsync(int fd) { hold(); return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd); }
int fdatasync(int fd) { hold(); return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd); }
'''


@pytest.fixture
def stuck(make_trackd, tmp_path, monkeypatch):
    """A server, and the file that makes its disk hang."""
    compiler = shutil.which('gcc') or shutil.which('clang')
    (tmp_path / 'shim.c').write_text(SHIM)
    subprocess.run([compiler, '-shared', '-fPIC', '-o', tmp_path / 'shim.so', tmp_path / 'shim.c', '-ldl'], check=True)
    monkeypatch.setenv('LD_PRELOAD', str(tmp_path / 'shim.so'))
    monkeypatch.setenv('HOLD_FSYNC', str(tmp_path / 'hold'))
    monkeypatch.setenv('ASAN_OPTIONS', 'verify_asan_link_order=0:' + os.environ.get('ASAN_OPTIONS', ''))
    server = make_trackd()
    monkeypatch.delenv('LD_PRELOAD')
    return server, tmp_path / 'hold'


def test_writes_wait_and_reads_go_on(stuck):
    server, hold = stuck
    run = conftest.new_id()
    server.json('PUT', f'/api/v1/runs/{run}', {'project': 'p'})
    hold.touch()
    answers = {}

    def send(name):
        began = time.monotonic()
        r = server.request('POST', f'/api/v1/runs/{run}/points',
                           {'points': [{'key': name, 'step': 0, 'value': 1}]}, timeout=60)
        answers[name] = (r.status, time.monotonic() - began, r)

    first = threading.Thread(target=send, args=('first',))
    first.start()
    time.sleep(1)  # it is being committed now
    rest = [threading.Thread(target=send, args=(f'k{i}',)) for i in range(5)]
    [t.start() for t in rest]
    while any(t.is_alive() for t in rest):
        assert server.get(f'/api/v1/runs/{run}').status == 200
        time.sleep(0.5)
    for i in range(5):
        status, took, r = answers[f'k{i}']
        assert status == 504 and 29 < took < 40 and r.error['code'] == 'timeout', (status, took)
        assert 'not stored twice' in r.error['hint']
    hold.unlink()
    first.join()
    assert answers['first'][0] == 200
    for i in range(5):
        send(f'k{i}')
        assert answers[f'k{i}'][0] == 200
    for name in answers:
        assert server.json('GET', f'/api/v1/runs/{run}/points?key={name}')['step'] == [0]
    assert server.stop() == 0
