"""What a program prints becomes lines of its run, and reaches its place byte for byte.

A program here prints to a pipe, to a file or to a terminal of the test, forks, starts others.  What
arrives is compared with what it wrote, and `track logs` with both.
"""
import os
import random
import subprocess

from console_tools import BIN, leave_no_helper, lines, program, terminal  # noqa: F401


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
    assert text == b'tty True True 80\r\nresized\ttab\r\nerror\r\nend\r\n', shown
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
