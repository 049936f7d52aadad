"""The extension: every call of libtrack from Python, against a real server."""
import io
import json
import math
import secrets
import struct

import pytest
import track
from track._native import Run


def bits(value):
    return struct.pack('<d', value)


def test_values_arrive_bit_for_bit(here, points):
    client = track.Client()
    run = Run(client, project='demo', name='bits')
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
    run = Run(project='demo')
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
    run = Run(project='demo')
    with pytest.raises(TypeError, match=r"'acc': a value of type .*" + type(value).__name__):
        run.log_metric('acc', value)
    with pytest.raises(TypeError, match="'acc'"):
        run.log({'acc': value, 'good': 1.0}, step=3)
    run._finish('finished')
    assert here.json('GET', f'/api/v1/runs/{run.id}/points?key=good')['value'] == [1.0]


def test_a_finished_run_takes_nothing(here):
    run = Run(project='demo')
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


def test_each_mistake_is_told_as_itself(here):
    run = track.Run(project='demo', no_facts=True)
    wrong = {'a key of 0 bytes, must be 1 to 2048': lambda: run.log_metric('', 1),
             'control byte 0x0a at 3': lambda: run.log({'bad\n': 1}),
             'a key of 3000 bytes': lambda: run.metric('x' * 3000),
             'a text of 70000 bytes, at most 65536': lambda: run.set_tag('a', 'x' * 70000),
             "text 'a': a text of 300000 bytes": lambda: run.log_text('a', 'x' * 300000),
             'not JSON at line 1': lambda: run.set_params_json('{'),
             'must be 0..1000000': lambda: track.Run(rank=-1),
             'a power of two': lambda: track.Client(segment_bytes=3),
             'names_max: must be an int of 0..4294967295': lambda: track.Client(names_max=2**40)}
    for message, call in wrong.items():
        with pytest.raises(track.InvalidError, match=message):
            call()
    assert run.get_errors()['counts'] == {'invalid': 6}
    run._finish('finished')


def test_what_a_request_sends_may_be_bytes_parts_or_a_file(here, tmp_path):
    client = track.Client()
    document = b'{"project":"demo","name":"' + b'x' * 200 + b'"}'
    (tmp_path / 'body').write_bytes(document)
    cut = [document[i:i + 3] for i in range(0, len(document), 3)]
    with open(tmp_path / 'body', 'rb') as file:
        for body in (document, bytearray(document), memoryview(document), document.decode(),
                     [b'', *cut, b''], iter(cut), file):
            run = secrets.token_hex(16)
            client.request('PUT', f'/api/v1/runs/{run}', body, content_type='application/json')
            assert json.loads(client.request('GET', f'/api/v1/runs/{run}')[1])['name'] == 'x' * 200
    with pytest.raises(TypeError, match='must be bytes, an iterable of bytes or an open file, not 3'):
        client.request('PUT', f'/api/v1/runs/{secrets.token_hex(16)}', 3)


def test_what_a_callback_raises_ends_the_request(here):
    def fails():
        yield b'{'
        raise ZeroDivisionError('half way')

    client = track.Client()
    with pytest.raises(ZeroDivisionError, match='half way'):
        client.request('PUT', f'/api/v1/runs/{secrets.token_hex(16)}', fails())
    for body, message in ((['x'], "parts must be bytes, not 'x'"),
                          (io.StringIO('text'), 'parts must be bytes')):
        with pytest.raises(TypeError, match=message):
            client.request('PUT', f'/api/v1/runs/{secrets.token_hex(16)}', body)
    with pytest.raises(ZeroDivisionError):
        client.request('GET', '/api/v1/projects', sink=lambda part: 1 / 0)
    assert client.request('GET', '/api/v1/projects')[0] == 200
    here.kill()  # asked to stop, it would wait 20 s for the rest of the requests


def test_a_full_disk_warns_once_and_raises_nothing(here):
    client = track.Client(spool_bytes_max=1 << 20, segment_bytes=1 << 16, mode='offline')
    run = track.Run(client, project='demo', no_facts=True)
    handle = run.metric('a')
    with pytest.warns(track.TrackWarning, match='full') as told:
        for step in range(60_000):
            run.log_metric('a', 1.0, step)
            handle(1.0, step)
        run.log({'a': 1, 'b': 2})
    assert len(told) == 1 and run.get_errors()['lost'] > 1000
    run._finish('finished')
