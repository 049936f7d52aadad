"""Libraries that are preloaded into trackd, and a trackd that runs under them.

killat.c kills it in front of a call that changes a file; fastclock.c makes its hours seconds.
"""
import os
import re
import subprocess
import time

from conftest import BIN

HERE = os.path.dirname(__file__)


def build(folder, name):
    out = folder / f'{name}.so'
    subprocess.run(['cc', '-D_GNU_SOURCE', '-shared', '-fPIC', '-O1', '-o', out, f'{HERE}/{name}.c', '-ldl'],
                   check=True)
    return out


def fast(rate):
    """Variables of a clock that runs so fast from now on, for all servers that are started with them."""
    return {'CLOCK_RATE': rate, 'CLOCK_FROM': int(time.time())}


def start(server, shims, **variables):
    """Starts it; False: it died before it listened."""
    env = {**os.environ, 'LD_PRELOAD': ':'.join(map(str, shims)), 'ASAN_OPTIONS': 'verify_asan_link_order=0',
           **{name: str(value) for name, value in variables.items()}}
    server.process = subprocess.Popen(
        [BIN / 'trackd', '--listen', f'127.0.0.1:{server.port or 0}', '--data', server.data, *server.flags],
        env=env, stdout=subprocess.PIPE, stderr=open(server.log, 'ab'), stdin=subprocess.DEVNULL)
    found = re.search(r'127\.0\.0\.1:(\d+)', server.process.stdout.readline().decode())
    server.port = int(found.group(1)) if found else server.port
    return bool(found)
