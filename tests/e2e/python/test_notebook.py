"""Runs in a notebook, with a real kernel: a cell that is run again, an error, a restart."""
import time

import pytest

from scripts import Scripts
from sdk_tools import steps

manager = pytest.importorskip('jupyter_client.manager')


class Notebook:
    """A kernel that cells are sent to, each with the id that front ends send along."""

    def __init__(self, scripts):
        self.scripts = scripts
        self.kernel = manager.KernelManager(kernel_name='python3')
        self.kernel.start_kernel(cwd=str(scripts.folder), env=scripts.env())
        self.connect()

    def connect(self):
        self.client = self.kernel.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def cell(self, code, cell_id=None):
        """Runs a cell: (text printed, html shown, name of the error)."""
        content = {'code': code, 'silent': False, 'store_history': True, 'user_expressions': {},
                   'allow_stdin': False, 'stop_on_error': True}
        message = self.client.session.msg('execute_request', content)
        if cell_id:
            message['metadata']['cellId'] = cell_id
        self.client.shell_channel.send(message)
        text, html, error = '', None, None
        while True:
            got = self.client.get_iopub_msg(timeout=60)
            if got['parent_header'].get('msg_id') != message['header']['msg_id']:
                continue
            kind, body = got['msg_type'], got['content']
            if kind == 'stream' and body['name'] == 'stdout':
                text += body['text']
            elif kind in ('execute_result', 'display_data'):
                html = body['data'].get('text/html')
            elif kind == 'error':
                error = body['ename']
            elif kind == 'status' and body['execution_state'] == 'idle':
                return text.strip(), html, error

    def restart(self, now=False):
        self.client.stop_channels()
        self.kernel.restart_kernel(now=now)
        self.connect()

    def close(self):
        self.client.stop_channels()
        self.kernel.shutdown_kernel(now=False)


@pytest.fixture
def scripts(trackd, tmp_path):
    return Scripts(tmp_path, trackd.url)


@pytest.fixture
def notebook(scripts):
    made = Notebook(scripts)
    made.cell('import track, time')
    yield made
    if made.kernel.is_alive():
        made.close()


START = "run = track.start_run(); print(run.id); run.log_metric('loss', 1.0)"


def state_of(trackd, run):
    """The state of a run, which the server hears of soon."""
    for _ in range(200):
        if trackd.get(f'/api/v1/runs/{run}').status != 404:
            break
        time.sleep(0.05)
    return trackd.json('GET', f'/api/v1/runs/{run}')['state']


@pytest.mark.parametrize('cell_id', ['3f2a', None])
def test_a_cell_that_is_run_again_starts_its_run_again(trackd, notebook, cell_id):
    first, _, _ = notebook.cell(START, cell_id)
    notebook.cell("run.log({'loss': 2.0}, step=1)", 'other')
    second, _, _ = notebook.cell(START, cell_id)
    assert first != second
    assert (state_of(trackd, first), state_of(trackd, second)) == ('finished', 'running')
    assert steps(trackd, first) == [0, 1]
    assert notebook.cell('print(track.current_run().id)')[0] == second
    notebook.cell('run.finish()')
    assert state_of(trackd, second) == 'finished'


def test_another_cell_starts_another_run_beside_it(trackd, notebook):
    first, _, _ = notebook.cell(START, 'a')
    second, _, _ = notebook.cell(START, 'b')
    assert (state_of(trackd, first), state_of(trackd, second)) == ('running', 'running')
    assert notebook.cell('track.log_metric("x", 1)')[2] == 'ConflictError'


def test_two_runs_of_one_cell_do_not_end_each_other(trackd, notebook):
    code = 'runs = [track.start_run() for _ in range(2)]\nprint(*(r.id for r in runs))'
    first = notebook.cell(code, 'a')[0].split()
    second = notebook.cell(code, 'a')[0].split()
    assert [state_of(trackd, r) for r in first + second] == ['finished'] * 2 + ['running'] * 2


def test_a_cell_that_fails_leaves_its_traceback_and_the_state_for_later(trackd, notebook):
    run, _, error = notebook.cell(START + '; 1 / 0', 'a')
    assert error == 'ZeroDivisionError' and state_of(trackd, run) == 'running', 'the kernel lives on'
    notebook.cell('open("nothing")')          # has nothing to do with the run
    notebook.cell(START, 'a')
    assert state_of(trackd, run) == 'failed'
    texts = trackd.json('GET', f'/api/v1/runs/{run}/text')['texts']
    assert [t['key'] for t in texts] == ['traceback'] and 'ZeroDivisionError' in texts[0]['text']


def test_a_later_cell_that_goes_well_makes_good(trackd, notebook):
    run, _, _ = notebook.cell(START + '; 1 / 0', 'a')
    notebook.cell("run.log_metric('loss', 0.5)")
    notebook.cell(START, 'a')
    assert state_of(trackd, run) == 'finished'


def test_an_interrupted_cell_stops_its_run(trackd, notebook):
    import threading
    timer = threading.Timer(1.5, notebook.kernel.interrupt_kernel)
    timer.start()
    run, _, error = notebook.cell(START + '\nfor _ in range(600): time.sleep(0.05)', 'a')
    assert error == 'KeyboardInterrupt'
    notebook.cell(START, 'a')
    assert state_of(trackd, run) == 'stopped'


def test_a_run_shows_itself_as_a_link(notebook):
    text, _, _ = notebook.cell('run = track.start_run(); print(run.url)')
    _, html, _ = notebook.cell('run')
    assert f'href="{text}"' in html and '(running)' in html
    _, html, _ = notebook.cell('run.finish(); run')
    assert '(ended)' in html


def test_a_kernel_that_is_restarted_in_order_ends_its_run(trackd, notebook):
    run, _, _ = notebook.cell(START, 'a')
    notebook.restart()
    assert state_of(trackd, run) == 'finished'
    notebook.cell('import track')
    again, _, _ = notebook.cell(START, 'a')
    assert again != run and state_of(trackd, again) == 'running'


def test_a_kernel_that_is_killed_loses_nothing_and_guesses_nothing(trackd, scripts, notebook):
    run, _, _ = notebook.cell(START, 'a')
    notebook.restart(now=True)
    scripts.sync()
    assert state_of(trackd, run) == 'running' and steps(trackd, run) == [0]


def test_with_blocks_need_no_care(trackd, notebook):
    code = "with track.start_run() as run:\n    print(run.id)\n    track.log_metric('loss', 1.0)"
    runs = [notebook.cell(code, 'a')[0] for _ in range(2)]
    assert [state_of(trackd, r) for r in runs] == ['finished'] * 2
    assert notebook.cell('print(track.current_run())')[0] == 'None'
