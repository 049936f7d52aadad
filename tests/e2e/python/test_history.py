"""Points and bins read back into columns: every point, bit for bit."""
import random
import struct
import subprocess
import sys

import numpy
import pandas
import polars
import pyarrow
import pytest
import track


@pytest.fixture
def logged(here):
    """A run with awkward points of two series, and what was logged: {key: [(step, time, bits)]}."""
    draw = random.Random(7)
    want = {'train/loss': set(), 'val/acc': set()}
    run = track.start_run('demo', console=False)
    for i in range(5000):
        key = 'train/loss' if i % 3 else 'val/acc'
        step = draw.choice([i, i // 2, -i, 2**62 + i, -2**63 + i])
        time_us = 1_700_000_000_000_000 + draw.randrange(10**9)
        bits = draw.choice([draw.getrandbits(64), 1 << 63, 0x7FF0 << 48, 0xFFF0 << 48,
                            0x7FF800000000BEEF, 0xFFF8000000000001, 1,
                            struct.unpack('<Q', struct.pack('<d', draw.gauss(0, 1)))[0]])
        bits |= (1 << 51) if bits >> 52 & 0x7FF == 0x7FF and bits & (1 << 52) - 1 else 0  # quiet
        value = struct.unpack('<d', struct.pack('<Q', bits))[0]
        for _ in range(1 + (i % 100 == 0)):  # an exact repeat is one point
            run.log_point(key, step, time_us, value)
        want[key].add((step, time_us, bits))
    assert run.finish()
    return run, want


def as_set(points):
    return list(zip(points.steps.tolist(), points.times_us.tolist(),
                    points.values.view('uint64').tolist()))


def test_every_point_bit_for_bit(logged):
    run, want = logged
    history = run.history(['train/loss', 'val/acc'])
    assert list(history) == ['train/loss', 'val/acc'] and len(history) == 2
    for key, points in want.items():
        got = as_set(history[key])
        assert len(got) == len(points) and set(got) == points
        assert got == sorted(got, key=lambda p: p[:2])
        assert history[key].steps.dtype == 'int64' and history[key].values.dtype == 'float64'
    assert set(run.history()) >= set(want)
    with pytest.raises(track.NotFoundError, match='no series nothing'):
        run.history('nothing')
    with pytest.raises(track.NotFoundError, match='no series nothing'):
        run.history(['nothing'], exact=False)


def test_frames_hold_the_same_bits(logged):
    run, want = logged
    history = run.history(['train/loss', 'val/acc'])
    count = sum(map(len, want.values()))
    flat = {(k, s, t, v) for k, points in want.items() for s, t, v in points}
    arrow = history.to_arrow()
    assert isinstance(arrow, pyarrow.Table) and arrow.num_rows == count
    assert arrow.schema.field('time').type == pyarrow.timestamp('us', tz='UTC')
    bits = numpy.frombuffer(arrow['value'].combine_chunks().buffers()[1], 'uint64')
    rows = zip(arrow['key'].to_pylist(), arrow['step'].to_pylist(),
               arrow['time'].cast('int64').to_pylist(), bits.tolist())
    assert set(rows) == flat
    frame = history.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and list(frame) == ['key', 'step', 'time', 'value']
    rows = zip(frame['key'], frame['step'], frame['time'].astype('int64'),
               frame['value'].to_numpy().view('uint64').tolist())
    assert set(rows) == flat
    table = history.to_polars()
    assert isinstance(table, polars.DataFrame) and table.height == count
    assert set(table['value'].to_numpy().view('uint64').tolist()) == {r[3] for r in flat}


def test_bins_hold_every_spike(here):
    run = track.start_run('demo', console=False)
    values = numpy.random.default_rng(1).normal(size=50_000)
    values[31_337] = 1e9
    loss = run.metric('loss')
    for step, value in enumerate(values.tolist()):
        loss(value, step)
    run.finish()
    bins = run.history('loss', exact=False)['loss']
    assert not bins.exact and 200 < len(bins) <= 1000
    assert bins.n.sum() == 50_000 and bins.max.max() == 1e9 and bins.min.min() == values.min()
    edges = bins.x_first.astype(int).tolist() + [50_000]
    for i in (0, 17, len(bins) - 1):
        part = values[edges[i]:edges[i + 1]]
        assert bins.mean[i] == pytest.approx(part.mean(), rel=1e-12) and bins.last[i] == part[-1]
    assert track.history(run.id, 'loss', exact=False, bins=64)['loss'].n.sum() == 50_000
    assert len(run.history('loss', exact=False).to_pandas()) == len(bins)


def test_series_of_other_ranks(here):
    for rank in (0, 1):
        run = track.start_run('demo', run_id='0190a5b0c0de70008000000000000077', join=rank > 0,
                              rank=rank, console=False)
        run.log_metric('loss', 10 + rank, 5)
        run.finish()
    assert track.history(run.id, 'loss')['loss'].values.tolist() == [10]
    other = track.history(run.id, 'loss', context={'rank': 1})['loss']
    assert other.values.tolist() == [11] and other.steps.tolist() == [5]
    bins = track.history(run.id, 'loss', exact=False, context={'rank': 1})['loss']
    assert bins.last.tolist() == [11] and bins.context == '{"rank":1}'
    with pytest.raises(track.NotFoundError):
        track.history(run.id, 'loss', exact=False, context={'rank': 9})
    with pytest.raises(track.NotFoundError):
        track.history(run.id, 'loss', context={'rank': 9})


def test_a_run_that_is_being_logged_has_its_own_points(here):
    with track.start_run('demo', console=False) as run:
        for step in range(1000):
            run.log_metric('a', step, step)
        assert run.history('a')['a'].values.tolist() == list(range(1000))


def test_without_numpy(here, tmp_path):
    run = track.start_run('demo', console=False)
    run.log_metric('a', 0.25, 3)
    run.finish()
    text = ('import sys\nsys.modules["numpy"] = None\nimport track\n'
            f'p = track.history("{run.id}", "a")["a"]\n'
            'assert type(p.values) is memoryview and list(p.values) == [0.25] and list(p.steps) == [3]')
    subprocess.run([sys.executable, '-c', text], check=True, cwd=tmp_path)


def test_no_server(tmp_path, monkeypatch):
    monkeypatch.setenv('TRACK_URL', 'http://127.0.0.1:9')
    with pytest.raises(track.UnreachableError):
        track.history('0' * 32, 'a')
    with pytest.raises(ConnectionError):
        track.runs()
