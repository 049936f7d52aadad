"""What was logged is what is read: raw points bit for bit, bins that are those of their definition in
JSON and in binary, texts, and damage that is refused.  Readers here are written from
schema/formats.md alone."""
import math
import os
import random
import struct

import pytest

import tkf
from conftest import new_id

COLUMNS = ['x_first', 'x_last', 'first', 'last', 'min', 'max', 'mean', 'n', 'nan', 'pinf', 'ninf', 'smooth']
FRAMES = {'Content-Type': 'application/x-track-frames'}


def read_tkbn(b):
    """{(key, context): {column: list}} and the head."""
    magic, version, x, mask, width, first, last, count, groups, size = struct.unpack_from('<4sBBHqqqIIQ', b)
    assert (magic, version, groups, size) == (b'TKBN', 1, 0, len(b))
    if x == 3:
        width, first, last = struct.unpack_from('<ddd', b, 8)
    at, series = 48, {}
    for _ in range(count):
        flags, n, key_size, context_size, narrow = struct.unpack_from('<IIHHI', b, at + 32)
        name = b[at + 48:at + 48 + key_size].decode()
        context = b[at + 48 + key_size:at + 48 + key_size + context_size].decode()
        at += (48 + key_size + context_size + 7) // 8 * 8
        one = {'flags': flags}
        if x == 3:
            one['unplaced'] = struct.unpack_from('<Q', b, at)[0]
            at += 8
        if n:
            one['bin'] = list(struct.unpack_from(f'<{n}I', b, at))
            at += (4 * n + 7) // 8 * 8
        for i, column in enumerate(COLUMNS):
            if n and mask >> i & 1:
                kind = 'f' if narrow >> i & 1 else 'd'
                one[column] = list(struct.unpack_from(f'<{n}{kind}', b, at))
                at += (n * struct.calcsize(kind) + 7) // 8 * 8
        series[name, context] = one
    assert at == len(b)
    return {'x': x, 'width': width, 'from': first, 'to': last, 'series': series}


def read_tkpt(b):
    magic, version, n, key_size, context_size = struct.unpack_from('<4sB3xIHH', b)
    assert (magic, version) == (b'TKPT', 1)
    at = (16 + key_size + context_size + 7) // 8 * 8
    assert len(b) == at + 24 * n
    steps = struct.unpack_from(f'<{n}q', b, at)
    times = struct.unpack_from(f'<{n}q', b, at + 8 * n)
    bits = struct.unpack_from(f'<{n}Q', b, at + 16 * n)
    return list(zip(steps, times, bits))


def number(v):
    return {'NaN': math.nan, 'Infinity': math.inf, '-Infinity': -math.inf}.get(v, v)


def same(a, b):
    a, b = number(a), number(b)
    if a is None or b is None:
        return a is b or math.isnan(a if b is None else b)
    return a == b or (math.isnan(a) and math.isnan(b))


def bits(v):
    return struct.unpack('<Q', struct.pack('<d', v))[0]


@pytest.fixture
def run(shared_trackd):
    id_ = new_id()
    shared_trackd.json('PUT', f'/api/v1/runs/{id_}', {'project': 'series'})
    return id_


def send(server, run, *frames):
    return server.request('POST', f'/api/v1/runs/{run}/frames', b''.join(frames), FRAMES)


def check_bins(answer, points, x):
    """Every bin of the one series of answer, again from points [(step, time, value)]."""
    (series,) = answer['series']
    where = {}
    for step, time, value in set(points):
        at = (step if x == 'step' else time) - int(answer['from'])
        where.setdefault(at // int(answer['width']), []).append((step, time, value))
    assert series['bin'] == sorted(where)
    for i, index in enumerate(series['bin']):
        here = where[index]
        finite = [v for _, _, v in here if math.isfinite(v)]
        assert series['n'][i] == len(here)
        assert series['nan'][i] == sum(math.isnan(v) for _, _, v in here)
        assert series['pinf'][i] == sum(v == math.inf for _, _, v in here)
        assert series['ninf'][i] == sum(v == -math.inf for _, _, v in here)
        assert same(series['min'][i], min(finite, default=None))
        assert same(series['max'][i], max(finite, default=None))
        if finite:
            assert abs(series['mean'][i] - math.fsum(finite) / len(finite)) <= max(map(abs, finite)) * 2**-40


@pytest.mark.parametrize('x', ['step', 'time'])
def test_bins_are_those_of_all_points(shared_trackd, run, x):
    rng = random.Random(1)
    special = [math.inf, -math.inf, 1e300, -0.0]
    points = []
    for i in range(3000):
        step = i // 2 - 200 - rng.randrange(50)
        value = rng.choice(special) if rng.random() < 0.05 else round(rng.gauss(0, 3), 2)
        points.append((step, 1764000000000000 + step * 1000 + rng.randrange(400), value))
    points += rng.sample(points, 200)  # exact repeats
    text = {math.inf: 'Infinity', -math.inf: '-Infinity'}
    rows = [{'key': 'a/b c', 'step': s, 'time_us': t, 'value': text.get(v, v)} for s, t, v in points]
    for i in range(0, len(rows), 1000):
        shared_trackd.json('POST', f'/api/v1/runs/{run}/points', {'points': rows[i:i + 1000]})
    for bins in (1, 50, 4096):
        ask = {'runs': [run], 'keys': ['a/b c'], 'x': x, 'bins': bins}
        answer = shared_trackd.json('POST', '/api/v1/bins', ask)
        check_bins(answer, points, x)
        binary = shared_trackd.request('POST', '/api/v1/bins', ask, {'Accept': 'application/x-track-bins'})
        assert binary.status == 200
        head = read_tkbn(binary.body)
        (series,) = answer['series']
        assert [head['width'], head['from'], head['to']] == [int(answer[k]) for k in ('width', 'from', 'to')]
        one = head['series']['a/b c', '']
        assert one['bin'] == series['bin']
        for column in COLUMNS[:-1]:
            assert all(map(same, one[column], series[column])), column


def test_points_come_back_bit_for_bit(shared_trackd, run):
    writer = os.urandom(16)
    wanted = [0x7FF8000000000001, 0xFFF8000000000000, 0x7FF0000000000000, 0xFFF0000000000000, 1 << 63, 0, 1,
              bits(0.1), bits(1e308)]
    values = [struct.unpack('<d', struct.pack('<Q', w))[0] for w in wanted]
    steps = range(-4, -4 + len(values))
    assert send(shared_trackd, run, tkf.points(writer, 0, 0, steps, values, define='loss 🎉'.encode())).status == 200
    path = f'/api/v1/runs/{run}/points?key=loss%20%F0%9F%8E%89'
    got, cursor = [], ''
    while cursor is not None:
        r = shared_trackd.request('GET', f'{path}&limit=4{cursor}', None, {'Accept': 'application/x-track-points'})
        assert r.status == 200
        got += read_tkpt(r.body)
        cursor = f'&cursor={r.headers["X-Track-Next"]}' if r.headers['X-Track-Next'] else None
    assert got == [(s, 1764000000000000, w) for s, w in zip(steps, wanted)]
    page = shared_trackd.json('GET', path)
    assert page['value'][:4] == ['NaN', 'NaN', 'Infinity', '-Infinity'] and page['next'] is None


def test_damage_is_refused_and_changes_nothing(shared_trackd, run):
    writer = os.urandom(16)
    good = tkf.points(writer, 0, 0, range(5), [1.0] * 5, define=b'loss')
    for cut in range(0, len(good), 7):
        assert send(shared_trackd, run, good[:cut]).status == 400
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 0x10
        r = send(shared_trackd, run, bytes(bad))
        assert r.status in (400, 413) and r.error['message'], (at, r)
    assert shared_trackd.get(f'/api/v1/runs/{run}/points?key=loss').status == 404
    assert send(shared_trackd, run, good).status == 200
    assert send(shared_trackd, run, good).json()['next_seq'] == 1
    other = tkf.points(writer, 0, 0, range(5), [2.0] * 5, define=b'loss')
    assert send(shared_trackd, run, other).status == 409
    assert send(shared_trackd, run, tkf.points(writer, 2, 0, range(5), [2.0] * 5)).status == 409
    undefined = tkf.points(os.urandom(16), 0, 3, range(5), [2.0] * 5)
    assert send(shared_trackd, run, undefined).status == 400
    assert shared_trackd.json('GET', f'/api/v1/runs/{run}/points?key=loss')['value'] == [1.0] * 5


def test_a_spike_is_seen_at_every_width(shared_trackd, run):
    values = [1.0] * 20000
    values[12345] = 1000.0
    frame = tkf.points(os.urandom(16), 0, 0, range(20000), values, define=b'loss')
    assert send(shared_trackd, run, frame).status == 200
    for bins in (1, 7, 300, 4096):
        (series,) = shared_trackd.json('POST', '/api/v1/bins', {'runs': [run], 'keys': ['loss'], 'bins': bins})['series']
        assert max(series['max']) == 1000.0 and sum(series['n']) == 20000 and not series['exact']
    ask = {'runs': [run], 'keys': ['loss'], 'from': 12300, 'to': 12400, 'bins': 4096}
    (series,) = shared_trackd.json('POST', '/api/v1/bins', ask)['series']
    assert series['exact'] and series['x_first'] == list(range(12300, 12401))
    have = {f'{run}:{series["id"]}': series['version']}
    (series,) = shared_trackd.json('POST', '/api/v1/bins', {**ask, 'have': have})['series']
    assert series['unchanged'] and 'bin' not in series


def test_five_thousand_names(shared_trackd, run):
    rows = [{'key': f'layer{i // 100}/block{i // 10 % 10}/w{i % 10}', 'step': 1, 'value': i} for i in range(5000)]
    shared_trackd.json('POST', f'/api/v1/runs/{run}/points', {'points': rows})
    top = shared_trackd.json('GET', f'/api/v1/runs/{run}/series?limit=1000')
    assert len(top['groups']) == 50 and sum(g['n'] for g in top['groups']) == 5000 and not top['series']
    level = shared_trackd.json('GET', f'/api/v1/runs/{run}/series?prefix=layer7/block3/')
    assert [s['last'] for s in level['series']] == list(range(730, 740))
    names, cursor = [], ''
    while cursor is not None:
        page = shared_trackd.json('GET', f'/api/v1/runs/{run}/series?flat=1&limit=700{cursor}')
        names += [s['key'] for s in page['series']]
        cursor = f'&cursor={page["next"]}' if page['next'] else None
    assert names == sorted(r['key'] for r in rows)
