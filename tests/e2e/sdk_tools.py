"""What the tests of the SDK share: programs against libtrack.a, points as they are, a bad proxy."""
import os
import pathlib
import socket
import struct
import subprocess
import threading

from track_command import BIN

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
LIBS = ['-lcurl', '-lgit2', '-lcrypto', '-lzstd', '-ljansson', '-lpcre2-8', '-linih', '-lm',
        '-pthread']


def plain_library():
    """libtrack.a without a sanitizer: the allocator of ASan may be locked for ever in a forked child."""
    library = ROOT / 'build/gcc-release/libtrack.a'
    env = {k: v for k, v in os.environ.items() if k not in ('MAKEFLAGS', 'MFLAGS', 'MAKELEVEL')}
    subprocess.run(['make', '-s', 'CC=gcc', 'MODE=release', library.relative_to(ROOT)], cwd=ROOT, env=env,
                   check=True, stdout=subprocess.DEVNULL)
    return library


def build(folder, name, library=None):
    """Compiles tests/e2e/NAME.c as a user would, against the installed headers."""
    include = folder / 'include'
    include.mkdir(exist_ok=True)
    (include / 'track_status.h').write_text((ROOT / 'core/status.h').read_text())
    header = (ROOT / 'sdk/track.h').read_text()
    lines = ['#include "track_status.h"' if '"../core/status.h"' in l else l
             for l in header.split('\n')]
    (include / 'track.h').write_text('\n'.join(lines))
    library = library or BIN / 'libtrack.a'
    sanitized = b'__asan_' in subprocess.run(['nm', library], capture_output=True).stdout
    out = folder / name
    subprocess.run([os.environ.get('CC', 'cc'), '-g', '-O1', f'-I{include}', '-o', out,
                    HERE / f'{name}.c', library,
                    *(['-fsanitize=address,undefined'] if sanitized else []), *LIBS], check=True)
    return out


def points(trackd, run, key, context=None):
    """[(step, time_us, bits)] of a series, in order."""
    from urllib.parse import quote
    path = f'/api/v1/runs/{run}/points?limit=1000000&key={quote(key, safe="")}'
    if context:
        path += '&context=' + quote(context, safe='')
    r = trackd.get(path, Accept='application/x-track-points')
    if r.status == 404:
        return []
    assert r.status == 200, r
    b = r.body
    assert b[:4] == b'TKPT', b[:16]
    n, = struct.unpack_from('<I', b, 8)
    key_size, context_size = struct.unpack_from('<HH', b, 12)
    at = 16 + key_size + context_size
    at += -at % 8
    steps = struct.unpack_from(f'<{n}q', b, at)
    times = struct.unpack_from(f'<{n}q', b, at + 8 * n)
    bits = struct.unpack_from(f'<{n}Q', b, at + 16 * n)
    return list(zip(steps, times, bits))


def steps(trackd, run, key='loss'):
    return [p[0] for p in points(trackd, run, key)]


class Proxy:
    """Between SDK and server; `mode` says how it misbehaves.

    pass; reset: closes at once; drop: passes the request, drops the reply; twice: sends each
    request twice; stall: never answers; garbage: answers what is no HTTP; html: a 200 of another
    server; cut: half of the reply.
    """

    def __init__(self, port):
        self.to, self.mode, self.count = port, 'pass', 0
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.url = f'http://127.0.0.1:{self.port}'
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    @staticmethod
    def read_message(s):
        """Head and body of one HTTP message, or b''."""
        data = b''
        while b'\r\n\r\n' not in data:
            part = s.recv(65536)
            if not part:
                return b''
            data += part
        head, _, rest = data.partition(b'\r\n\r\n')
        size = 0
        for line in head.split(b'\r\n')[1:]:
            name, _, value = line.partition(b':')
            if name.lower() == b'content-length':
                size = int(value)
        while len(rest) < size:
            part = s.recv(65536)
            if not part:
                return b''
            rest += part
        return head + b'\r\n\r\n' + rest

    def ask(self, request):
        with socket.create_connection(('127.0.0.1', self.to), timeout=10) as s:
            s.sendall(request)
            return self.read_message(s)

    def serve(self, client):
        try:
            with client:
                while True:
                    mode = self.mode
                    if mode == 'reset':
                        return
                    request = self.read_message(client)
                    if not request:
                        return
                    self.count += 1
                    if not self.answer(client, request, mode):
                        return
        except OSError:
            pass

    def answer(self, client, request, mode):
        if mode == 'stall':
            threading.Event().wait(20)
            return False
        if mode == 'garbage':
            client.sendall(b'\x00\x01 not http at all\r\n\r\n')
            return False
        if mode == 'html':
            body = b'<html>Welcome to the hotel Wi-Fi</html>'
            client.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n'
                           % len(body) + body)
            return True
        reply = self.ask(request)
        if mode == 'twice':
            reply = self.ask(request)
        if mode == 'drop':
            return False
        if mode == 'cut':
            client.sendall(reply[:len(reply) // 2])
            return False
        client.sendall(reply)
        return True

    def close(self):
        self.listener.close()
