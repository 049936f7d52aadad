"""What a program prints becomes lines of its run, and reaches its place byte for byte.

A program here prints to a pipe, to a file or to a terminal of the test, is killed, forks, starts
others.  What arrives is compared with what it wrote, and `track logs` with both.
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import resource
import select
import signal
import struct
import subprocess
import sys
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


def test_prints_of_every_kind_become_lines(script, lines):
    out, err = script(program('''
print('from print', flush=True)
os.write(1, b'from write\\n')
os.system('echo from a child; echo child error >&2')
print('an error', file=sys.stderr)
print('no end', end='')
run.finish()
print()
print('later')
'''))
    assert out == 'from print\nfrom write\nfrom a child\nno end\nlater\n'
    assert 'child error\nan error\n' in err
    assert lines('out') == ['from print', 'from write', 'from a child', 'no end']
    assert lines('err') == ['child error', 'an error']
    leave_no_helper(script)


def test_any_bytes_pass_through_unchanged(script, lines, tmp_path):
    """10 MB without meaning, a long line, no end of line."""
    out = tmp_path / "out"
    with open(out, 'wb') as file:
        p = script.start(program('''
import random
data = random.Random(1).randbytes(10_000_000) + b'x' * 300_000
sys.stdout.buffer.write(data)
run.finish()
'''), stdout=file)
        p.communicate(timeout=60)
    import random
    assert p.returncode == 0
    assert out.read_bytes() == random.Random(1).randbytes(10_000_000) + b'x' * 300_000
    assert len(lines('out')) > 39000 and lines('out')[-1].endswith('x' * 100)


def test_a_terminal_stays_one(script, lines, terminal):
    p = script.start(program('''
print('tty', sys.stdout.isatty(), sys.stderr.isatty(), os.get_terminal_size(1).columns)
sys.stdout.flush()
while os.get_terminal_size(1).columns != 132:
    time.sleep(0.01)
print('resized\\ttab')
print('error', file=sys.stderr)
print('end')
run.finish()
'''), stdout=terminal.slave, stderr=terminal.slave)
    terminal.read_until(b'tty True True 80\r\n')
    terminal.resize(132)
    terminal.close_slave()
    shown = terminal.read_until()
    assert p.wait(30) == 0
    text = shown[shown.index(b'tty'):]
    assert text.startswith(b'tty True True 80\r\nresized\ttab\r\nerror\r\nend\r\n'), shown
    assert lines()[:4] == ['tty True True 80', 'resized\ttab', 'error', 'end']


def test_a_progress_bar_stays_whole(script, lines, terminal):
    body = '''
from tqdm import tqdm
for _ in tqdm(range(200), desc='epoch 1', mininterval=0, miniters=1):
    time.sleep(0.005)
print('done')
run.finish()
'''
    p = script.start(program(body), stdout=terminal.slave, stderr=terminal.slave)
    terminal.close_slave()
    shown = terminal.read_until()
    assert p.wait(30) == 0
    bar = shown[shown.index(b'\repoch 1'):shown.index(b'done')]
    assert bar.count(b'\r') > 100 and bar.count(b'\n') == 1, bar
    assert b'100%' in bar and b'200/200' in bar
    kept = [line for line in lines() if 'epoch 1' in line]
    assert 1 <= len(kept) <= 5 and '200/200' in kept[-1], kept


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


def test_children_print_too(script, lines):
    out, _ = script(program('''
import multiprocessing, subprocess
def work(i):
    print(f'child {i}')
if __name__ == '__main__':
    processes = [multiprocessing.get_context('fork').Process(target=work, args=(i,)) for i in range(4)]
    for p in processes: p.start()
    for p in processes: p.join()
    subprocess.run([sys.executable, '-c', 'print("program")'])
    print('parent')
    run.finish()
'''))
    assert sorted(out.split('\n')) == sorted(['', 'parent', 'program', *(f'child {i}' for i in range(4))])
    assert sorted(lines('out')) == sorted(['parent', 'program', *(f'child {i}' for i in range(4))])


def test_a_child_that_goes_on_does_not_hold_the_end(script, lines):
    """A daemon keeps the descriptors: the run ends, and its prints still arrive."""
    p = script.start(program('''
import subprocess
child = subprocess.Popen(['sh', '-c', 'sleep 2; echo late'])
print('parent')
before = time.monotonic()
run.finish()
assert time.monotonic() - before < 1.9
'''))
    out, _ = p.communicate(timeout=60)
    assert p.returncode == 0 and out == b'parent\nlate\n'
    assert lines('out') == ['parent']
    leave_no_helper(script)


def test_one_place_keeps_the_order_of_both_streams(script, lines):
    p = script.start(program('''
for i in range(2000):
    os.write(1 + i % 2, b'%d\\n' % i)
run.finish()
'''), stderr=subprocess.STDOUT)
    out = p.communicate(timeout=60)[0].decode()
    assert p.returncode == 0
    expected = [str(i) for i in range(2000)]
    assert [line for line in out.split('\n') if line.isdigit()] == expected
    assert lines('out') == expected


def test_a_file_opened_twice_is_not_mixed(script, lines, tmp_path):
    with open(tmp_path / 'both', 'wb') as a, open(tmp_path / 'both', 'r+b') as b:
        p = script.start(program('''
os.write(1, b'A' * 10)
os.write(2, b'B' * 10)
run.finish()
'''), stdout=a, stderr=b, env={'TRACK_QUIET': '1'})
        assert p.wait(30) == 0
    assert (tmp_path / 'both').read_bytes() in (b'A' * 10, b'B' * 10)
    assert lines('out') == ['A' * 10] and lines('err') == ['B' * 10]


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


def test_the_first_run_has_the_console(script, lines):
    out, _ = script(program('''
other = track.start_run(facts=False)
print('hello')
try:
    other.log_console()
except track.ConflictError as error:
    print('conflict', error)
other.finish()
print('still')
run.finish()
again = track.start_run(facts=False)
print('again')
again.finish()
'''))
    assert out.startswith('hello\nconflict the console of this process is being logged already')
    assert out.endswith('still\nagain\n')
    assert lines('out') == ['again']


def test_a_joined_run_leaves_it_to_the_launcher(script):
    p = subprocess.run([BIN / 'track', 'run', '--', 'python3', '-c', program('''
print(sys.stdout.isatty(), os.readlink('/proc/self/fd/1'))
run.finish()
''')], env=script.env, capture_output=True, timeout=60, cwd=script.work)
    assert p.returncode == 0 and b'console' in p.stdout  # the launcher's file, no pipe of ours
    logs = subprocess.run([BIN / 'track', 'logs', 'latest', '--stream', 'out'],
                          env=script.env, capture_output=True, timeout=60)
    assert logs.stdout == p.stdout


def test_console_off_changes_nothing(script, lines):
    out, _ = script('''
import os, track
run = track.start_run(facts=False, console=False)
print(os.readlink('/proc/self/fd/1'))
run.finish()
''')
    assert out.startswith('pipe:')
    assert lines() == []


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


def test_a_notebook_records_what_its_cells_print(script, lines):
    import nbclient
    import nbformat
    cell = "import track, sys\nrun = track.start_run(facts=False)\nprint('in a cell')\n" \
           "print('bar 1%', end='\\r', file=sys.stderr)"
    notebook = nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_code_cell(cell), nbformat.v4.new_code_cell("print('next')\nrun.finish()")])
    client = nbclient.NotebookClient(notebook, timeout=60)
    os.environ, before = {**os.environ, **script.env}, os.environ
    try:
        client.execute(cwd=str(script.work))
    finally:
        os.environ = before
    shown = [o['text'] for o in notebook.cells[0].outputs if o.get('name') == 'stdout']
    assert shown == ['in a cell\n']
    assert lines('out') == ['in a cell', 'next'] and lines('err') == ['bar 1%']
