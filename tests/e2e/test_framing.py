"""Requests that two parties could read differently, slow clients, foreign pages (security.md 5, 6)."""
import socket
import time

import pytest

HEAD = b'Host: localhost\r\n'


def status(answer):
    return int(answer.split()[1]) if answer else None


def get(lines=HEAD, target=b'/health', version=b'HTTP/1.1', method=b'GET', body=b''):
    return method + b' ' + target + b' ' + version + b'\r\n' + lines + b'\r\n' + body


@pytest.mark.parametrize('name,request_,codes', [
    ('length and chunked', get(HEAD + b'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
                               method=b'POST', body=b'0\r\n\r\n'), (400,)),
    ('two equal lengths', get(HEAD + b'Content-Length: 0\r\nContent-Length: 0\r\n'), (400,)),
    ('two lengths', get(HEAD + b'Content-Length: 2\r\nContent-Length: 3\r\n', method=b'POST', body=b'abc'),
     (400,)),
    ('blank before colon', get(HEAD + b'Transfer-Encoding : chunked\r\n'), (400,)),
    ('blank in a name', get(HEAD + b'A B: c\r\n'), (400,)),
    ('xchunked', get(HEAD + b'Transfer-Encoding: xchunked\r\n', method=b'POST'), (400, None)),
    ('chunked, identity', get(HEAD + b'Transfer-Encoding: chunked, identity\r\n', method=b'POST'), (400, None)),
    ('chunked in 1.0', get(HEAD + b'Transfer-Encoding: chunked\r\n', version=b'HTTP/1.0', method=b'POST',
                           body=b'0\r\n\r\n'), (400,)),
    ('two hosts', get(HEAD + b'Host: localhost\r\n'), (400,)),
    ('empty host', get(b'Host:\r\n'), (400,)),
    ('no host', get(b''), (400,)),
    ('NUL in the path', get(target=b'/health%00'), (400,)),
    ('slash in a segment', get(target=b'/a%2fb'), (400,)),
    ('bad escape', get(target=b'/a%zz'), (400,)),
    ('over-long form', get(target=b'/%c0%ae%c0%ae/x'), (400,)),
    ('bare CR in a value', get(HEAD + b'A: b\rc\r\n'), (400,)),
    ('control byte in a value', get(HEAD + b'A: b\x01c\r\n'), (400,)),
    ('absolute form', get(target=b'http://localhost/health'), (400,)),
    ('TRACE', get(method=b'TRACE'), (405,)),
    ('CONNECT', get(method=b'CONNECT', target=b'localhost:80'), (400, 405)),
    ('wrong length', get(HEAD + b'Content-Length: x\r\n'), (400,)),
    ('signed length', get(HEAD + b'Content-Length: +1\r\n'), (400,)),
    ('hex length', get(HEAD + b'Content-Length: 0x1\r\n'), (400,)),
    ('list of lengths', get(HEAD + b'Content-Length: 1, 1\r\n'), (400,)),
    ('huge length', get(HEAD + b'Content-Length: 99999999999999999999999\r\n', method=b'POST'), (400, 413)),
    ('HTTP/9.9', get(version=b'HTTP/9.9'), (505,)),
    ('a body where none is', get(HEAD + b'Content-Length: 2\r\n', body=b'{}'), (400,)),
    ('query twice', get(target=b'/health?a=1&a=2'), (400,)),
])
def test_refuses(shared_trackd, name, request_, codes):
    answer = shared_trackd.raw(request_, seconds=2)
    assert status(answer) in codes, (name, answer[:200])
    assert b'HTTP/1.1 200' not in answer
    assert shared_trackd.get('/health').status == 200


def test_limits_of_a_head(shared_trackd):
    many = b''.join(b'X-%d: y\r\n' % i for i in range(98))
    close = b'Connection: close\r\n'
    assert status(shared_trackd.raw(get(HEAD + close + many))) == 200          # 100 headers
    assert status(shared_trackd.raw(get(HEAD + close + many + b'Y: z\r\n'))) == 431
    assert status(shared_trackd.raw(get(HEAD + close + b'Z: ' + b'z' * 40000 + b'\r\n'))) == 431
    path = b'/' + b'a' * 8191
    assert status(shared_trackd.raw(get(HEAD + close, target=path))) == 404    # 8 KiB
    assert status(shared_trackd.raw(get(HEAD + close, target=path + b'a'))) == 414
    query = b'/health?' + b'&'.join(b'a%d=' % i for i in range(256))
    assert b'no query parameter' in shared_trackd.raw(get(HEAD + close, target=query))
    assert b'more than 256' in shared_trackd.raw(get(HEAD + close, target=query + b'&b='))


@pytest.mark.parametrize('host,code', [
    ('localhost', 404), ('localhost:1', 404), ('LOCALHOST.', 404), ('127.0.0.1', 404), ('127.8.9.1:99', 404),
    ('[::1]:8080', 404), ('10.0.0.1', 404), ('192.168.1.9:80', 404), ('172.31.0.1', 404), ('[fd00::1]', 404),
    ('evil.example', 403), ('localhost.evil.example', 403), ('127.0.0.1.evil', 403), ('8.8.8.8', 403),
    ('172.32.0.1', 403), ('127.0.0.1:x', 403), ('[::1', 403), ('user@localhost', 403), ('2130706433', 403),
])
def test_knows_its_hosts(shared_trackd, host, code):
    assert shared_trackd.get('/api/v1/nothing', Host=host).status == code
    assert shared_trackd.get('/health', Host=host).status == 200


def test_allowed_hosts(make_trackd):
    server = make_trackd('--allow-host', 'track.example', '--allow-host', 'b.example:8443')
    for host, code in (('track.example', 404), ('Track.Example:1', 404), ('b.example:8443', 404),
                       ('b.example', 403), ('b.example:1', 403), ('a.track.example', 403)):
        assert server.get('/nothing', Host=host).status == code


def test_a_proxy_may_name_the_host_only_when_told(make_trackd):
    assert make_trackd().get('/nothing', X_Forwarded_Host='evil.example').status == 404
    server = make_trackd('--behind-proxy', '--allow-host', 'track.example')
    assert server.get('/nothing', X_Forwarded_Host='track.example').status == 404
    assert server.get('/nothing', X_Forwarded_Host='evil.example').status == 403


def test_says_which_methods_a_path_has(shared_trackd):
    r = shared_trackd.request('DELETE', '/health')
    assert (r.status, r.headers['Allow']) == (405, 'GET, HEAD')
    assert shared_trackd.request('OPTIONS', '/health').status == 405
    assert shared_trackd.request('HEAD', '/health').status == 200


def test_headers_of_every_answer(shared_trackd):
    for path in ('/health', '/nothing', '/api/v1/version'):
        h = shared_trackd.get(path).headers
        assert h['X-Content-Type-Options'] == 'nosniff' and h['Referrer-Policy'] == 'no-referrer'
        assert h['X-Frame-Options'] == 'SAMEORIGIN' and h['Cross-Origin-Opener-Policy'] == 'same-origin'
        assert h['Cache-Control'] == 'no-store' and 'Origin' in h['Vary']
        assert not any(name.startswith('Access-Control') for name in h)


def test_an_error_body_has_four_members(shared_trackd):
    e = shared_trackd.get('/nothing').error
    assert set(e) == {'code', 'message', 'hint', 'ref'} and e['code'] == 'not_found' and e['hint']


def slow(server, first, rest, pause, limit):
    """Sends `rest` byte by byte; seconds until the server closes, or None."""
    began = time.monotonic()
    with socket.create_connection(('127.0.0.1', server.port), timeout=0.01) as s:
        s.sendall(first)
        for byte in rest:
            try:
                s.sendall(bytes([byte]))
                s.settimeout(pause)
                if s.recv(1024) == b'':
                    return time.monotonic() - began
            except socket.timeout:
                pass
            except OSError:
                return time.monotonic() - began
            if time.monotonic() - began > limit:
                return None


def test_a_slow_head_is_cut(shared_trackd):
    took = slow(shared_trackd, b'GET /health HTTP/1.1\r\nX: ', b'a' * 100, 0.5, 20)
    assert took and 8 < took < 13


def test_an_idle_connection_is_cut_too(shared_trackd):
    took = slow(shared_trackd, b'G', b'E' * 100, 0.5, 20)
    assert took and 8 < took < 13
def test_pages_of_other_origins_change_nothing(shared_trackd):
    for headers, code in (({'Origin': 'null'}, 403), ({'Origin': 'http://evil.example'}, 403),
                          ({'Origin': 'http://localhost.evil.example'}, 403),
                          ({'Sec-Fetch-Site': 'cross-site'}, 403), ({'Sec-Fetch-Site': 'same-site'}, 403),
                          ({'Sec-Fetch-Site': 'none'}, 403), ({'Origin': 'http://localhost:1'}, 404),
                          ({'Sec-Fetch-Site': 'same-origin'}, 404)):
        r = shared_trackd.request('POST', '/api/v1/runs/' + '0' * 32 + '/stop', {}, headers)
        assert r.status == code, (headers, r)
    assert shared_trackd.get('/api/v1/version', Sec_Fetch_Site='cross-site').status == 403
    assert shared_trackd.get('/api/v1/version', Sec_Fetch_Site='none').status == 200


