"""Points of a series as they come: pages without a seam, and replies that are none."""
import struct

import numpy
import pytest
import track

from foreign import Foreign


def test_pages_have_no_seam(here):
    """More points than a page, several of each step and time: each once, in order."""
    draw = numpy.random.default_rng(3)
    values = draw.normal(size=300_000)
    values[::1000] = numpy.nan
    steps = numpy.arange(len(values)) // 50_000
    with track.init() as client:
        run = track.start_run('demo', client=client, console=False)
        for step, value in zip(steps.tolist(), values.tolist()):
            run.log_point('loss', step, 5, value)
        run.finish()
        got = [numpy.frombuffer(c, k) for c, k in zip(client.get_points(run.id, 'loss'), ('i8', 'i8', 'f8'))]
    assert (got[1] == 5).all()
    for step in range(6):
        want = numpy.unique(values[steps == step])  # ascends; one NaN, at the end
        assert numpy.array_equal(got[2][got[0] == step], want, equal_nan=True)
    assert (numpy.diff(got[0]) >= 0).all()


def page(count, said=None, key=b'loss'):
    """A TKPT of so many points, which says that it has `said`."""
    names = key + bytes(-len(key) % 8)
    columns = [struct.pack(f'<{count}{kind}', *range(count)) for kind in 'qqd']
    head = struct.pack('<4sBxxxIHH', b'TKPT', 1, count if said is None else said, len(key), 0)
    return head + names + b''.join(columns)


@pytest.fixture
def answering():
    """answering(body, type, status=200): a client of a server that answers this to everything."""
    servers = []

    def start(body, kind='application/x-track-points', status=200):
        server = Foreign(status, body, kind)
        servers.append(server)
        return track.init(server.url, quiet=True)
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize('key', [b'', b'loss', b'12345678', b'123456789'])
def test_a_page_with_a_name_of_any_size(answering, key):
    steps, times, values = answering(page(3, key=key)).get_points('0' * 32, 'loss')
    assert [list(memoryview(c).cast(k)) for c, k in zip((steps, times, values), 'qqd')] == [[0, 1, 2]] * 3


@pytest.mark.parametrize('body, told', [
    (b'<html>a proxy</html>', 'no TKPT of version 1'),
    (b'TKPT\2' + page(3)[5:], 'no TKPT of version 1'),
    (b'', '0 bytes are not the 0 points'),
    (page(3)[:10], '10 bytes are not the 0 points'),
    (page(3)[:-1], 'are not the 3 points'),
    (page(3) + b'\0', 'more bytes than its 3 points'),
    (page(1, said=2**32 - 1), '4294967295 points, asked for at most'),
])
def test_a_reply_that_is_none(answering, body, told):
    with pytest.raises(track.UnreachableError, match=f"the server's reply: .*{told}"):
        answering(body).get_points('0' * 32, 'loss')


def test_a_server_that_fails(answering):
    with pytest.raises(track.UnreachableError):
        answering(b'<h1>Bad gateway</h1>', 'text/html', 502).get_points('0' * 32, 'loss')
