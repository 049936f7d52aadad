"""Bins as charts ask for them: smoothed, over another metric, of groups of runs; in JSON and in binary,
against calculations of their definitions; and requests that make no sense."""
import math
import os
import random
import statistics
import struct

import pytest

import tkf
from conftest import new_id
from test_series import read_tkbn, same, send

STATS = ['mean', 'min', 'max', 'std', 'stderr', 'p05', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95']
T0 = 1764000000000000


def log(server, key, values, steps=None, project='bins'):
    run = new_id()
    server.json('PUT', f'/api/v1/runs/{run}', {'project': project})
    if steps is None and len(values) > 1:
        frame = tkf.points(os.urandom(16), 0, 0, range(len(values)), values, define=key.encode(), time_us=T0)
        assert send(server, run, frame).status == 200
        return run
    text = {math.inf: 'Infinity', -math.inf: '-Infinity'}
    rows = [{'key': key, 'step': s, 'time_us': T0, 'value': 'NaN' if v != v else text.get(v, v)}
            for s, v in zip(steps or [0], values)]
    server.json('POST', f'/api/v1/runs/{run}/points', {'points': rows})
    return run


def bins(server, **ask):
    return server.json('POST', '/api/v1/bins', ask)


def ema(points, weight, measure):
    """Smoothed value behind each finite point; u never goes back."""
    out, number, greatest = {}, 0, None
    past = []
    for at, (step, time, value) in enumerate(points):
        if not math.isfinite(value):
            continue
        number += 1
        u = {'point': number, 'step': step, 'time': time}[measure]
        greatest = u if greatest is None else max(greatest, u)
        past.append((greatest, value))
        weights = [weight ** (greatest - p) for p, _ in past]
        out[at] = math.fsum(w * v for w, (_, v) in zip(weights, past)) / math.fsum(weights)
    return out


@pytest.mark.parametrize('by', ['point', 'step', 'time'])
def test_an_exponential_mean_is_debiased_and_of_all_points(shared_trackd, by):
    rng = random.Random(5)
    steps = sorted(rng.sample(range(4000), 700))
    values = [rng.choice([math.nan, math.inf]) if rng.random() < 0.05 else rng.gauss(2, 1) for _ in steps]
    run = log(shared_trackd, 'loss', values, steps)
    points = [(s, T0, v) for s, v in zip(steps, values)]
    wanted = ema(points, 0.97, by)
    for width in ({'bins': 4096}, {'bins': 60}, {'bins': 200, 'from': 3000, 'to': 3600}):
        a = bins(shared_trackd, runs=[run], keys=['loss'], smooth={'by': by, 'weight': 0.97}, **width)
        (s,) = a['series']
        assert len(s['smooth']) == len(s['bin']) > 10
        for index, value in zip(s['bin'], s['smooth']):
            lo = int(a['from']) + index * int(a['width'])
            last = max((i for i in wanted if lo <= steps[i] < lo + int(a['width'])), default=None)
            assert value is None if last is None else abs(value - wanted[last]) < 1e-12


def test_half_life_is_a_weight(shared_trackd):
    run = log(shared_trackd, 'loss', [random.Random(1).random() for _ in range(300)])
    half = bins(shared_trackd, runs=[run], keys=['loss'], smooth={'by': 'step', 'half_life': 10})
    weight = bins(shared_trackd, runs=[run], keys=['loss'], smooth={'by': 'step', 'weight': 0.5 ** 0.1})
    for a, b in zip(half['series'][0]['smooth'], weight['series'][0]['smooth']):
        assert abs(a - b) < 1e-12


@pytest.mark.parametrize('kind', ['median', 'min', 'max'])
def test_windows_hold_what_lies_less_than_so_far_back(shared_trackd, kind):
    rng = random.Random(6)
    steps = sorted(rng.sample(range(3000), 500))
    values = [rng.randrange(100) / 4 for _ in steps]
    run = log(shared_trackd, 'loss', values, steps)
    a = bins(shared_trackd, runs=[run], keys=['loss'], bins=4096, smooth={'kind': kind, 'by': 'step', 'window': 64})
    (s,) = a['series']
    assert s['exact'] and s['x_last'] == steps
    for at, got in zip(steps, s['smooth']):
        window = [v for p, v in zip(steps, values) if at - 64 < p <= at]
        assert got == {'median': statistics.median, 'min': min, 'max': max}[kind](window)


def test_smoothed_bins_are_the_same_in_binary(shared_trackd):
    run = log(shared_trackd, 'loss', [math.sin(i / 9) for i in range(5000)])
    ask = {'runs': [run], 'keys': ['loss'], 'bins': 100, 'columns': ['mean', 'smooth'], 'smooth': {'weight': 0.9}}
    (s,) = bins(shared_trackd, **ask)['series']
    r = shared_trackd.request('POST', '/api/v1/bins', ask, {'Accept': 'application/x-track-bins'})
    one = read_tkbn(r.body)['series']['loss', '']
    assert all(map(same, one['smooth'], s['smooth'])) and all(map(same, one['mean'], s['mean']))
    have = {f'{run}:{s["id"]}': s['version']}
    assert bins(shared_trackd, **ask, have=have)['series'][0]['unchanged']
    assert not bins(shared_trackd, **{**ask, 'smooth': {'weight': 0.8}}, have=have)['series'][0]['unchanged']


def quantile(values, p):
    values = sorted(values)
    place = (len(values) - 1) * p
    below = math.floor(place)
    return values[below] + (place - below) * (values[min(below + 1, len(values) - 1)] - values[below])


def check_group(group, members, runs):
    """Each bin of a group, again from the bins of its runs."""
    where = {}
    for s in members:
        if s['run'] in runs:
            for index, mean in zip(s['bin'], s['mean']):
                if mean is not None:
                    where.setdefault(index, []).append(mean)
    assert group['bin'] == sorted(where)
    for i, index in enumerate(group['bin']):
        here = where[index]
        assert group['n'][i] == len(here)
        assert group['min'][i] == min(here) and group['max'][i] == max(here)
        assert math.isclose(group['mean'][i], math.fsum(here) / len(here), rel_tol=1e-12)
        for p in (5, 10, 25, 50, 75, 90, 95):
            assert math.isclose(group[f'p{p:02}'][i], quantile(here, p / 100), rel_tol=1e-9)
        if len(here) > 1:
            assert math.isclose(group['std'][i], statistics.stdev(here), rel_tol=1e-9, abs_tol=1e-12)
            assert math.isclose(group['stderr'][i], statistics.stdev(here) / len(here) ** 0.5, rel_tol=1e-9, abs_tol=1e-12)
        else:
            assert group['std'][i] is None and group['stderr'][i] is None


def test_groups_go_over_every_run(shared_trackd):
    rng = random.Random(7)
    runs = [log(shared_trackd, 'loss', [rng.gauss(i, 1) for _ in range(rng.randrange(50, 900))]) for i in range(12)]
    absent = new_id()
    sets = [{'name': 'even', 'runs': runs[::2]}, {'name': None, 'runs': runs[1::2] + [absent]}]
    ask = {'runs': [*runs, absent], 'keys': ['loss'], 'bins': 60, 'group': {'sets': sets, 'stats': STATS, 'members': True}}
    a = bins(shared_trackd, **ask)
    even, odd = a['groups']
    assert (even['name'], even['asked'], even['runs']) == ('even', 6, 6)
    assert (odd['name'], odd['asked'], odd['runs']) == (None, 7, 6)
    check_group(even, a['series'], set(runs[::2]))
    check_group(odd, a['series'], set(runs[1::2]))
    del ask['group']['members'], ask['group']['sets']
    alone = bins(shared_trackd, **ask)
    assert alone['series'] == [] and alone['groups'][0]['runs'] == 12
    have = {f'group:{alone["groups"][0]["id"]}': alone['groups'][0]['version']}
    again = bins(shared_trackd, **ask, have=have)
    assert again['groups'][0]['unchanged'] and 'bin' not in again['groups'][0]


def test_groups_are_the_same_in_binary(shared_trackd):
    runs = [log(shared_trackd, 'a/b', [i + j / 7 for j in range(100)]) for i in range(3)]
    ask = {'runs': runs, 'keys': ['a/b'], 'bins': 20, 'group': {'stats': ['mean', 'std', 'p90']}}
    (group,) = bins(shared_trackd, **ask)['groups']
    b = shared_trackd.request('POST', '/api/v1/bins', ask, {'Accept': 'application/x-track-bins'}).body
    assert struct.unpack_from('<IIQ', b, 32) == (0, 1, len(b))
    number, flags, id_, version, asked, have, n, name, key, context, stats, narrow = struct.unpack_from('<IIQQIIIHHHHI', b, 48)
    assert (number, flags, asked, have, stats, name, key, context) == (0, 0, 3, 3, 0b10000001001, 0, 3, 0)
    assert f'{id_:016x}' == group['id'] and f'{version:016x}' == group['version']
    at = 48 + 48
    assert b[at:at + 3] == b'a/b'
    at += 8
    assert list(struct.unpack_from(f'<{n}I', b, at)) == group['bin']
    at += (4 * n + 7) // 8 * 8
    assert list(struct.unpack_from(f'<{n}I', b, at)) == group['n']
    at += (4 * n + 7) // 8 * 8
    for i, stat in ((0, 'mean'), (3, 'std'), (10, 'p90')):
        kind = 'f' if narrow >> i & 1 else 'd'
        assert all(map(same, struct.unpack_from(f'<{n}{kind}', b, at), group[stat])), stat
        at += (n * struct.calcsize(kind) + 7) // 8 * 8
    assert at == len(b)


def test_a_thousand_runs_are_one_group(make_trackd):
    server = make_trackd()
    runs = []
    for i in range(1000):
        runs.append(log(server, 'loss', [float(i), i + 1.0]))
    (group,) = bins(server, runs=runs, keys=['loss'], group={'stats': ['mean', 'p90', 'min', 'max']})['groups']
    assert group['n'] == [1000, 1000] and group['mean'] == [499.5, 500.5]
    assert group['min'] == [0, 1] and group['max'] == [999, 1000]
    assert math.isclose(group['p90'][0], 899.1)
    r = server.request('POST', '/api/v1/bins', {'runs': [*runs, new_id()], 'keys': ['loss'], 'group': {}})
    assert r.status == 400 and '1001 runs' in r.error['message']


def test_bins_over_another_metric(shared_trackd):
    run = new_id()
    shared_trackd.json('PUT', f'/api/v1/runs/{run}', {'project': 'bins'})
    rng = random.Random(8)
    rows, places = [], []
    for step in range(400):
        tokens = step * 12.5 + rng.random() if step % 5 else 'NaN'
        loss = rng.gauss(3, 1)
        rows += [{'key': 'tokens', 'step': step, 'value': tokens}, {'key': 'loss', 'step': step, 'value': loss}]
        places.append((tokens, loss))
    shared_trackd.json('POST', f'/api/v1/runs/{run}/points', {'points': rows})
    for count in (7, 100, 4096):
        ask = {'runs': [run], 'keys': ['loss'], 'x': {'metric': 'tokens'}, 'bins': count}
        a = bins(shared_trackd, **ask)
        (s,) = a['series']
        assert (a['x'], a['metric'], s['unplaced']) == ('metric', 'tokens', 80)
        digits = f'{a["width"]:e}'.split('e')[0]
        assert float(digits) in (1, 2, 5)
        first = math.floor(min(x for x, _ in places if x != 'NaN') / a['width'])
        where = {}
        for x, y in places:
            if x != 'NaN':
                where.setdefault(math.floor(x / a['width']) - first, []).append((x, y))
        assert s['bin'] == sorted(where) and s['exact'] == all(len(v) == 1 for v in where.values())
        for i, index in enumerate(s['bin']):
            here = where[index]
            assert (s['n'][i], s['x_first'][i], s['x_last'][i]) == (len(here), min(here)[0], max(here)[0])
            assert (s['min'][i], s['max'][i]) == (min(y for _, y in here), max(y for _, y in here))
        b = read_tkbn(shared_trackd.request('POST', '/api/v1/bins', ask, {'Accept': 'application/x-track-bins'}).body)
        one = b['series']['loss', '']
        assert b['width'] == a['width'] and one['unplaced'] == 80 and all(map(same, one['x_first'], s['x_first']))
    part = bins(shared_trackd, **{**ask, 'from': 100.5, 'to': 200})
    assert 100 < part['series'][0]['x_first'][0] < 130 and part['series'][0]['x_last'][-1] < 230


@pytest.mark.parametrize('ask, words', [
    ({'smooth': {}}, 'weight or half_life'),
    ({'smooth': {'weight': 1}}, 'below 1'),
    ({'smooth': {'weight': 0.5, 'half_life': 2}}, 'one of the two'),
    ({'smooth': {'half_life': 0}}, 'above 0'),
    ({'smooth': {'kind': 'mean', 'weight': 0.5}}, "'mean' is none"),
    ({'smooth': {'kind': 'median'}}, 'window'),
    ({'smooth': {'kind': 'median', 'window': 0}}, 'at least 1'),
    ({'smooth': {'kind': 'min', 'window': 3, 'weight': 0.5}}, 'for ema'),
    ({'smooth': {'weight': 0.5, 'window': 3}}, 'for median'),
    ({'columns': ['smooth']}, 'smooth'),
    ({'group': {'stats': ['p99']}}, "'p99' is none"),
    ({'group': {'sets': []}}, '0 groups'),
    ({'group': {'sets': [{'runs': []}]}}, 'no runs'),
    ({'group': {'sets': [{'runs': ['00000000000000000000000000000000']}]}}, 'none of the runs'),
    ({'x': {'metric': 3}}, 'metric'),
    ({'x': {'metric': 'lr', 'key': 'a'}}, 'key'),
    ({'x': 'metric'}, "'metric' is none"),
    ({'x': {'metric': 'lr'}, 'from': 2, 'to': 1}, 'behind'),
])
def test_what_makes_no_sense_is_said(shared_trackd, ask, words):
    run = log(shared_trackd, 'loss', [1.0])
    r = shared_trackd.request('POST', '/api/v1/bins', {'runs': [run], 'keys': ['loss'], **ask})
    assert r.status == 400 and words in r.error['message'], r.error


def test_a_window_of_too_many_points_is_refused(shared_trackd):
    run = log(shared_trackd, 'loss', [1.0] * 20000)
    ask = {'runs': [run], 'keys': ['loss'], 'smooth': {'kind': 'max', 'by': 'step', 'window': 20000}}
    r = shared_trackd.request('POST', '/api/v1/bins', ask)
    assert r.status == 413 and '16384 points in a window' in r.error['message']
