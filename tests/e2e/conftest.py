"""Shared fixtures: a real trackd on a free port with a data directory of its own.

    def test_x(trackd):                         # running; stopped at the end
        assert trackd.get('/health').status == 200
        run = trackd.json('PUT', '/api/v1/runs/' + new_id(), {'project': 'p'})

    def test_y(make_trackd):                    # as many as needed, with flags
        server = make_trackd('--threads', '4'); server.kill(); server.start()

Programs come from $TRACK_BIN (`make e2e` sets it).  Standard library only.
"""
import http.client
import json
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import time

import pytest

BIN = pathlib.Path(os.environ.get('TRACK_BIN', 'build/gcc-debug')).resolve()


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The object inside {"error": ...}."""
        return self.json()['error']

    def __repr__(self):
        return f'<{self.status} {self.body[:300]!r}>'


class Server:
    """One trackd process on one data directory; start again after stop or kill."""

    def __init__(self, data, *flags):
        self.data, self.flags = pathlib.Path(data), flags
        self.process = self.port = None
        self.log = self.data.parent / (self.data.name + '.log')

    def start(self, wait=10):
        out = open(self.log, 'ab')
        self.process = subprocess.Popen(
            [BIN / 'trackd', '--listen', f'127.0.0.1:{self.port or 0}', '--data', self.data,
             *self.flags], stdout=subprocess.PIPE, stderr=out, stdin=subprocess.DEVNULL)
        line = self.process.stdout.readline().decode()
        found = re.search(r'http://127\.0\.0\.1:(\d+)', line)
        assert found, f'trackd did not start: {line!r} {self.log.read_text()[-2000:]}'
        self.port = int(found.group(1))
        self.url = f'http://127.0.0.1:{self.port}'
        return self

    def stop(self, wait=30):
        """SIGTERM; returns the exit code."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait(wait)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        return self.wait(10)

    def wait(self, seconds):
        if not self.process:
            return None
        code = self.process.wait(seconds)
        self.process.stdout.close()
        return code

    def request(self, method, path, body=None, headers=(), timeout=30):
        """One request on a connection of its own.  body: bytes, or anything else sent as JSON."""
        headers = dict(headers)
        if body is not None and not isinstance(body, (bytes, bytearray)):
            body = json.dumps(body).encode()
            headers.setdefault('Content-Type', 'application/json')
        c = http.client.HTTPConnection('127.0.0.1', self.port, timeout=timeout)
        try:
            c.request(method, path, body=body, headers=headers)
            r = c.getresponse()
            return Response(r.status, r.headers, r.read())
        finally:
            c.close()

    def get(self, path, **headers):
        return self.request('GET', path, headers={k.replace('_', '-'): v for k, v in headers.items()})

    def json(self, method, path, body=None):
        """The answer's JSON; fails unless the status is 2xx."""
        r = self.request(method, path, body)
        assert 200 <= r.status < 300, f'{method} {path}: {r!r}'
        return r.json() if r.body else None

    def raw(self, data, seconds=5, read=True):
        """Sends bytes as they are; returns everything until the server closes or falls silent."""
        with socket.create_connection(('127.0.0.1', self.port), timeout=seconds) as s:
            s.sendall(data)
            got = b''
            while read:
                try:
                    part = s.recv(65536)
                except (socket.timeout, ConnectionResetError):
                    break
                if not part:
                    break
                got += part
            return got


def new_id():
    """A UUIDv7 as 32 hex digits."""
    ms = int(time.time() * 1000)
    n = (ms << 80) | (7 << 76) | (secrets.randbits(12) << 64) | (2 << 62) | secrets.randbits(62)
    return f'{n:032x}'


@pytest.fixture
def make_trackd(tmp_path):
    """Makes started servers, each with its own data directory below tmp_path."""
    made = []

    def make(*flags, data=None, start=True):
        server = Server(data or tmp_path / f'data{len(made)}', *flags)
        made.append(server)
        return server.start() if start else server

    yield make
    for server in made:
        server.kill()


@pytest.fixture
def trackd(make_trackd):
    """A running server; it must stop in order when the test has passed."""
    server = make_trackd()
    yield server
    if server.process.poll() is None:
        assert server.stop() == 0, server.log.read_text()[-3000:]


@pytest.fixture(scope='module')
def shared_trackd(tmp_path_factory):
    """One server for all tests of a module that do not disturb each other."""
    server = Server(tmp_path_factory.mktemp('shared') / 'data').start()
    yield server
    server.kill()
