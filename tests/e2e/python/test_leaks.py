"""No call keeps memory: TRACK_CALLS of each log call (`make soak`: 10 M), some of each other call."""
import datetime
import gc
import os
import sys

import numpy
import pytest
import track

CALLS = int(os.environ.get('TRACK_CALLS', 300_000))
# Beside what a call leaks: what the interpreter, libtrack and its threads get meanwhile.
ALLOWED_BYTES = 2 << 20
ROUND = 30  # calls of those that take longer


def anonymous_bytes():
    """Memory of this process that no file backs."""
    with open('/proc/self/status') as status:
        return next(int(line.split()[1]) for line in status if line.startswith('RssAnon')) * 1024


def blocks_kept(call):
    """Blocks that ROUND calls keep, in the best of some rounds: caches fill once."""
    least = sys.maxsize
    for _ in range(6):
        gc.collect()
        blocks = sys.getallocatedblocks()
        for _ in range(ROUND):
            call()
        gc.collect()
        least = min(least, sys.getallocatedblocks() - blocks)
    return least


def refused(call, *args):
    try:
        call(*args)
    except (TypeError, ValueError):
        return
    raise AssertionError('was taken')


def log_calls(run):
    row = {f'train/{i}': i / 3 for i in range(5)}
    handle, single, now = run.metric('handle'), numpy.float32(0.1), datetime.datetime.now()
    return {
        'log_metric': lambda i: run.log_metric('loss', 0.5, i + 1000),
        'log_metric without step': lambda i: run.log_metric('loss', i),
        'log_metric with time': lambda i: run.log_metric('loss', 0.5, step=i, time=1e9 + i),
        'log_metric with datetime': lambda i: run.log_metric('loss', 0.5, time=now),
        'log_metric of numpy': lambda i: run.log_metric('loss', single, i),
        'log_metric of an array': lambda i: run.log_metric('loss', numpy.array(0.5)),
        'log_metric of a name made anew': lambda i: run.log_metric(f'n{i % 100}', 0.5),
        'log_point': lambda i: run.log_point('loss', i + 1000, i + 10**15, 0.5),
        'handle': lambda i: handle(0.5, i + 1000),
        'handle without step': lambda i: handle(0.5),
        'log_value': lambda i: handle.log_value(i + 1000, 0.5),
        'log': lambda i: run.log(row, i + 1000),
        'log, nested': lambda i: run.log({'a': {'b': i}, 'c': numpy.float64(i)}),
        'log_row': lambda i: run.log_row(i + 1000, row),
        'log_text': lambda i: run.log_text('t', 'text', i + 1000),
        'log_line': lambda i: run.log_line(b'line'),
        'a bad value': lambda i: refused(run.log_metric, 'loss', 'x'),
        'a bad name': lambda i: refused(run.log_metric, '', 1.0),
        'a bad row': lambda i: refused(run.log, {'a': None, 'b': 1, 3: 4}),
        'a bad step': lambda i: refused(handle, 1.0, 0.5),
        'bad arguments': lambda i: refused(run.log_metric, 'loss'),
    }


@pytest.fixture(scope='module')
def dropping():
    """A run that drops everything: what it keeps is the extension's."""
    client = track.Client(mode='off', url='http://127.0.0.1:9')
    run = track.Run(client, project='demo', no_facts=True)
    yield run
    run._finish('finished')


class _Nothing:
    """Names of log_calls without a run."""

    def metric(self, name):
        return None


@pytest.mark.parametrize('name', list(log_calls(_Nothing())))
def test_log_calls_keep_no_memory(dropping, name):
    call = log_calls(dropping)[name]
    calls = CALLS if 'bad' not in name and 'array' not in name else CALLS // 10
    for i in range(2000):
        call(i)
    gc.collect()
    before, blocks = anonymous_bytes(), sys.getallocatedblocks()
    for i in range(calls):
        call(i)
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 100
    assert anonymous_bytes() - before < ALLOWED_BYTES


def other_calls(server, client, run, path):
    body = b'{"project":"demo"}'

    def fail(*args):
        raise ZeroDivisionError

    def raises(kind, call, *args, **kw):
        with pytest.raises(kind):
            call(*args, **kw)

    return {
        'Client': lambda: track.Client(url=server.url, timeout=3, drain=0, names_max=7).close(),
        'Client, refused': lambda: raises(ValueError, track.Client, mode='x'),
        'get_settings': client.get_settings,
        'get_source': lambda: raises(track.NotFoundError, track.get_source, '/'),
        'request': lambda: client.request('GET', '/api/v1/projects', headers=['X-A: b']),
        'request with parts': lambda: client.request(
            'PUT', f'/api/v1/runs/{"a" * 32}', [body[:3], body[3:]],
            content_type='application/json', sink=lambda part: None),
        'request, refused': lambda: raises(track.NotFoundError, client.request, 'GET', '/api/v1/x'),
        'request, sink fails': lambda: raises(ZeroDivisionError, client.request, 'GET',
                                              '/api/v1/projects', sink=fail),
        'request, bad body': lambda: raises(TypeError, client.request, 'PUT', '/', 3),
        'get_runs': lambda: client.get_runs('demo', None, '-started', 3),
        'get_runs, refused': lambda: raises(ValueError, client.get_runs, 'demo', '((('),
        'get_points': lambda: client.get_points(run.id, 'a'),
        'get_points, refused': lambda: raises(KeyError, client.get_points, run.id, 'none'),
        'get_artifact': lambda: client.get_artifact(run.id, 'file', path + '.out'),
        'get_artifact, refused': lambda: raises(KeyError, client.get_artifact, run.id, 'x', path),
        'log_artifact': lambda: run.log_artifact(path, 'again', type='t', media='text/plain'),
        'log_artifact, refused': lambda: raises(KeyError, run.log_artifact, '/none'),
        'use_artifact': lambda: run.use_artifact(path),
        'sync_spools': lambda: client.sync_spools(list_only=True, sink=lambda told: True),
        'flush': run.flush,
        'get_errors': run.get_errors,
        'get_progress': run.get_progress,
        'id, url, should_stop': lambda: (run.id, run.url, run.should_stop, run.ended, repr(run)),
        'set_tag': lambda: run.set_tag('k', 'v'),
        'set_tag, refused': lambda: raises(ValueError, run.set_tag, 'k', 'v' * 70000),
        'set_params_json': lambda: run.set_params_json('{"a": {"b": 1}}'),
        'set_seed': lambda: run.set_seed(2**64 - 1, 'scope'),
        'define_metric': lambda: run.define_metric('a', goal='minimize', unit='s', x='b'),
        'log_alert': lambda: run.log_alert('title', 'text', 'alarm'),
    }


def test_other_calls_keep_no_memory(here, tmp_path):
    path = tmp_path / 'file'
    path.write_text('content')
    client = track.Client(quiet=True)
    run = track.Run(client, project='demo', no_facts=True)
    run.log({'a': 1})
    run.log_artifact(path, 'file')
    run.flush(10)
    kept = {name: blocks_kept(call) for name, call in
            other_calls(here, client, run, str(path)).items()}
    run._finish('finished')
    assert {name: count for name, count in kept.items() if count >= ROUND} == {}


def test_runs_keep_no_memory(here):
    """An ended run stays in C until its client is closed; the rest of it goes."""
    def whole():
        client = track.Client(quiet=True, segment_bytes=1 << 16)
        run = track.Run(client, project='demo', no_facts=True)
        run.log({f'm{i}': i for i in range(20)})
        run.metric('m1')(2)
        run._finish('finished')

    for _ in range(3):
        whole()
    gc.collect()
    before, blocks = anonymous_bytes(), sys.getallocatedblocks()
    for _ in range(20):
        whole()
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 100
    assert anonymous_bytes() - before < ALLOWED_BYTES
