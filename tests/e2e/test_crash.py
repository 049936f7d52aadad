"""kill -9 of trackd under load: every acknowledged frame is there once, every named file has its bytes.

TRACK_KILLS sets how often (20 in `make test`, hundreds in the long form).  What happens to frames once
they leave the journal is test_seal.py.
"""
import hashlib
import http.client
import json
import os
import random
import secrets
import sqlite3
import subprocess
import threading
import time

from conftest import BIN, new_id
import tkf

KILLS = int(os.environ.get('TRACK_KILLS', '20'))
ROWS = 7  # points of a frame


class Sender(threading.Thread):
    """One writer that sends frames, and again whatever was not acknowledged."""

    def __init__(self, server, run, upload):
        super().__init__(daemon=True)
        self.server, self.run_id, self.upload = server, run, upload
        self.writer = secrets.token_bytes(16)
        self.next_seq = 0  # acknowledged: frames below it
        self.files = {}    # acknowledged: path to digest
        self.repeats = 0
        self.stopping = threading.Event()
        self.wrong = None

    def ask(self, method, path, body, kind='application/json'):
        """One request, until it is answered; None when the server is to be stopped."""
        tries = 0
        while not self.stopping.is_set():
            try:
                c = http.client.HTTPConnection('127.0.0.1', self.server.port, timeout=10)
                c.request(method, path, body, {'Content-Type': kind})
                r = c.getresponse()
                answer = json.loads(r.read())
                c.close()
                self.repeats += tries > 0
                return r.status, answer
            except (OSError, http.client.HTTPException, ValueError):
                tries += 1
                time.sleep(0.01)
        return None

    def body(self):
        """One to four frames from the next seq on."""
        out = b''
        for seq in range(self.next_seq, self.next_seq + random.randint(1, 4)):
            steps = range(seq * ROWS, (seq + 1) * ROWS)
            out += tkf.points(self.writer, seq, 0, steps, [s * 0.5 for s in steps],
                              define=b'loss' if seq == 0 else None)
        return out

    def send_frames(self):
        got = self.ask('POST', f'/api/v1/runs/{self.run_id}/frames', self.body(), 'application/x-track-frames')
        if got:
            assert got[0] == 200, got
            assert got[1]['next_seq'] > self.next_seq, got
            self.next_seq = got[1]['next_seq']

    def send_file(self):
        size = random.choice([100, 3000, 100_000, 400_000])
        data = random.randbytes(size) if random.random() < 0.5 else b'epoch 3 loss 0.5\n' * (size // 17)
        digest = hashlib.sha256(data).hexdigest()
        got = self.ask('PUT', f'/api/v1/blobs/{digest}', data, 'application/octet-stream')
        if not got:
            return
        assert got[0] == 200, got
        path = f'out/{len(self.files)}.bin'
        body = json.dumps({'path': path, 'digest': digest}).encode()
        got = self.ask('PUT', f'/api/v1/runs/{self.run_id}/files', body)
        if got:
            assert got[0] == 200, got
            self.files[path] = digest

    def run(self):
        try:
            while not self.stopping.is_set():
                if self.upload and random.random() < 0.3:
                    self.send_file()
                else:
                    self.send_frames()
        except Exception as e:
            self.wrong = repr(e)


def load(server, upload):
    run = new_id()
    server.json('PUT', f'/api/v1/runs/{run}', {'project': 'crash'})
    senders = [Sender(server, run, upload) for _ in range(4)]
    for s in senders:
        s.start()
    return run, senders


def kill_many(server, kills):
    for _ in range(kills):
        time.sleep(random.uniform(0.01, 0.15))
        server.kill()
        server.start()


def check_data(data):
    """trackd check and SQLite's own check, on a closed data directory."""
    done = subprocess.run([BIN / 'trackd', 'check', '--data', data], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    db = sqlite3.connect(data / 'track.db')
    assert db.execute('PRAGMA integrity_check').fetchall() == [('ok',)]
    return db


def test_every_acknowledged_frame_is_there_once(make_trackd):
    server = make_trackd('--no-seal')
    run, senders = load(server, upload=False)
    kill_many(server, KILLS)
    for s in senders:
        s.stopping.set()
    for s in senders:
        s.join(30)
        assert s.wrong is None, s.wrong
    receipt = {w['writer']: w for w in server.json('GET', f'/api/v1/runs/{run}/receipt')['writers']}
    assert server.stop() == 0
    db = check_data(server.data)
    for s in senders:
        assert s.next_seq > 0
        held = receipt[s.writer.hex()]['next_seq']
        assert held >= s.next_seq, 'an acknowledged frame is gone'
        rows = db.execute('SELECT seq_lo, seq_hi, n FROM journal WHERE writer = ? ORDER BY seq_lo', (s.writer,))
        seq = 0
        for lo, hi, n in rows:
            assert lo == seq and n == (hi - lo + 1) * ROWS, 'a frame is missing or there twice'
            seq = hi + 1
        assert seq == held
    assert sum(s.repeats for s in senders) > 0, 'no request met a kill: the test shows nothing'


def test_every_named_file_has_its_bytes(make_trackd):
    server = make_trackd()
    run, senders = load(server, upload=True)
    kill_many(server, max(KILLS // 2, 5))
    for s in senders:
        s.stopping.set()
    for s in senders:
        s.join(30)
        assert s.wrong is None, s.wrong
    assert server.stop() == 0
    db = check_data(server.data)
    names = dict(db.execute('SELECT path, hex(digest) FROM path').fetchall())
    for s in senders:
        for path in s.files:
            assert path in names
