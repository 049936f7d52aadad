"""Prints arrive whatever dies: the program, its reader, the helper, the disk.

How: as in test_console.py, with a signal at the worst moment.
"""
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time

import pytest
from console_tools import (helper_of, leave_no_helper, lines, program, sync,  # noqa: F401
                           terminal)


@pytest.mark.parametrize('place', ['pipe', 'file', 'terminal'])
def test_what_a_killed_program_had_printed_arrives(script, lines, terminal, tmp_path, place):
    """Killed in the middle of its prints: what it counted as written is there, and in the run."""
    body = program('''
n = 0
count = os.open('count', os.O_RDWR | os.O_CREAT)
while True:
    os.write(1, b'line %d\\n' % n)
    n += 1
    os.pwrite(count, b'%d' % n, 0)
''')
    if place == 'pipe':
        p = script.start(body)
    elif place == 'file':
        p = script.start(body, stdout=open(tmp_path / 'out', 'wb'))
    else:
        p = script.start(body, stdout=terminal.slave)
        terminal.close_slave()
        terminal.read_until(b'line 1000\r')
    until = time.monotonic() + 20
    count = script.work / 'count'
    while not count.exists() or int(count.read_text() or 0) < 3000:
        assert time.monotonic() < until
        if place == 'pipe':
            break
        if place == 'terminal':
            terminal.read_until(b'line %d' % (len(terminal.shown) // 16 + 100))
        time.sleep(0.001)
    if place == 'pipe':
        time.sleep(0.3)
    p.send_signal(signal.SIGKILL)
    if place == 'pipe':
        out = p.stdout.read()
    elif place == 'terminal':
        out = terminal.read_until().replace(b'\r\n', b'\n')
    p.wait(30)
    leave_no_helper(script)
    if place == 'file':
        out = (tmp_path / 'out').read_bytes()
    n = int(count.read_text())
    assert n > 100
    seen = re.findall(rb'^line (\d+)$', out, re.M)
    assert seen[:n] == [b'%d' % i for i in range(n)] and len(seen) <= n + 1
    sync(script)
    sync(script)
    recorded = [line for line in lines('out') if line.startswith('line')]
    assert recorded == [f'line {i}' for i in range(len(seen))]


def test_the_text_of_a_crash_arrives(script, lines):
    """The process dies in the middle of a system call's work: a fault in C."""
    out, err = script(program('''
import ctypes, faulthandler
faulthandler.enable()
print('before')
sys.stdout.flush()
ctypes.string_at(0)
'''), code=-signal.SIGSEGV)
    assert out == 'before\n'
    assert 'Fatal Python error: Segmentation fault' in err and 'ctypes' in err
    leave_no_helper(script)
    sync(script)
    sync(script)
    assert lines('out') == ['before']
    assert 'Fatal Python error: Segmentation fault' in lines('err')


def test_a_closed_stdout_stays_closed(script, lines):
    p = script.start('''
import os
os.close(1)
os.open('/dev/null', os.O_RDONLY)  # nothing else takes its place
''' + program('''
os.write(2, b'error\\n')
run.finish()
try:
    os.write(1, b'x')
except OSError:
    os.write(2, b'closed\\n')
'''))
    _, err = p.communicate(timeout=60)
    assert p.returncode == 0 and b'error\n' in err and b'closed\n' in err
    assert lines() == ['error']


def test_a_reader_that_goes_away_ends_the_program_as_ever(script):
    p = script.start(program('''
import signal
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
while True:
    os.write(1, b'y' * 100 + b'\\n')
'''), env={'TRACK_MODE': 'offline'})
    assert p.stdout.read(1000)
    p.stdout.close()
    assert p.wait(30) == -signal.SIGPIPE
    leave_no_helper(script)


def test_a_helper_that_is_killed_costs_nothing(script, lines, tmp_path):
    p = script.start(program('''
for i in range(100000):
    os.write(1, b'line %d\\n' % i)
    if i == 1000:
        print('ready', file=sys.stderr, flush=True)
        sys.stdin.read(1)
run.finish()
'''), stdin=subprocess.PIPE, stdout=open(tmp_path / 'out', 'wb'))
    while b'ready' not in p.stderr.readline():
        pass
    time.sleep(0.3)  # it waits: what it has read and not written would be gone with it
    os.kill(helper_of(script), signal.SIGKILL)
    while b'console output is no longer recorded: its helper has ended' not in p.stderr.readline():
        pass
    p.communicate(b'x', timeout=60)
    assert p.returncode == 0
    found = (tmp_path / 'out').read_bytes().split(b'\n')
    assert found == [b'line %d' % i for i in range(100000)] + [b'']
    assert lines('out') == [f'line {i}' for i in range(1001)]


def test_without_tee_the_streams_are_wrapped(script, lines, tmp_path):
    out, _ = script(program('''
print('a')
print('b', end='')
print('50%\\r100%', file=sys.stderr)
print('c', end='')
run.finish()
'''), env={'PATH': str(tmp_path)})
    assert out == 'a\nbc'
    assert lines('out') == ['a', 'bc'] and lines('err') == ['50%', '100%']


def test_a_flood_is_skipped_not_waited_for(script, lines):
    """The spool may hold 4 MiB and no server takes any: what has no room is counted."""
    p = script.start('''
import os, sys, track
client = track.Client(spool_bytes_max=8 << 20, mode='offline', quiet=True)
run = track.start_run(facts=False, client=client)
block = b''.join(b'%0100d\\n' % i for i in range(10000))
for _ in range(60):
    sys.stdout.buffer.write(block)
for i in range(1000):
    run.log_metric('loss', i, i)
run.finish()
''', stdout=subprocess.DEVNULL)
    _, err = p.communicate(timeout=60)
    assert p.returncode == 0, err
    files = sum(f.stat().st_blocks * 512 for f in pathlib.Path(script.env['TRACK_SPOOL']).rglob('*'))
    assert files < 24 << 20
    sync(script)
    assert any(re.fullmatch(r'track: \d+ bytes of output were not recorded', x) for x in lines('out'))


def test_a_full_disk_ends_the_recording_only(script, lines):
    """The helper cannot append any more: prints go on, one line says why they are not recorded."""
    p = script.start(program('''
for i in range(3000):
    os.write(1, b'line %d\\n' % i)
    if i == 1000:
        print('ready', file=sys.stderr, flush=True)
        sys.stdin.read(1)
    if i > 1000:
        time.sleep(0.0002)
run.finish()
'''), stdin=subprocess.PIPE)
    while b'ready' not in p.stderr.readline():
        pass
    time.sleep(0.3)
    resource.prlimit(helper_of(script), resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    out, err = p.communicate(b'x', timeout=60)
    assert p.returncode == 0
    assert out == b''.join(b'line %d\n' % i for i in range(3000))
    assert b'console output is no longer recorded: tee: ' in err and b'File too large' in err
    assert lines('out')[:1001] == [f'line {i}' for i in range(1001)]


def test_an_output_that_does_not_wait_is_still_whole(script, lines):
    """O_NONBLOCK on the reader's pipe, which is slow: the helper has an opening of its own."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    p = script.start(program('''
os.write(1, b'x' * 999_999 + b'\\n')
run.finish()
'''), stdout=writer)
    os.close(writer)
    time.sleep(0.5)
    out = b''
    while part := os.read(reader, 1 << 16):
        out += part
        time.sleep(0.001)
    os.close(reader)
    assert p.wait(30) == 0 and out == b'x' * 999_999 + b'\n'
    assert sum(map(len, lines('out'))) == 999_999


def test_the_first_process_of_a_container_wraps_its_streams(script, lines):
    script.work.joinpath('train.py').write_text(program('''
assert os.getpid() == 1
print('hello')
os.write(1, b'not seen\\n')
try:
    run.log_console()
except track.UnsupportedError as error:
    print(error)
run.finish()
'''))
    p = subprocess.run(['unshare', '--pid', '--fork', '--kill-child', sys.executable, 'train.py'],
                       cwd=script.work, env=script.env, capture_output=True, timeout=60)
    if b'unshare failed' in p.stderr:
        pytest.skip('no right to make a container')
    assert p.returncode == 0, p.stderr
    assert lines('out')[0] == 'hello' and 'docker run --init' in lines('out')[1]
