"""Event streams: what they say, how they go on after a break, how many there may be, how they end.
And peers that are slow on purpose."""
import hashlib
import json
import resource
import socket
import threading
import time

import conftest


class Stream:
    def __init__(self, server, query='', headers=''):
        self.socket = socket.create_connection(('127.0.0.1', server.port), timeout=20)
        self.socket.sendall(f'GET /api/v1/events{query} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n'.encode())
        self.got = b''

    def read(self, until, seconds=10):
        """Reads until the text is there; everything so far, without the framing of chunks."""
        end = time.monotonic() + seconds
        while until.encode() not in self.got:
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            part = self.socket.recv(65536)
            assert part, f'the stream ended: {self.got!r}'
            self.got += part
        return self.got.decode()

    def events(self):
        """(id, event, data) of everything so far."""
        out, one = [], {}
        for line in self.got.decode().splitlines():
            if line.startswith(('id: ', 'event: ', 'data: ')):
                name, value = line.split(': ', 1)
                one[name] = value
                if name == 'data':
                    out.append((one['id'], one['event'], json.loads(value)))
        return out

    def close(self):
        self.socket.close()


def make_run(server, project='p'):
    run = conftest.new_id()
    server.json('PUT', f'/api/v1/runs/{run}', {'project': project})
    return run


def test_a_stream_begins_with_reset_and_says_what_changed(trackd):
    run = make_run(trackd)
    stream = Stream(trackd)
    assert 'Content-Type: text/event-stream' in stream.read('event: reset')
    trackd.json('POST', f'/api/v1/runs/{run}/points', {'points': [{'key': 'loss', 'value': 1}]})
    stream.read('event: points')
    trackd.json('POST', f'/api/v1/runs/{run}/lines', {'lines': [{'text': 'x'}]})
    stream.read('event: lines')
    trackd.json('POST', f'/api/v1/runs/{run}/alerts', {'title': 'hot', 'level': 'info'})
    stream.read('event: alerts')
    trackd.json('PATCH', f'/api/v1/runs/{run}', {'name': 'other'})
    stream.read('event: run\n')
    events = stream.events()
    assert [e for _, e, _ in events] == ['reset', 'points', 'lines', 'alerts', 'run']
    assert all(d['run'] == run and d['project'] == 0 for _, e, d in events if e != 'reset')
    assert 'name' in events[-1][2]['fields']
    stream.close()


def test_a_stream_goes_on_where_it_broke_off(trackd):
    run = make_run(trackd)
    stream = Stream(trackd)
    stream.read('event: reset')
    trackd.json('PATCH', f'/api/v1/runs/{run}', {'name': 'one'})
    stream.read('event: run')
    last = stream.events()[-1][0]
    stream.close()
    for i in range(5):
        trackd.json('PATCH', f'/api/v1/runs/{run}', {'note': str(i)})
    for headers, query in ((f'Last-Event-ID: {last}\r\n', ''), ('', f'?last={last}')):
        again = Stream(trackd, query, headers)
        trackd.json('POST', f'/api/v1/runs/{run}/alerts', {'title': 'end', 'level': 'info'})
        again.read('event: alerts')
        kinds = [e for _, e, _ in again.events()]
        assert 'reset' not in kinds and 1 <= kinds.count('run') <= 5
        again.close()


def test_a_place_that_is_not_known_is_a_reset(trackd):
    make_run(trackd)
    for last in ('x', '0.0', 'ffffffffffff.7', '999999999999999999999999'):
        stream = Stream(trackd, f'?last={last}')
        stream.read('event: reset')
        stream.close()


def test_a_stream_may_be_of_one_project_or_run(trackd):
    a, b = make_run(trackd, 'a'), make_run(trackd, 'b')
    of_a, of_run = Stream(trackd, '?project=a'), Stream(trackd, f'?run={b}')
    of_a.read('event: reset'), of_run.read('event: reset')
    for run in (a, b):
        trackd.json('POST', f'/api/v1/runs/{run}/lines', {'lines': [{'text': 'x'}]})
    assert of_a.read('event: lines') and of_run.read('event: lines')
    time.sleep(0.2)
    assert {d['run'] for _, e, d in of_a.events() if e == 'lines'} == {a}
    assert {d['run'] for _, e, d in of_run.events() if e == 'lines'} == {b}
    assert trackd.get('/api/v1/events?project=nope').status == 404
    assert trackd.get(f'/api/v1/events?run={"0" * 32}').status == 404
    of_a.close(), of_run.close()


def test_a_page_elsewhere_may_not_listen(trackd):
    assert trackd.get('/api/v1/events', Origin='http://evil.example').status == 403
    assert trackd.get('/api/v1/events', Sec_Fetch_Site='cross-site').status == 403


def test_a_quiet_stream_stays_open_and_others_are_not_held_up(trackd):
    streams = [Stream(trackd) for _ in range(20)]
    [s.read('event: reset') for s in streams]
    began = time.monotonic()
    for _ in range(50):
        assert trackd.get('/health').status == 200
    assert time.monotonic() - began < 5
    assert streams[0].read(': still here', seconds=25)
    assert 14 < time.monotonic() - began < 25
    [s.close() for s in streams]


def test_there_may_be_256_streams(make_trackd):
    server = make_trackd()
    streams = [Stream(server) for _ in range(256)]
    [s.read('event: reset') for s in streams]
    r = server.get('/api/v1/events')
    assert (r.status, r.headers['Retry-After']) == (429, '1') and '256' in r.error['message']
    make_run(server)
    [s.read('event: project') for s in streams]
    [s.close() for s in streams]


def test_streams_end_with_a_word_when_the_server_ends(make_trackd):
    server = make_trackd()
    streams = [Stream(server) for _ in range(3)]
    [s.read('event: reset') for s in streams]
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 5
    for s in streams:
        assert 'retry: 1000' in s.read('0\r\n\r\n', seconds=2)
        s.close()


def cut_after(server, first, pause, limit):
    """Sends the head, then a byte each `pause` seconds; seconds until the server closes."""
    began = time.monotonic()
    with socket.create_connection(('127.0.0.1', server.port)) as s:
        s.sendall(first)
        while time.monotonic() - began < limit:
            s.settimeout(pause)
            try:
                s.sendall(b' ')
                if s.recv(1024) == b'':
                    return time.monotonic() - began
            except socket.timeout:
                pass
            except OSError:
                return time.monotonic() - began
    return None


def test_slow_bodies_are_cut_and_others_served(trackd):
    run = make_run(trackd)
    head = f'POST /api/v1/runs/{run}/points HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' \
           f'Content-Length: 100000\r\n\r\n{{'
    took = []
    threads = [threading.Thread(target=lambda: took.append(cut_after(trackd, head.encode(), 0.5, 45)))
               for _ in range(10)]
    [t.start() for t in threads]
    began = time.monotonic()
    while any(t.is_alive() for t in threads):
        assert trackd.get('/health').status == 200
        time.sleep(0.5)
    [t.join() for t in threads]
    assert all(t and 28 < t < 35 for t in took), took
    assert time.monotonic() - began < 40


def test_a_reader_that_stops_reading_does_no_harm(trackd):
    data = b'x' * (8 << 20)
    digest = hashlib.sha256(data).hexdigest()
    assert trackd.request('PUT', f'/api/v1/blobs/{digest}', data, {'Content-Type': 'text/plain'}).status == 200
    sockets = []
    for _ in range(20):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(('127.0.0.1', trackd.port))
        s.sendall(f'GET /api/v1/blobs/{digest} HTTP/1.1\r\nHost: localhost\r\n\r\n'.encode())
        sockets.append(s)
    time.sleep(0.5)
    for _ in range(20):
        assert trackd.get('/health').status == 200
    [s.close() for s in sockets]
    assert trackd.get('/health').status == 200


def test_many_idle_connections(trackd):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    many = min(3000, hard - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, many + 200), hard))
    try:
        idle = [socket.create_connection(('127.0.0.1', trackd.port)) for _ in range(many)]
        began = time.monotonic()
        for _ in range(20):
            assert trackd.get('/health').status == 200
        assert time.monotonic() - began < 10
        [s.close() for s in idle]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert trackd.get('/health').status == 200
