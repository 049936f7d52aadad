"""The extension: every call of libtrack from Python, against a real server."""
import math
import struct

import pytest
import track


def bits(value):
    return struct.pack('<d', value)


def test_values_arrive_bit_for_bit(here, points):
    client = track.Client()
    run = track.Run(client, project='demo', name='bits')
    nan = struct.unpack('<d', struct.pack('<Q', 0x7FF800000000BEEF))[0]
    values = [0.1, -0.0, math.inf, -math.inf, nan, 5e-324, 1.7976931348623157e308, True, 7]
    for step, value in enumerate(values):
        run.log_metric('a/b', value, step)
    run._finish('finished')
    steps, times, got = (memoryview(column).cast(kind)
                         for column, kind in zip(client.get_points(run.id, 'a/b'), 'qqd'))
    assert list(steps) == list(range(len(values)))
    assert [bits(v) for v in got] == [bits(float(v)) for v in values]
    assert len(points(run.id, 'a%2Fb')) == len(values)


def test_steps_count_by_metric_and_by_row(here, points):
    run = track.Run(project='demo')
    run.log_metric('a', 1)
    run.log_metric('a', 2)
    run.log_metric('b', 3)
    run.log_metric('a', 4, step=10)
    run.log_metric('a', 5)
    run.log({'row': 1.5, 'deep': {'er': 2.5}})
    run.log({'row': 1.5}, step=5)
    run.log({'row': 1.5}, time=12.5)
    run._finish('finished')
    assert [p[0] for p in points(run.id, 'a')] == [0, 1, 10, 11]
    assert [p[0] for p in points(run.id, 'b')] == [0]
    assert [p[:2] for p in points(run.id, 'row')][-1] == (6, 12500000)
    assert [p[0] for p in points(run.id, 'row')] == [0, 5, 6]
    assert [p[2] for p in points(run.id, 'deep%2Fer')] == [2.5]


@pytest.mark.parametrize('value', ['0.3', b'1', None, 1j, [1, 2], object()])
def test_what_is_no_number_is_refused_by_name(here, value):
    run = track.Run(project='demo')
    with pytest.raises(TypeError, match=r"'acc': a value of type .*" + type(value).__name__):
        run.log_metric('acc', value)
    with pytest.raises(TypeError, match="'acc'"):
        run.log({'acc': value, 'good': 1.0}, step=3)
    run._finish('finished')
    assert here.json('GET', f'/api/v1/runs/{run.id}/points?key=good')['value'] == [1.0]


def test_a_finished_run_takes_nothing(here):
    run = track.Run(project='demo')
    metric = run.metric('a')
    run._finish('finished')
    assert run.ended
    for call in (lambda: run.log_metric('a', 1), lambda: metric(1, 2), lambda: run.log({'a': 1}),
                 lambda: run.set_tag('a')):
        with pytest.raises(track.ConflictError, match='was finished'):
            call()


def test_errors_of_the_server_have_hint_and_reference(here):
    client = track.Client()
    with pytest.raises(track.NotFoundError) as caught:
        client.request('GET', '/api/v1/runs/' + '0' * 32)
    assert caught.value.http == 404 and caught.value.hint and caught.value.ref
    assert isinstance(caught.value, KeyError)
    parts = []
    status, *_ = client.request('GET', '/api/v1/projects', sink=parts.append)
    assert status == 200 and b'"projects"' in b''.join(parts)
