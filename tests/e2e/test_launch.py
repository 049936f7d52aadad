"""`track run`: it passes everything on, loses nothing, and is never the reason a command dies.

Every test runs real commands; those that need a terminal get one from pty.fork.
"""
import json
import os
import pty
import random
import re
import select
import signal
import subprocess
import sys
import time

import pytest

from conftest import new_id
from track_command import TRACK, Command

NOWHERE = 'http://127.0.0.1:9'


@pytest.fixture
def track(shared_trackd, tmp_path):
    return Command(tmp_path / 'home', shared_trackd.url, 'p-' + new_id()[-12:])


@pytest.fixture
def offline(tmp_path):
    """No server answers; the spool takes everything."""
    return Command(tmp_path / 'home', NOWHERE)


def the_run(track, server):
    """The document of the only run of the project."""
    ids = track.ok('ls', '-q').split()
    assert len(ids) == 1, ids
    return server.json('GET', f'/api/v1/runs/{ids[0]}')


def lines_of(server, run):
    got = server.json('GET', f'/api/v1/runs/{run["id"]}/lines?limit=10000')
    return [(x['stream'], x['text']) for x in got['lines']]


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError('did not happen in time')


# ---- what is recorded --------------------------------------------------------------------------

def test_a_run(track, shared_trackd):
    p = track.run('--name', 'first', '--kind', 'eval', '--param', 'lr=3e-4', '--tag', 'base',
                  '--tag', 'a=b=c', '--', 'sh', '-c', 'echo out; echo err >&2; printf last')
    assert p.returncode == 0 and p.stdout == b'out\nlast', p
    assert b'err\n' in p.stderr and b'finished exit 0' in p.stderr
    assert b'everything is on the server' in p.stderr
    run = the_run(track, shared_trackd)
    assert (run['name'], run['kind'], run['state'], run['exit_code']) == ('first', 'eval', 'finished', 0)
    assert run['params']['lr'] == '3e-4' and run['tags'] == {'base': '', 'a': 'b=c'}
    assert run['capture_mode'] == 'launcher'
    assert sorted(lines_of(shared_trackd, run)) == [
        ('stderr', 'err'), ('stdout', 'last'), ('stdout', 'out')]
    command = shared_trackd.json('GET', f'/api/v1/runs/{run["id"]}/docs/command')
    assert command['argv'][:2] == ['sh', '-c']


def test_metrics_from_lines(track, shared_trackd):
    p = track.run('--metric-regex', r'loss=(?<loss>\S+)',
                  '--metric-regex', r'step (?<step>\d+) acc (?<acc>\S+)', '--', 'sh', '-c',
                  'for i in 1 2 3; do echo "loss=0.$i"; echo "step ${i}00 acc 0.9$i" >&2; done')
    assert p.returncode == 0 and b'6 points' in p.stderr, p
    run = the_run(track, shared_trackd)
    points = shared_trackd.json('GET', f'/api/v1/runs/{run["id"]}/points?key=loss')
    assert (points['step'], points['value']) == ([0, 1, 2], [0.1, 0.2, 0.3])
    points = shared_trackd.json('GET', f'/api/v1/runs/{run["id"]}/points?key=acc')
    assert (points['step'], points['value']) == ([100, 200, 300], [0.91, 0.92, 0.93])


def test_a_program_with_the_library_joins(track, shared_trackd):
    program = os.path.join(os.path.dirname(TRACK), 'train_chars')
    p = track.run('--', program, '--quick', '--steps', '20', timeout=120)
    assert p.returncode == 0, p
    run = the_run(track, shared_trackd)
    series = shared_trackd.json('GET', f'/api/v1/runs/{run["id"]}/series?flat=1')['series']
    assert any(s['n'] == 20 for s in series), series
    assert run['state'] == 'finished' and lines_of(shared_trackd, run)


def test_environment_of_the_command(track, shared_trackd):
    p = track.run('--', 'env')
    env = dict(line.split('=', 1) for line in p.stdout.decode().splitlines() if '=' in line)
    assert env['TRACK_RUN_ID'] == the_run(track, shared_trackd)['id']
    assert env['TRACK_URL'] == shared_trackd.url and env['TRACK_SPOOL'] == track.env['TRACK_SPOOL']
    assert env['PYTHONUNBUFFERED'] == '1'
    assert track.run('--', 'sh', '-c', 'echo $PYTHONUNBUFFERED',
                     env={'PYTHONUNBUFFERED': '0'}).stdout == b'0\n'


def test_inputs_and_outputs(track, shared_trackd, tmp_path):
    (tmp_path / 'in.txt').write_text('data')
    script = f'echo more >> {tmp_path}/in.txt; mkdir -p {tmp_path}/ck/sub; echo w > {tmp_path}/ck/sub/w'
    p = track.run('--input', f'train={tmp_path}/in.txt', '--output', f'model={tmp_path}/ck',
                  '--output', f'{tmp_path}/nothing', '--', 'sh', '-c', script)
    assert p.returncode == 0, p
    assert b'input train changed' in p.stderr and b'output not recorded' in p.stderr
    run = the_run(track, shared_trackd)
    inputs = shared_trackd.json('GET', f'/api/v1/runs/{run["id"]}/inputs')['inputs']
    assert [(i['name'], i['size']) for i in inputs] == [('train', 4)]
    files = shared_trackd.json('GET', f'/api/v1/runs/{run["id"]}/files')['files']
    assert [f['path'] for f in files] == ['model/sub/w']
    alerts = shared_trackd.json('GET', f'/api/v1/runs/{run["id"]}/alerts')['alerts']
    assert {a['title'] for a in alerts} == {'input changed while the command ran', 'output not recorded'}
    assert track.run('--input', tmp_path / 'missing', '--', 'true').returncode == 5


def test_parent_and_new_id(track, shared_trackd):
    parent = track.ok('run', '--new-id').strip()
    assert re.fullmatch(r'[0-9a-f]{32}', parent) and parent[12] == '7'
    assert track.run('--', 'true', env={'TRACK_RUN_ID': parent}).returncode == 0
    assert track.run('--parent', parent[-8:], '--', 'true').returncode == 0
    child = next(i for i in track.ok('ls', '-q').split() if i != parent)
    assert shared_trackd.json('GET', f'/api/v1/runs/{child}')['parent'] == parent
    assert shared_trackd.json('GET', f'/api/v1/runs/{parent}')['state'] == 'finished'


def test_a_launcher_within_a_launcher_joins(track, shared_trackd):
    p = track.run('--', TRACK, 'run', '--no-agent', '--', 'sh', '-c', 'echo inner; exit 3')
    assert p.returncode == 3 and p.stdout == b'inner\n', p
    run = the_run(track, shared_trackd)
    assert run['state'] == 'failed' and run['exit_code'] == 3


def test_json_result_on_stderr(track):
    p = track.run('--json', '--', 'sh', '-c', 'echo data; exit 4')
    assert p.returncode == 4 and p.stdout == b'data\n'
    doc = json.loads(p.stderr.decode().splitlines()[-1])
    assert doc['schema'] == 'track.run_result/1' and doc['exit_code'] == 4
    assert doc['status'] == 'failed' and doc['sent'] is True and doc['lines'] == 1


# ---- exit codes and states ---------------------------------------------------------------------

@pytest.mark.parametrize('code', [0, 1, 2, 77, 125, 127, 255])
def test_exit_code_is_the_commands_own(offline, code):
    assert offline.run('-q', '--drain', '0', '--', 'sh', '-c', f'exit {code}').returncode == code


@pytest.mark.parametrize('name, number', [('KILL', 9), ('SEGV', 11), ('USR1', 10)])
def test_killed_by_a_signal(track, shared_trackd, name, number):
    p = track.run('--', 'sh', '-c', f'kill -{name} $$')
    assert p.returncode == 128 + number, p
    run = the_run(track, shared_trackd)
    assert (run['state'], run['signal'], run['exit_code']) == ('failed', number, None)


def test_not_found_and_not_executable(offline, tmp_path):
    p = offline.run('--', 'no-such-command-here')
    assert p.returncode == 127 and b'command not found' in p.stderr
    (tmp_path / 'f').write_text('x')
    p = offline.run('--', tmp_path / 'f')
    assert p.returncode == 126 and b'cannot be executed' in p.stderr
    assert offline.run('--', tmp_path).returncode == 126
    (tmp_path / 'g').write_text('#!/no/such/interpreter\n')
    (tmp_path / 'g').chmod(0o755)
    assert offline.run('--drain', '0', '--', tmp_path / 'g').returncode == 127
    assert not list((offline.home / 'spool').glob('console/*'))


def test_wrong_usage(offline):
    for args in ([], ['--kind', 'x', '--', 'true'], ['--metric-regex', '(', '--', 'true'],
                 ['--metric-regex', 'no group', '--', 'true'], ['--param', 'x', '--', 'true'],
                 ['--stop-signal', 'NOPE', '--', 'true'], ['--drain', 'x', '--', 'true'],
                 ['--log', 'off', '--metric-regex', '(?<a>.)', '--', 'true'],
                 ['--log', 'pty', '--', 'true'], ['--name', 'a\nb', '--', 'true']):
        p = offline.run(*args)
        assert p.returncode == 2 and p.stdout == b'', (args, p)


def test_a_script_without_a_shebang(offline, tmp_path):
    (tmp_path / 's').write_text('echo "$1"; exit 9\n')
    (tmp_path / 's').chmod(0o755)
    p = offline.run('--drain', '0', '--', tmp_path / 's', 'arg')
    assert (p.returncode, p.stdout) == (9, b'arg\n')


# ---- signals -----------------------------------------------------------------------------------

def test_sigterm_is_passed_on_once(track, shared_trackd):
    script = 'trap "echo got; exit 143" TERM; echo ready; while :; do sleep 0.05; done'
    p = track.start('run', '--no-agent', '--', 'sh', '-c', script, stdout=subprocess.PIPE)
    assert p.stdout.readline() == b'ready\n'
    p.terminate()
    assert p.stdout.read() == b'got\n' and p.wait(20) == 143
    assert the_run(track, shared_trackd)['state'] == 'stopped'


def test_sigterm_under_a_scheduler_is_preemption(track, shared_trackd):
    p = track.start('run', '--no-agent', '--', 'sleep', '60', env={'SLURM_JOB_ID': '7'})
    wait_for(lambda: track('ls', '-q').stdout.decode().split())
    time.sleep(0.3)
    p.terminate()
    assert p.wait(20) == 143
    assert the_run(track, shared_trackd)['state'] == 'preempted'


def test_other_signals_are_passed_on(offline):
    script = 'trap "echo usr1" USR1; trap "echo hup; exit 5" HUP; echo ready; while :; do sleep 0.05; done'
    p = offline.start('run', '--no-agent', '--drain', '0', '--', 'sh', '-c', script, stdout=subprocess.PIPE)
    assert p.stdout.readline() == b'ready\n'
    p.send_signal(signal.SIGUSR1)
    assert p.stdout.readline() == b'usr1\n'
    p.send_signal(signal.SIGHUP)
    assert p.stdout.read() == b'hup\n' and p.wait(20) == 5


def test_a_signal_reaches_the_command_while_nobody_reads(offline):
    """The launcher's own output is a full pipe; it still passes SIGTERM on."""
    script = 'trap "exit 33" TERM; yes xxxxxxxxxxxxxxxxxxxx | head -c 1000000; : > ready; while :; do sleep 0.05; done'
    p = offline.start('run', '--no-agent', '--drain', '0', '--', 'sh', '-c', script, stdout=subprocess.PIPE)
    wait_for(lambda: (offline.home / 'ready').exists())
    p.terminate()
    time.sleep(0.5)
    assert len(p.stdout.read()) == 1000000
    assert p.wait(20) == 33


def test_a_stop_from_outside(track, shared_trackd):
    p = track.start('run', '--no-agent', '--stop-signal', 'INT', '--', sys.executable, '-u', '-c',
                    'import time\ntry: time.sleep(60)\nexcept KeyboardInterrupt: print("asked")',
                    stdout=subprocess.PIPE)
    run = wait_for(lambda: track('ls', '-q').stdout.decode().split())[0]
    time.sleep(0.5)
    track.ok('stop', run)
    assert p.stdout.read() == b'asked\n' and p.wait(60) == 0
    assert the_run(track, shared_trackd)['state'] == 'stopped'


def test_leftovers_are_reported_and_ended_on_request(offline):
    p = offline.run('--drain', '0', '--', 'sh', '-c', 'sleep 61 & sleep 61 & exit 0')
    assert p.returncode == 0 and b'2 processes' in p.stderr and b'--kill-tree' in p.stderr
    p = offline.run('--drain', '0', '--kill-tree', '--', 'sh', '-c', 'sleep 63 & sleep 63 & exit 0')
    assert p.returncode == 0 and b'ended' in p.stderr
    alive = subprocess.run(['pgrep', '-fx', 'sleep 63']).returncode == 0
    subprocess.run(['pkill', '-fx', 'sleep 61'])
    assert not alive


# ---- bytes -------------------------------------------------------------------------------------

def test_pass_through_is_exact(offline, tmp_path):
    data = random.Random(7).randbytes(3_000_000)
    (tmp_path / 'out').write_bytes(data)
    (tmp_path / 'err').write_bytes(data[::-1])
    p = offline.run('-q', '--drain', '0', '--', 'sh', '-c', f'cat {tmp_path}/out; cat {tmp_path}/err >&2')
    assert p.stdout == data and p.stderr == data[::-1]


@pytest.mark.parametrize('mode', ['file', 'off'])
def test_standard_input_reaches_the_command(offline, mode):
    data = os.urandom(200_000)
    assert offline.run('-q', '--drain', '0', '--log', mode, '--', 'cat', input=data).stdout == data


def test_sixty_megabytes(track, shared_trackd):
    p = track.start('run', '--no-agent', '-q', '--', 'sh', '-c',
                    'i=0; while [ $i -lt 60 ]; do head -c 1048575 /dev/zero | tr "\\0" x; echo; i=$((i+1)); done',
                    stdout=subprocess.PIPE)
    size = newlines = 0
    while part := p.stdout.read(1 << 20):
        size += len(part)
        newlines += part.count(b'\n')
    assert p.wait(120) == 0 and (size, newlines) == (60 << 20, 60)


def test_a_flood_of_carriage_returns(track, shared_trackd):
    script = 'import sys\nfor i in range(200000): sys.stdout.write(f"\\r{i}")\nprint("\\rdone")'
    p = track.run('--', sys.executable, '-c', script, timeout=120)
    assert p.returncode == 0 and p.stdout.endswith(b'\r199999\rdone\n')
    lines = lines_of(shared_trackd, the_run(track, shared_trackd))
    assert lines[-1] == ('stdout', 'done') and len(lines) < 60


def test_raw_log_keeps_every_text(track, shared_trackd):
    track.run('--log-raw', '--', 'printf', 'a\\rb\\rc\\n')
    assert [t for _, t in lines_of(shared_trackd, the_run(track, shared_trackd))] == ['a', 'b', 'c']


def test_our_own_output_may_close(offline):
    p = offline.start('run', '--no-agent', '--drain', '0', '--', 'sh', '-c',
                      'echo first; sleep 0.5; yes | head -c 300000; : > finished',
                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert p.stdout.readline() == b'first\n'
    p.stdout.close()
    assert p.wait(30) == 0 and (offline.home / 'finished').exists()


# ---- bad times ---------------------------------------------------------------------------------

def test_the_command_outlives_its_launcher(track):
    script = 'echo ready; sleep 1; yes | head -c 500000; echo err >&2; : > finished'
    p = track.start('run', '--no-agent', '--', 'sh', '-c', script, stdout=subprocess.PIPE)
    assert p.stdout.readline() == b'ready\n'
    p.kill()
    p.wait()
    wait_for(lambda: (track.home / 'finished').exists())


def test_no_server_at_all(offline):
    began = time.monotonic()
    p = offline.run('--drain', '1', '--metric-regex', 'loss=(?<loss>.*)', '--', 'echo', 'loss=0.5')
    assert p.returncode == 0 and p.stdout == b'loss=0.5\n'
    assert b'not everything is on the server' in p.stderr and time.monotonic() - began < 10
    spools = offline.json('sync', '--dry-run')['spools']
    assert [s['state'] for s in spools] == ['waiting'] and spools[0]['records'] >= 2, spools


def test_what_was_recorded_offline_is_synced(make_trackd, tmp_path):
    server = make_trackd()
    track = Command(tmp_path / 'home', server.url)
    server.stop()
    p = track.run('--drain', '0', '--tag', 't', '--', 'sh', '-c', 'echo one; echo two; exit 6')
    assert p.returncode == 6
    server.start()
    track.ok('sync')
    run = the_run(track, server)
    assert (run['state'], run['exit_code'], run['tags']) == ('failed', 6, {'t': ''})
    assert [t for _, t in lines_of(server, run)] == ['one', 'two']
    assert track.json('sync')['spools'] == []


def test_the_server_dies_meanwhile(make_trackd, tmp_path):
    server = make_trackd()
    track = Command(tmp_path / 'home', server.url)
    p = track.start('run', '--no-agent', '--', 'sh', '-c', 'echo a; sleep 1.5; echo b',
                    stdout=subprocess.PIPE)
    assert p.stdout.readline() == b'a\n'
    wait_for(lambda: track('ls', '-q').stdout)
    server.kill()
    time.sleep(0.5)
    server.start()
    assert p.stdout.read() == b'b\n' and p.wait(30) == 0
    track.ok('sync')
    assert [t for _, t in lines_of(server, the_run(track, server))] == ['a', 'b']


def test_a_server_that_never_answers(tmp_path):
    import socket
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        s.listen(64)
        track = Command(tmp_path / 'home', f'http://127.0.0.1:{s.getsockname()[1]}')
        began = time.monotonic()
        p = track.run('--drain', '1', '--', 'echo', 'x')
        assert p.returncode == 0 and p.stdout == b'x\n' and time.monotonic() - began < 10


@pytest.mark.skipif(os.geteuid() == 0 and not os.path.exists('/usr/bin/setpriv'), reason='needs setpriv')
def test_a_spool_that_cannot_be_written(offline):
    p = offline.run('--', 'sh', '-c', 'echo x; exit 3', env={'TRACK_SPOOL': '/proc/nowhere'})
    assert p.returncode == 3 and p.stdout == b'x\n', p
    assert b'not recorded' in p.stderr


def test_mode_off_records_nothing(track):
    p = track.run('--', 'echo', 'x', env={'TRACK_MODE': 'off'})
    assert p.returncode == 0 and p.stdout == b'x\n'
    assert track('ls', '-q').stdout == b''


def test_project_file_is_heeded(track, shared_trackd):
    track.env.pop('TRACK_PROJECT')
    name = 'file-' + new_id()[-8:]
    track.ok('init', name)
    assert track.run('--', 'true').returncode == 0
    assert the_run(track, shared_trackd)['project'] == name


# ---- a terminal --------------------------------------------------------------------------------

class Terminal:
    """`track run` on a terminal of its own."""

    def __init__(self, track, *args):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(track.home)
            os.execve(TRACK, [TRACK, 'run', '--no-agent', *args], track.env)
        self.got = b''

    def read_until(self, text, seconds=20):
        end = time.monotonic() + seconds
        while text not in self.got and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    part = os.read(self.fd, 65536)
                except OSError:
                    break
                self.got += part
        assert text in self.got, self.got
        return self.got

    def type(self, keys):
        os.write(self.fd, keys)

    def wait(self, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.rest()
                return os.waitstatus_to_exitcode(status)
            self.rest()
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError(f'still runs: {self.got!r}')

    def rest(self):
        try:
            while select.select([self.fd], [], [], 0.05)[0]:
                part = os.read(self.fd, 65536)
                if not part:
                    return
                self.got += part
        except OSError:
            pass


def test_a_terminal_for_the_command(track, shared_trackd):
    t = Terminal(track, '--', 'sh', '-c', 'test -t 0 && test -t 1 && test -t 2 && stty size && echo yes')
    assert t.wait() == 0 and b'yes\r\n' in t.got, t.got
    assert ('stdout', 'yes') in lines_of(shared_trackd, the_run(track, shared_trackd))


def test_keys_reach_the_command(track):
    t = Terminal(track, '--', 'sh', '-c', 'read x; echo "got $x"')
    t.read_until(b'track: run')
    t.type(b'hello\n')
    assert t.wait() == 0 and b'got hello' in t.got


def test_ctrl_c_in_a_terminal(track, shared_trackd):
    t = Terminal(track, '--', 'sh', '-c', 'trap "echo int; exit 130" INT; echo ready; while :; do sleep 0.05; done')
    t.read_until(b'ready')
    t.type(b'\x03')
    assert t.wait() == 130 and b'int' in t.got
    assert the_run(track, shared_trackd)['state'] == 'stopped'


@pytest.mark.parametrize('mode', ['file', 'off'])
def test_ctrl_c_reaches_the_command_once(track, shared_trackd, mode):
    script = 'trap "echo int" INT; trap "echo term; exit 9" TERM; echo ready; while :; do sleep 0.05; done'
    t = Terminal(track, '--log', mode, '--', 'sh', '-c', script)
    t.read_until(b'ready')
    t.type(b'\x03')
    t.read_until(b'int')
    time.sleep(0.5)
    t.rest()
    assert t.got.count(b'int\r\n') == 1, t.got
    os.kill(t.pid, signal.SIGTERM)
    assert t.wait() == 9


@pytest.mark.parametrize('mode', ['pty', 'file'])
def test_ctrl_z_and_fg(track, mode):
    """Under a shell with job control."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(track.home)
        os.execve('/bin/bash', ['bash', '--norc', '--noprofile', '-i'], {**track.env, 'PS1': 'PROMPT '})
    t = Terminal.__new__(Terminal)
    t.pid, t.fd, t.got = pid, fd, b''
    t.read_until(b'PROMPT ')
    t.type(f'{TRACK} run --no-agent --drain 0 --log {mode} -- sh -c '
           f'"echo rea\\dy; i=0; while [ \\$i -lt 30 ]; do sleep 0.1; i=\\$((i+1)); done; echo do\\ne"\n'.encode())
    t.read_until(b'ready\r\n')
    t.type(b'\x1a')
    t.read_until(b'Stopped')
    time.sleep(0.3)
    t.type(b'echo al\\ive\n')
    t.read_until(b'alive\r\n')
    t.type(b'fg\n')
    t.read_until(b'done\r\n')
    t.read_until(b'finished exit 0')
    t.type(b'exit\n')
    assert t.wait() == 0


def test_the_terminal_is_as_it_was(track):
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(track.home)
        os.execve('/bin/sh', ['sh', '-c', f'stty -a > before; {TRACK} run --no-agent --drain 0 -- true; stty -a > after'],
                  track.env)
    t = Terminal.__new__(Terminal)
    t.pid, t.fd, t.got = pid, fd, b''
    assert t.wait() == 0
    assert (track.home / 'before').read_text() == (track.home / 'after').read_text()


# ---- time --------------------------------------------------------------------------------------

def test_a_run_of_true_is_quick(track):
    """Sanitised builds; bench/submit.c has the figure of a release build (150 ms)."""
    def once():
        began = time.monotonic()
        assert track.run('--', 'true').returncode == 0
        return time.monotonic() - began
    assert min(once() for _ in range(3)) < 1.5
