"""The sampler with a real server: what arrives in a run, and what happens when parts of it die.

Every scene has its own runtime folder, so its own sampler, and all scenes run at the same time: a
window is logged every five seconds, and a driver that hangs is given ten.
"""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest

from conftest import BIN

NODE = socket.gethostname().split('.')[0] or 'localhost'
NODE = re.sub(r'[^A-Za-z0-9_-]', '-', NODE)


class Scene:
    """A runtime folder, a spool, a scenario of the fake driver, and one or more launched commands."""

    def __init__(self, root, server, driver=None, scenario=''):
        root.mkdir()
        self.root, self.server, self.runs = root, server, []
        (root / 'run').mkdir(mode=0o700)
        self.scenario = root / 'scenario'
        self.scenario.write_text(scenario)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith('TRACK_')}
        self.env.update(XDG_RUNTIME_DIR=str(root / 'run'), TRACK_SPOOL=str(root / 'spool'),
                        TRACK_URL=server.url, TRACK_PROJECT='agent', FAKE_NVML=str(self.scenario))
        self.env.pop('LD_LIBRARY_PATH', None)
        if driver:
            self.env['LD_LIBRARY_PATH'] = str(BIN / driver)

    def launch(self, script):
        out = open(self.root / f'out{len(self.runs)}', 'w+')
        process = subprocess.Popen([BIN / 'track', 'run', '--no-git', '--', 'sh', '-c', script],
                                   env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   cwd=self.root)
        process.text = lambda: (out.flush(), pathlib.Path(out.name).read_text())[1]
        self.runs.append(process)
        return process

    def ask(self, **packet):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.settimeout(10)
            s.connect(str(self.root / 'run/track/agent.sock'))
            s.send(json.dumps(packet).encode())
            return json.loads(s.recv(65536))

    def status(self):
        return self.ask(op='status')

    def run_id(self, process):
        wait_for(lambda: re.search(r'/r/([0-9a-f]{32})', process.text()), 20)
        return re.search(r'/r/([0-9a-f]{32})', process.text()).group(1)

    def series(self, process):
        """{name below system/<node>/: its summary}"""
        run = self.run_id(process)
        got = self.server.json(
            'GET', f'/api/v1/runs/{run}/series?flat=1&limit=500&prefix=system/{NODE}/')
        return {s['key'][len(f'system/{NODE}/'):]: s for s in got['series']}

    def devices(self, process):
        return self.server.json('GET', f'/api/v1/runs/{self.run_id(process)}/docs/devices')

    def close(self):
        for p in self.runs:
            p.kill()
            p.wait()
        try:
            os.kill(self.status()['pid'], signal.SIGTERM)
        except OSError:
            pass


def wait_for(what, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = what()
        if got:
            return got
        time.sleep(0.1)
    raise AssertionError(f'not within {seconds} s')


GPUS = 'devices 2\nset 0 busy 10\nset 1 busy 90\nset 1 used 5000000000\n'
# Says to the fake driver that this process computes on its device 0, which is our gpu1.
COMPUTE = 'echo "process 0 $$ 3000000000 40" >> $FAKE_NVML; sleep %d'


@pytest.fixture(scope='module')
def scenes(shared_trackd, tmp_path_factory):
    root, made = tmp_path_factory.mktemp('scenes'), {}

    def scene(name, *args):
        made[name] = Scene(root / name, shared_trackd, *args)
        return made[name]

    scene('plain').launch('sleep 9')
    both = scene('gpus', 'fake', GPUS)
    both.launch(COMPUTE % 18)
    both.launch('sleep 14')
    scene('old', 'fake-old', 'devices 1\n').launch('sleep 9')
    scene('hang', 'fake', 'devices 1\nhang nvmlDeviceGetUtilizationRates 2 -1\n').launch('sleep 24')
    scene('worker', 'fake', 'devices 1\n').launch('sleep 30')
    scene('lost', 'fake', 'devices 1\nfail nvmlDeviceGetUtilizationRates 15 2 -1\n').launch('sleep 9')
    scene('sampler').launch('sleep 12')
    scene('trainer').launch('sleep 60')
    yield made
    for s in made.values():
        s.close()


def test_host_series_arrive_and_no_gpu_is_said(scenes):
    s = scenes['plain']
    assert s.runs[0].wait(60) == 0
    got = s.series(s.runs[0])
    for name in ('cpu/busy_pct', 'cpu/busy_pct_max', 'cpu/load1', 'mem/used_bytes', 'run/rss_bytes',
                 'run/procs', 'run/cpu_cores'):
        assert got[name]['n'] >= 1, name
        assert got[name]['last'] >= 0
    assert got['mem/used_bytes']['last'] > 1e6
    assert not any(name.startswith('gpu') for name in got)
    doc = s.devices(s.runs[0])
    assert doc['devices'] == []
    assert [m['why'] for m in doc['missing'] if m['what'] == 'gpu'] == [
        'no NVIDIA driver library (libnvidia-ml.so.1) here']
    assert 'live on' not in s.runs[0].text()
    run = s.server.json('GET', f'/api/v1/runs/{s.run_id(s.runs[0])}')
    assert run['state'] == 'finished'


def test_gpus_and_the_part_of_each_run(scenes):
    s = scenes['gpus']
    computes, sleeps = s.runs
    assert computes.wait(60) == 0
    got = s.series(computes)
    assert got['gpu0/busy_pct']['last'] == 90  # by PCI address: the driver's second
    assert got['gpu1/busy_pct']['last'] == 10
    assert got['gpu0/mem_used_bytes']['last'] == 5e9
    assert got['gpu1/power_w']['last'] == 200
    assert got['gpu1/energy_j']['last'] == pytest.approx(1000, rel=0.3)  # 200 W for 5 s
    parts = ('gpu1/run/mem_bytes', 'gpu1/other/mem_bytes', 'gpu1/run/sm_pct')
    if os.readlink('/proc/self/ns/pid') == 'pid:[4026531836]':
        assert [got[part]['last'] for part in parts] == [3e9, 1e9, 40]
    else:  # in a container a driver's process numbers mean nothing: no part is claimed
        assert not any(part in got for part in parts)
    assert 'gpu0/run/mem_bytes' not in got
    doc = s.devices(computes)
    assert [(d['device'], d['name'], d['energy_basis']) for d in doc['devices']] == [
        ('gpu0', 'Fake GPU 1', 'counter'), ('gpu1', 'Fake GPU 0', 'counter')]
    assert sleeps.wait(60) == 0
    other = s.series(sleeps)
    assert other['gpu1/busy_pct']['n'] >= 1
    assert not any('/run/' in name for name in other if name.startswith('gpu'))
    assert other['run/procs']['last'] >= 1


def test_a_driver_of_some_years_ago(scenes):
    s = scenes['old']
    assert s.runs[0].wait(60) == 0
    got = s.series(s.runs[0])
    assert got['gpu0/mem_used_bytes']['last'] == 4e9
    assert got['gpu0/power_w']['last'] == 200
    assert got['gpu0/energy_j']['n'] >= 1
    assert 'gpu0/mem_temp_c' not in got


def test_a_lost_gpu_is_said_where_people_look(scenes):
    s = scenes['lost']
    assert s.runs[0].wait(60) == 0
    alerts = s.server.json('GET', f'/api/v1/runs/{s.run_id(s.runs[0])}/alerts')['alerts']
    assert [a['title'] for a in alerts] == [f'{NODE}: gpu0 is lost']
    assert s.devices(s.runs[0])['devices'][0]['lost'] is True
    assert s.series(s.runs[0])['gpu0/lost']['last'] == 1


def test_a_killed_worker_costs_the_devices_only(scenes):
    s = scenes['worker']
    worker = wait_for(lambda: (s.root / 'run/track/agent.sock').exists() and s.status()['worker'], 20)
    wait_for(lambda: s.series(s.runs[0]).get('gpu0/busy_pct'), 30)
    os.kill(worker, signal.SIGKILL)
    assert s.runs[0].wait(60) == 0
    got = s.series(s.runs[0])
    assert got['cpu/busy_pct']['n'] > got['gpu0/busy_pct']['n']
    assert any(m['what'] == 'gpu worker' for m in s.devices(s.runs[0])['missing'])


def test_a_killed_sampler_is_nobodys_loss(scenes):
    s = scenes['sampler']
    wait_for(lambda: (s.root / 'run/track/agent.sock').exists(), 20)
    wait_for(lambda: s.series(s.runs[0]).get('cpu/busy_pct'), 30)
    first = s.status()['pid']
    os.kill(first, signal.SIGKILL)
    assert s.runs[0].wait(60) == 0
    assert 'everything is on the server' in s.runs[0].text()
    again = s.launch('sleep 1')  # its socket lies there still, its lock is free
    wait_for(lambda: again.wait(60) == 0, 60)
    assert s.status()['pid'] != first


def test_a_killed_launcher_ends_the_subscription(scenes):
    s = scenes['trainer']
    wait_for(lambda: (s.root / 'run/track/agent.sock').exists() and s.status()['runs'], 20)
    assert s.status()['runs'] == [s.run_id(s.runs[0])]
    s.runs[0].kill()
    wait_for(lambda: s.status()['runs'] == [], 10)


def test_a_driver_that_hangs_does_not_stop_the_host(scenes):
    s = scenes['hang']
    assert s.runs[0].wait(60) == 0
    assert s.status()['worker'] == 0
    got = s.series(s.runs[0])
    assert got['cpu/busy_pct']['n'] >= 4
    assert got['cpu/busy_pct']['n'] > got.get('gpu0/busy_pct', {'n': 0})['n'] + 1
    why = [m['why'] for m in s.devices(s.runs[0])['missing'] if m['what'] == 'gpu worker']
    assert why and 'gpu_unresponsive' in why[0]
    alerts = s.server.json('GET', f'/api/v1/runs/{s.run_id(s.runs[0])}/alerts')['alerts']
    assert [a['title'] for a in alerts] == [f'{NODE}: the GPUs do not answer']


def test_a_program_asks_for_the_sampler_itself(shared_trackd, tmp_path):
    s = Scene(tmp_path / 'scene', shared_trackd)
    out = subprocess.run([BIN / 'train_chars', '--quick', '--system', '--steps', '3000'], env=s.env,
                         capture_output=True, text=True, cwd=s.root)
    assert out.returncode == 0
    run = re.search(r'/r/([0-9a-f]{32})', out.stderr).group(1)
    series = shared_trackd.json(
        'GET', f'/api/v1/runs/{run}/series?flat=1&prefix=system/{NODE}/')['series']
    assert any(one['key'].endswith('/run/rss_bytes') for one in series)
    assert s.status()['runs'] == []
    s.close()


def test_without_a_server_it_arrives_later(make_trackd, tmp_path):
    server = make_trackd()
    server.stop()
    s = Scene(tmp_path / 'scene', server)
    out = subprocess.run([BIN / 'track', 'run', '--name', 'night', '--drain', '0', '--', 'sleep', '6'],
                         env=s.env, capture_output=True, text=True, cwd=s.root)
    run = re.search(r'/r/([0-9a-f]{32})', out.stderr).group(1)
    wait_for(lambda: s.status()['runs'] == [], 10)
    server.start()
    sync = subprocess.run([BIN / 'track', 'sync'], env=s.env, capture_output=True, text=True)
    assert sync.returncode == 0, sync.stderr
    got = server.json('GET', f'/api/v1/runs/{run}')
    assert (got['state'], got['name'], got['capture_mode']) == ('finished', 'night', 'launcher')
    assert server.json('GET', f'/api/v1/runs/{run}/docs/devices')['devices'] == []
    series = server.json('GET', f'/api/v1/runs/{run}/series?flat=1&prefix=system/{NODE}/')['series']
    assert len(series) > 5
    s.close()


def test_one_sampler_a_node_and_an_end_when_nobody_needs_it(tmp_path):
    env = {**os.environ, 'XDG_RUNTIME_DIR': str(tmp_path)}
    first = subprocess.Popen([BIN / 'track', 'agent', '--foreground', '--idle', '2'], env=env,
                             stderr=subprocess.PIPE)
    wait_for(lambda: (tmp_path / 'track/agent.sock').exists(), 10)
    second = subprocess.run([BIN / 'track', 'agent'], env=env, capture_output=True, text=True)
    assert second.returncode == 6
    assert 'runs already (pid' in second.stderr
    assert first.wait(20) == 0
    assert not (tmp_path / 'track/agent.sock').exists()


def test_one_look():
    env = {**os.environ, 'LD_LIBRARY_PATH': str(BIN / 'fake')}
    out = subprocess.run([BIN / 'track', 'agent', '--once', '--json'], env=env, capture_output=True,
                         text=True, check=True).stdout
    rows = {r['name']: r for r in json.loads(out)['readings']}
    assert rows['gpu0/busy_pct']['value'] == 50
    assert rows['mem/used_bytes']['value'] > 0


def test_strangers_packets_are_refused(tmp_path):
    env = {**os.environ, 'XDG_RUNTIME_DIR': str(tmp_path)}
    agent = subprocess.Popen([BIN / 'track', 'agent', '--foreground', '--idle', '30'], env=env,
                             stderr=subprocess.DEVNULL)
    path = tmp_path / 'track/agent.sock'
    wait_for(path.exists, 10)

    def send(data):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.settimeout(10)
            s.connect(str(path))
            s.send(data)
            got = s.recv(65536)
            return json.loads(got) if got else None

    assert send(b'\xff\x00')['ok'] is False
    assert send(b'{"op":"dance"}')['code'] == 'unsupported'
    assert send(b'{"op":"subscribe","run":"xyz"}')['code'] == 'invalid'
    assert send(b'{"op":"ping","pad":"' + b'x' * 4090 + b'"}') is None  # over 4 KiB: closed
    assert send(b'{"op":"ping"}')['ok'] is True
    agent.terminate()
    assert agent.wait(20) == 0
