"""Runs that are logged to while trackd seals, merges and is killed; and what must be there then.

Each Logger is one run with one writer: frames of several series with late steps, repeats and any bits,
and points as JSON; now and then it rests, and it ends.  It remembers what was acknowledged.
"""
import http.client
import json
import random
import re
import secrets
import struct
import threading
import time

from conftest import new_id
import sdk_tools
import tkf

FRAMES = 'application/x-track-frames'
KEYS = [b'loss', b'acc', b'deep/gpu']
FRESH_US = 1764000000000000
LATER = 429, 503  # the server asks to come again
DONE = 'seals', 'merges'


def bits_of(values):
    return struct.unpack(f'<{len(values)}Q', struct.pack(f'<{len(values)}d', *values))


def any_values(count):
    """Smooth, or any 64 bits; NaN with payloads and infinities among them."""
    if random.random() < 0.5:
        return [k / 8 for k in range(count)]
    return list(struct.unpack(f'<{count}d', secrets.token_bytes(8 * count)))


class Logger(threading.Thread):
    def __init__(self, server, frames):
        super().__init__(daemon=True)
        self.server, self.frames = server, frames
        self.run_id, self.writer = new_id(), secrets.token_bytes(16)
        self.seq = 0          # acknowledged: frames below it
        self.count = 0        # points of these frames
        self.flying = 0       # points of the next one, which was sent
        self.step = 0
        self.sent = {}        # name of series to set of (step, time, bits)
        self.acknowledged = {}
        self.repeats = 0
        self.ended = False
        self.stopping = threading.Event()
        self.wrong = None

    def ask(self, method, path, body, kind='application/json'):
        """One request until it is answered for good; None when all is to stop."""
        tries = 0
        while not self.stopping.is_set():
            try:
                c = http.client.HTTPConnection('127.0.0.1', self.server.port, timeout=20)
                c.request(method, f'/api/v1/runs/{self.run_id}{path}', body, {'Content-Type': kind})
                r = c.getresponse()
                answer = json.loads(r.read() or b'null')
                c.close()
                if r.status not in LATER:
                    self.repeats += tries > 0
                    assert r.status in (200, 201, 202, 204), (path, r.status, answer)
                    return answer or {}
            except (OSError, http.client.HTTPException, ValueError):
                pass
            tries += 1
            time.sleep(0.01)
        return None

    def points(self, key):
        """Steps, time and values of one frame or document: going on, late, or sent before."""
        count = random.choice([1, 3, 20, 20, 20, 200, 200, 2000])
        first = self.step if random.random() < 0.7 else random.randrange(self.step + 1)
        self.step = max(self.step, first + count)
        values = any_values(count) if random.random() < 0.8 else [0.5] * count
        return range(first, first + count), FRESH_US + first // 1000, values

    def note(self, into, key, points):
        steps, time_us, values = points
        into.setdefault(key, set()).update(zip(steps, [time_us] * len(values), bits_of(values)))

    def send_frame(self):
        number = self.seq % len(KEYS)
        points = self.points(KEYS[number])
        body = tkf.points(self.writer, self.seq, number, points[0], points[2], time_us=points[1],
                          define=KEYS[number] if self.seq < len(KEYS) else None)
        self.note(self.sent, KEYS[number], points)
        self.flying = len(points[0])
        got = self.ask('POST', '/frames', body, FRAMES)
        if got:
            assert got['next_seq'] == self.seq + 1, got
            self.seq += 1
            self.count += self.flying
            self.note(self.acknowledged, KEYS[number], points)

    def send_document(self):
        steps, time_us, values = self.points(b'json')
        values = [k / 4 for k in range(len(values))]
        document = [{'key': 'json', 'step': s, 'time_us': time_us, 'value': v} for s, v in zip(steps, values)]
        self.note(self.sent, b'json', (steps, time_us, values))
        if self.ask('POST', '/points', json.dumps({'points': document}).encode()):
            self.note(self.acknowledged, b'json', (steps, time_us, values))

    def end(self):
        close = {'last_seq': self.seq - 1, 'points': self.count}
        if self.seq:
            self.ask('POST', f'/writers/{self.writer.hex()}/close', json.dumps(close).encode())
        self.ended = self.ask('POST', '/finish', b'{"state": "finished"}') is not None

    def run(self):
        try:
            self.ask('PUT', '', b'{"project": "crash"}')
            for _ in range(self.frames):
                if random.random() < 0.2:
                    self.send_document()
                else:
                    self.send_frame()
                if random.random() < 0.1:
                    time.sleep(random.uniform(0, 0.4))
                if self.stopping.is_set():
                    return
            self.end()
        except Exception as e:
            self.wrong = repr(e)


class Load:
    """Loggers one after the other, so many at a time, and a reader that looks at them."""

    def __init__(self, server, at_once=3):
        self.server = server
        self.loggers = []
        self.reads = 0
        self.done = {name: 0 for name in DONE}  # by all lives of the server, as far as it was seen
        self.last = {}
        self.stopping = threading.Event()
        self.wrong = None
        self.threads = [threading.Thread(target=self.log, daemon=True) for _ in range(at_once)]
        self.threads.append(threading.Thread(target=self.read, daemon=True))
        for t in self.threads:
            t.start()

    def log(self):
        while not self.stopping.is_set() and not self.wrong:
            logger = Logger(self.server, random.choice([3, 30, 60, 120]))
            self.loggers.append(logger)
            logger.start()
            while logger.is_alive() and not self.stopping.is_set():
                logger.join(0.1)
            logger.stopping.set()
            logger.join(30)
            self.wrong = self.wrong or logger.wrong

    def look(self):
        """What was acknowledged before a question is in the answer."""
        logger = random.choice(self.loggers)
        known = list(logger.acknowledged)
        if known:
            key = random.choice(known)
            before = set(logger.acknowledged[key])
            missing = before - set(read(self.server, logger, key))
            assert not missing, (logger.run_id, key, len(missing), len(before))
            self.reads += 1

    def count(self):
        """Adds what the server has sealed and merged since it was asked last."""
        text = self.server.get('/metrics').body.decode()
        assert not re.search(r'^track_journal_\w+ -', text, re.M), 'less than nothing waits'
        for name in DONE:
            now = float(re.search(rf'^track_{name}_total (\S+)$', text, re.M).group(1))
            last = self.last.get(name, 0)
            self.done[name] += now - last if now >= last else now
            self.last[name] = now

    def read(self):
        while not self.stopping.is_set():
            time.sleep(0.1)
            try:
                if self.loggers:
                    self.look()
                    self.count()
            except (OSError, http.client.HTTPException):
                pass  # killed
            except Exception as e:
                self.wrong = f'reader: {e!r}'

    def stop(self):
        self.stopping.set()
        for t in self.threads:
            t.join(60)
        assert self.wrong is None, self.wrong


def read(server, logger, key):
    return sdk_tools.points(server, logger.run_id, key.decode())


def finish(server, load):
    """Ends what goes on; the server is not killed any more."""
    for logger in load.loggers:
        logger.stopping.clear()
        held = {w['writer']: w for w in server.json('GET', f'/api/v1/runs/{logger.run_id}/receipt')['writers']}
        seq = held.get(logger.writer.hex(), {'next_seq': 0})['next_seq']
        assert seq in (logger.seq, logger.seq + 1), 'an acknowledged frame is gone'
        logger.count += logger.flying * (seq - logger.seq)
        logger.seq = seq
        if not logger.ended:
            logger.end()


def check_points(server, load):
    """Each acknowledged point is there once, and nothing that nobody sent; how many there are, by run."""
    counts = {}
    for logger in load.loggers:
        total = 0
        for key, sent in logger.sent.items():
            got = read(server, logger, key)
            assert len(got) == len(set(got)), (logger.run_id, key, 'a point is there twice')
            assert got == sorted(got, key=lambda p: p[:2]), (logger.run_id, key, 'points are out of order')
            missing = logger.acknowledged.get(key, set()) - set(got)
            assert not missing, (logger.run_id, key, f'{len(missing)} acknowledged points are gone')
            assert set(got) <= sent, (logger.run_id, key, 'points that nobody has sent')
            total += len(got)
        counts[logger.run_id] = total
    return counts
