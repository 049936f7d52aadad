"""How a run ends when its program does: the state, the exit code, the traceback, every value."""
import pathlib
import signal
import subprocess
import sys

import pytest

from scripts import Scripts
from sdk_tools import steps

LOG = '''
run = track.start_run()
print(run.id, flush=True)
for step in range(100):
    run.log({'loss': 1 / (step + 1)}, step=step)
'''


@pytest.fixture
def scripts(trackd, tmp_path):
    return Scripts(tmp_path, trackd.url)


def state_of(trackd, run):
    got = trackd.json('GET', f'/api/v1/runs/{run}')
    return got['state'], got.get('exit_code'), got.get('signal')


def texts_of(trackd, run):
    got = trackd.json('GET', f'/api/v1/runs/{run}/text')['texts']
    return {t['key']: t['text'] for t in got}


def check(trackd, got, state, exit_code=None, number=None):
    assert state_of(trackd, got.id) == (state, exit_code, number), got
    assert steps(trackd, got.id) == list(range(100))


def test_the_last_line_of_a_program_finishes_its_run(trackd, scripts):
    check(trackd, scripts.run(LOG), 'finished', 0)
    assert scripts.spools() == []


@pytest.mark.parametrize('way, code', [
    ('sys.exit(3)', 3), ('raise SystemExit(3)', 3), ('exit(3)', 3), ('sys.exit("no data")', 1),
    ('sys.exit(256 + 7)', 7)])
def test_an_exit_code_fails_the_run(trackd, scripts, way, code):
    check(trackd, scripts.run(LOG + way, code=code), 'failed', code)


@pytest.mark.parametrize('way', ['sys.exit()', 'sys.exit(0)', 'raise SystemExit'])
def test_exit_code_0_finishes_the_run(trackd, scripts, way):
    check(trackd, scripts.run(LOG + way), 'finished', 0)


def test_an_exception_fails_the_run_and_leaves_its_traceback(trackd, scripts):
    got = scripts.run(LOG + '''
def train():
    raise ValueError('loss is 3.1 \\N{SNOWMAN} \\0 \\udcff')
train()''', code=1)
    check(trackd, got, 'failed', 1)
    text = texts_of(trackd, got.id)['traceback']
    assert text.startswith('Traceback (most recent call last):\n')
    assert 'in train\n' in text
    assert text.endswith('ValueError: loss is 3.1 \N{SNOWMAN} \\x00 \\udcff\n')
    assert 'ValueError: loss is 3.1' in got.err, 'Python prints it as ever'


def test_an_exception_in_a_with_block_fails_the_run_there(trackd, scripts):
    got = scripts.run('''
try:
    with track.start_run() as run:
        print(run.id)
        for step in range(100):
            run.log({'loss': step}, step=step)
        1 / 0
except ZeroDivisionError:
    print(run.ended, track.current_run())''')
    check(trackd, got, 'failed', 1)
    assert got.lines[1:] == ['True None']
    assert 'ZeroDivisionError: division by zero' in texts_of(trackd, got.id)['traceback']


def test_a_with_block_ends_by_what_ends_it(trackd, scripts):
    got = scripts.run('''
import asyncio
def end(error=None, state=None):
    try:
        with track.start_run() as run:
            print(run.id)
            if state:
                run.finish(state)
            if error:
                raise error
    except BaseException:
        pass
end()
end(KeyboardInterrupt())
end(SystemExit(0))
end(SystemExit(9))
end(asyncio.CancelledError())
end(state='preempted')
end(ValueError(), state='finished')''')
    assert [state_of(trackd, run)[0] for run in got.lines] == [
        'finished', 'stopped', 'finished', 'failed', 'stopped', 'preempted', 'finished']


def test_a_very_long_traceback_is_cut_in_its_middle(trackd, scripts):
    got = scripts.run(LOG + "raise ValueError('begin ' + 'x' * 600_000 + ' end')", code=1)
    text = texts_of(trackd, got.id)['traceback']
    assert len(text) <= 256 << 10 and text.startswith('Traceback') and text.endswith('x end\n')
    assert 'bytes left out ...\n' in text


def test_an_endless_recursion_is_a_traceback_as_any_other(trackd, scripts):
    got = scripts.run(LOG + '''
def down(): down()
down()''', code=1)
    check(trackd, got, 'failed', 1)
    assert 'RecursionError' in texts_of(trackd, got.id)['traceback']


def test_the_excepthook_of_the_user_is_still_called(trackd, scripts):
    got = scripts.run('sys.excepthook = lambda *a: print("mine", a[0].__name__)\n' + LOG + '1 / 0',
                      code=1)
    check(trackd, got, 'failed', 1)
    assert got.lines[-1] == 'mine ZeroDivisionError'


def test_an_excepthook_that_forgets_ours_still_fails_the_run(trackd, scripts):
    got = scripts.run(LOG + 'sys.excepthook = lambda *a: None\n1 / 0', code=1)
    check(trackd, got, 'failed', 1)


def test_an_exception_of_a_thread_does_not_end_the_program_nor_the_run(trackd, scripts):
    got = scripts.run(LOG + '''
import threading
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()''')
    check(trackd, got, 'finished', 0)


def test_threads_that_go_on_after_the_last_line_still_log(trackd, scripts):
    got = scripts.run('''
import threading
run = track.start_run()
print(run.id)
def work():
    time.sleep(0.3)
    for step in range(100):
        run.log_metric('loss', step, step)
threading.Thread(target=work).start()''')
    check(trackd, got, 'finished', 0)


def test_what_other_atexit_functions_log_arrives(trackd, scripts):
    got = scripts.run('''
import atexit
atexit.register(lambda: run.log_metric('last', 1.0, 0))   # runs after ours
''' + LOG + "atexit.register(lambda: run.log_metric('first', 1.0, 0))")
    check(trackd, got, 'finished', 0)
    assert steps(trackd, got.id, 'first') == [0] and steps(trackd, got.id, 'last') == [0]


def test_an_atexit_function_may_finish_the_run(trackd, scripts):
    got = scripts.run('import atexit\natexit.register(lambda: print(run.finish("stopped")))\n' + LOG)
    assert got.lines[-1] == 'True'
    assert state_of(trackd, got.id)[0] == 'stopped'


@pytest.mark.parametrize('client', ['', 'url=os.environ["TRACK_URL"]'])
def test_runs_that_nobody_holds_any_more_are_finished(trackd, scripts, client):
    got = scripts.run(f'''
import gc
def start():
    run = track.start_run({client})
    run.log_metric('loss', 1.0)
    return run.id
print(start(), start(), sep='\\n')
gc.collect()''')
    for run in got.lines:
        assert state_of(trackd, run)[0] == 'finished' and steps(trackd, run) == [0]


def wait_for(process):
    """The line that a script prints once it is where it is to be hit."""
    while True:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        if line.strip() == 'ready':
            return


@pytest.mark.parametrize('handler', ['', 'with'])
def test_ctrl_c_stops_the_run(trackd, scripts, handler):
    body = LOG + 'print("ready", flush=True)\ntime.sleep(60)'
    if handler:
        body = ('with track.start_run() as run:\n    print(run.id, flush=True)\n'
                '    for step in range(100): run.log({"loss": 1.0}, step)\n'
                '    print("ready", flush=True)\n    time.sleep(60)')
    p = scripts.start(body)
    run = p.stdout.readline().strip()
    wait_for(p)
    p.send_signal(signal.SIGINT)
    got = scripts.end(p, code=-signal.SIGINT)
    assert 'KeyboardInterrupt' in got.err
    assert state_of(trackd, run) == ('stopped', None, 2)
    assert steps(trackd, run) == list(range(100))
    assert texts_of(trackd, run) == {}


@pytest.mark.parametrize('env, state', [({}, 'stopped'), ({'SLURM_JOB_ID': '7'}, 'preempted'),
                                        ({'KUBERNETES_SERVICE_HOST': '10.0.0.1'}, 'preempted')])
def test_sigterm_ends_the_run_and_then_the_program(trackd, scripts, env, state):
    p = scripts.start(LOG + 'print("ready", flush=True)\ntime.sleep(60)', **env)
    run = p.stdout.readline().strip()
    wait_for(p)
    p.send_signal(signal.SIGTERM)
    scripts.end(p, code=-signal.SIGTERM)
    assert state_of(trackd, run) == (state, None, 15)
    assert steps(trackd, run) == list(range(100))


def test_the_sigterm_handler_of_the_user_stays(trackd, scripts):
    p = scripts.start('signal.signal(signal.SIGTERM, lambda *a: sys.exit(4))\n' + LOG +
                      'print("ready", flush=True)\ntime.sleep(60)')
    run = p.stdout.readline().strip()
    wait_for(p)
    p.send_signal(signal.SIGTERM)
    scripts.end(p, code=4)
    assert state_of(trackd, run) == ('failed', 4, None)


@pytest.mark.parametrize('way', ['os._exit(0)', 'os.kill(os.getpid(), signal.SIGKILL)', 'os.abort()'])
def test_what_ends_without_a_word_is_never_guessed(trackd, scripts, way):
    got = scripts.run(LOG + way, code=None)
    scripts.sync()
    assert state_of(trackd, got.id)[0] == 'running', 'unconfirmed after five minutes'
    assert steps(trackd, got.id) == list(range(100))


def test_an_error_at_the_prompt_ends_nothing(trackd, scripts):
    path = scripts.write(LOG)
    p = subprocess.run([sys.executable, '-i', path.name], cwd=scripts.folder, text=True,
                       env=scripts.env(), capture_output=True, timeout=60,
                       input='1 / 0\nrun.log_metric("loss", 1.0, 100)\n')
    run = p.stdout.splitlines()[0]
    assert p.returncode == 0 and 'ZeroDivisionError' in p.stderr
    assert state_of(trackd, run) == ('finished', 0, None)
    assert steps(trackd, run) == list(range(101)) and texts_of(trackd, run) == {}


def test_a_sub_interpreter_is_refused(scripts):
    got = scripts.run('''
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
other = interpreters.create()
try:
    failed = interpreters.run_string(other, 'import track')
except Exception as error:
    failed = error
print(failed)''')
    # From 3.12 on CPython says it itself, before the extension can.
    assert ('track does not run in a sub-interpreter' in got.out
            or 'track._native does not support loading in subinterpreters' in got.out), got


