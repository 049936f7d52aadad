"""trackd as a process: how it starts, refuses to start, answers and ends."""
import http.client
import os
import signal
import socket
import struct
import subprocess
import threading
import time

import conftest


def run_trackd(*flags, env=None):
    return subprocess.run([conftest.BIN / 'trackd', *flags], capture_output=True, text=True, timeout=20,
                          env={**os.environ, **(env or {})})


def until(true):
    for _ in range(200):
        if true():
            return
        time.sleep(0.05)
    assert true()


def test_answers_health_on_a_free_port(trackd):
    for path in ('/health', '/healthz'):
        r = trackd.get(path)
        assert (r.status, r.json()['status']) == (200, 'ok')
    assert trackd.get('/version').json()['product'] == 'track'


def test_refuses_an_address_that_others_can_reach(tmp_path):
    for place in ('0.0.0.0:0', '[::]:0', '8.8.8.8:80', '192.168.0.1:8080'):
        r = run_trackd('--listen', place, '--data', tmp_path / 'd')
        assert r.returncode == 2 and place in r.stderr and '127.0.0.1' in r.stderr
        assert r.stderr.count('\n') == 1


def test_refuses_what_it_does_not_understand():
    for flags, says in ((['--lisen', 'x'], 'listen'), (['--threads', '1'], '2 to 64'),
                        (['serve', 'now'], 'now'), (['fly'], 'fly'), (['--sync', 'no'], 'full|normal'),
                        (['--data'], 'value'), (['--listen', '127.0.0.1'], 'ADDRESS:PORT')):
        r = run_trackd(*flags)
        assert r.returncode == 2 and says in r.stderr, (flags, r)


def test_says_that_the_port_is_in_use(trackd, tmp_path):
    r = run_trackd('--listen', f'127.0.0.1:{trackd.port}', '--data', tmp_path / 'other')
    assert r.returncode == 6 and 'in use' in r.stderr and '127.0.0.1:0' in r.stderr


def test_prints_help_and_version():
    assert 'usage: trackd' in run_trackd('--help').stdout
    assert run_trackd('version').stdout.startswith('trackd ')
    assert run_trackd('--version').stdout == run_trackd('version').stdout


def test_listens_on_a_socket_file(make_trackd, tmp_path):
    path = tmp_path / 's.sock'
    server = make_trackd('--listen', f'unix:{path}')
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(path))
        s.sendall(b'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
        assert s.recv(4096).startswith(b'HTTP/1.1 200')
    assert oct(path.stat().st_mode & 0o777) == '0o700' or not path.stat().st_mode & 0o077
    assert server.stop() == 0 and not path.exists()


def test_starts_within_a_moment(make_trackd):
    began = time.monotonic()
    server = make_trackd()
    assert server.get('/health').status == 200
    assert time.monotonic() - began < 5


def test_ends_in_order_while_connections_are_open(make_trackd):
    server = make_trackd('--drain', '5')
    idle = socket.create_connection(('127.0.0.1', server.port))
    used = socket.create_connection(('127.0.0.1', server.port))
    used.sendall(b'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
    assert used.recv(4096).startswith(b'HTTP/1.1 200')
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 4
    idle.close(), used.close()


def test_opens_its_log_again(make_trackd, tmp_path):
    log, old = tmp_path / 'a.log', tmp_path / 'a.log.1'
    server = make_trackd('--log-file', log, '--log-format', 'json')
    server.get('/health')
    until(lambda: '"path":"/health"' in log.read_text())
    log.rename(old)
    server.process.send_signal(signal.SIGHUP)
    until(lambda: log.exists())
    until(lambda: server.get('/version') and '"path":"/version"' in log.read_text())
    assert '"path":"/health"' in old.read_text()
    assert not log.stat().st_mode & 0o077


def test_a_path_cannot_forge_a_line_of_the_log(trackd):
    trackd.raw(b'GET /a%0astatus=200 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    trackd.raw(b'GET /\x1b[31m HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    assert trackd.get('/health').status == 200
    text = trackd.log.read_text()
    assert '\x1b' not in text and '\nstatus=200' not in text


def test_no_value_of_a_caller_stands_in_the_log(trackd):
    run, secret = conftest.new_id(), 'canary-8f3a'
    path = f'/api/v1/runs/{run}'
    trackd.json('PUT', path, {'project': 'p', 'params': {'key': secret}, 'tags': {'t': secret}})
    for method, where, body in (('POST', path + '/params', {'params': {'key': secret + '2'}}),
                                ('POST', path + '/params', {'params': {'x': [secret]}}),
                                ('PATCH', path, {secret: 1}), ('GET', path + f'/points?key={secret}', None),
                                ('POST', '/api/v1/runs/search', {'filter': f'{secret} <'})):
        r = trackd.request(method, where, body, {'Authorization': f'Bearer {secret}', 'Cookie': secret})
        assert r.status in (400, 404, 409), r
        until(lambda: r.error['ref'] in trackd.log.read_text())
    assert secret not in trackd.log.read_text()


def test_serves_many_at_once(trackd):
    codes = []

    def ask():
        for _ in range(20):
            codes.append(trackd.get('/health').status)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert codes == [200] * 160
def test_prints_settings_that_it_reads_again(tmp_path):
    r = run_trackd('--print-config', '--threads', '3', '--allow-host', 'a.example',
                   '--allow-host', 'b.example:8443', env={'TRACKD_MAX_BODY': '1MiB'})
    assert r.returncode == 0
    file = tmp_path / 'trackd.conf'
    file.write_text(r.stdout)
    again = run_trackd('--print-config', '--config', file)
    assert again.stdout == r.stdout and 'threads = 3' in r.stdout
    assert 'max-body = 1048576' in r.stdout and 'allow-host = a.example,b.example:8443' in r.stdout
    over = run_trackd('--print-config', '--config', file, '--allow-host', 'c', '--threads=4')
    assert 'allow-host = c\n' in over.stdout and 'threads = 4' in over.stdout


def test_names_the_line_of_a_wrong_setting(tmp_path):
    file = tmp_path / 'trackd.conf'
    file.write_text('threads = 2\nthreds = 3\n')
    r = run_trackd('--config', file)
    assert r.returncode == 2 and 'line 2' in r.stderr and 'threds' in r.stderr




def test_holds_its_data_against_a_second_server(trackd):
    r = run_trackd('--listen', '127.0.0.1:0', '--data', trackd.data)
    assert r.returncode == 6 and str(trackd.process.pid) in r.stderr
    r = run_trackd('check', '--data', trackd.data)
    assert r.returncode == 6 and str(trackd.process.pid) in r.stderr
    assert trackd.get('/health').status == 200


def test_checks_what_it_stored(make_trackd):
    server = make_trackd('--sync', 'normal', '--no-seal')
    run = conftest.new_id()
    server.json('PUT', f'/api/v1/runs/{run}', {'project': 'p'})
    server.json('POST', f'/api/v1/runs/{run}/points', {'points': [{'key': 'loss', 'value': 1}]})
    assert server.stop() == 0
    for flags in ([], ['--quick']):
        r = run_trackd('check', '--data', server.data, *flags)
        assert r.returncode == 0 and r.stdout.startswith('clean: 1 runs, 1 frames, 1 points'), r
    r = run_trackd('check', '--data', server.data / 'nowhere')
    assert r.returncode in (1, 5) and 'nowhere' in r.stderr


def test_says_why_it_cannot_have_its_data(tmp_path):
    file = tmp_path / 'file'
    file.write_text('x')
    r = run_trackd('--listen', '127.0.0.1:0', '--data', file)
    assert r.returncode in (1, 2, 6) and str(file) in r.stderr
    shared = tmp_path / 'shared'
    shared.mkdir()
    for mode in (0o777, 0o770):
        shared.chmod(mode)
        r = run_trackd('--listen', '127.0.0.1:0', '--data', shared)
        assert r.returncode == 2 and 'chmod' in r.stderr and str(shared) in r.stderr
    damaged = tmp_path / 'damaged'
    damaged.mkdir(mode=0o700)
    (damaged / 'track.db').write_bytes(b'no database at all' * 1000)
    r = run_trackd('--listen', '127.0.0.1:0', '--data', damaged)
    assert r.returncode == 8 and r.stderr.count('\n') == 1, r


def test_ends_in_order_under_load(make_trackd):
    server = make_trackd()
    run = conftest.new_id()
    server.json('PUT', f'/api/v1/runs/{run}', {'project': 'p'})
    held, ending = [], threading.Event()

    def load(name):
        step = 0
        while True:
            try:
                r = server.request('POST', f'/api/v1/runs/{run}/points',
                                   {'points': [{'key': name, 'step': step, 'value': 1}]}, timeout=10)
            except OSError:
                if ending.is_set():
                    return
                raise
            except http.client.HTTPException:
                return
            assert r.status == 200, r
            held.append((name, step))
            step += 1

    threads = [threading.Thread(target=load, args=(f'k{i}',)) for i in range(6)]
    [t.start() for t in threads]
    time.sleep(1)
    ending.set()
    assert server.stop() == 0
    [t.join() for t in threads]
    assert len(held) > 50
    server.start()
    for name in {n for n, _ in held}:
        got = server.json('GET', f'/api/v1/runs/{run}/points?key={name}&limit=100000')['step']
        want = [s for n, s in held if n == name]
        assert got[:len(want)] == want and len(got) <= len(want) + 1
    assert server.stop() == 0


def test_a_peer_that_goes_away_while_its_write_waits_hurts_nobody(trackd):
    body = b'{"project":"p"}'
    for i in range(300):
        head = (f'PUT /api/v1/runs/{conftest.new_id()} HTTP/1.1\r\nHost: 127.0.0.1:{trackd.port}\r\n'
                f'Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n')
        s = socket.create_connection(('127.0.0.1', trackd.port))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        s.sendall(head.encode() + body)
        s.close()
    time.sleep(2)  # the tick that looks for writes that wait too long
    assert trackd.process.poll() is None and trackd.get('/health').status == 200


def test_serves_below_a_prefix(make_trackd):
    server = make_trackd('--base-path', 'a/track/')
    assert server.get('/a/track/health').status == 200
    assert server.get('/health').status == 200
    assert server.get('/a/tracker/health').status == 404
    assert server.get('/a/track/api/v1/version').status == 200
    assert server.get('/a/track/').status == 200
    assert server.get('/a/track/api/v1/version', Sec_Fetch_Site='cross-site').status == 403
