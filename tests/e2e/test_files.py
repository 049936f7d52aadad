"""Bytes in and out: uploads by digest, names for them in a run, ranges, what browsers may do with them."""
import hashlib
import os
import socket

import conftest
import pytest


def sha(data):
    return hashlib.sha256(data).hexdigest()


def put(trackd, data, digest=None, type_='application/octet-stream'):
    return trackd.request('PUT', f'/api/v1/blobs/{digest or sha(data)}', data, {'Content-Type': type_})


@pytest.fixture
def run(shared_trackd):
    run = conftest.new_id()
    shared_trackd.json('PUT', f'/api/v1/runs/{run}', {'project': 'files'})
    return run


@pytest.mark.parametrize('size', [0, 1, 1000, 65536, 65537, 1 << 20, (5 << 20) + 3])
@pytest.mark.parametrize('kind', ['random', 'text'])
def test_bytes_come_back(shared_trackd, size, kind):
    data = os.urandom(size) if kind == 'random' else (b'all work and no play\n' * (size // 20 + 1))[:size]
    type_ = 'text/plain' if kind == 'text' else 'application/octet-stream'
    missing = {'blobs': [{'digest': sha(data), 'size': size}, {'digest': '0' * 64, 'size': 1}]}
    for _ in range(2):
        r = put(shared_trackd, data, type_=type_)
        assert (r.status, r.json()) == (200, {'digest': sha(data), 'size': size})
    assert shared_trackd.json('POST', '/api/v1/blobs/missing', missing) == {'missing': ['0' * 64]}
    r = shared_trackd.get(f'/api/v1/blobs/{sha(data)}')
    assert (r.status, r.body) == (200, data)
    assert r.headers['ETag'] == f'"{sha(data)}"' and r.headers['Accept-Ranges'] == 'bytes'
    assert int(r.headers['Content-Length']) == size


def test_other_bytes_than_the_digest_says_are_refused(shared_trackd):
    data = os.urandom(100000)
    r = put(shared_trackd, data, digest=sha(b'other'))
    assert r.status == 400 and r.error['code'] == 'invalid'
    assert shared_trackd.get(f'/api/v1/blobs/{sha(b"other")}').status == 404
    assert shared_trackd.get(f'/api/v1/blobs/{sha(data)}').status == 404
    assert put(shared_trackd, data, digest='xyz').status == 400


def test_an_upload_needs_its_length(shared_trackd):
    path = f'/api/v1/blobs/{sha(b"x")}'.encode()
    head = b'PUT ' + path + b' HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n'
    r = shared_trackd.raw(head + b'Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n', seconds=2)
    assert b' 411 ' in r.splitlines()[0]
    r = shared_trackd.raw(head + b'Content-Length: 68719476737\r\n\r\n', seconds=2)
    assert b' 413 ' in r.splitlines()[0]


def test_an_upload_that_breaks_off_leaves_nothing(shared_trackd):
    data = os.urandom(300000)
    with socket.create_connection(('127.0.0.1', shared_trackd.port)) as s:
        s.sendall(f'PUT /api/v1/blobs/{sha(data)} HTTP/1.1\r\nHost: localhost\r\n'
                  f'Content-Length: {len(data)}\r\n\r\n'.encode() + data[:200000])
    assert shared_trackd.get(f'/api/v1/blobs/{sha(data)}').status == 404
    assert put(shared_trackd, data).status == 200


def test_a_range(shared_trackd):
    data = os.urandom(200000)
    put(shared_trackd, data)
    path = f'/api/v1/blobs/{sha(data)}'
    for range_, want in (('bytes=0-0', data[:1]), ('bytes=10-19', data[10:20]), ('bytes=199990-', data[-10:]),
                         ('bytes=-7', data[-7:]), ('bytes=5-999999', data[5:]), ('bytes=-999999', data)):
        r = shared_trackd.get(path, Range=range_)
        assert (r.status, r.body) == (206, want), range_
        first = len(data) - len(want) if range_.startswith('bytes=-') else int(range_[6:].split('-')[0])
        assert r.headers['Content-Range'] == f'bytes {first}-{first + len(want) - 1}/{len(data)}'
    for range_ in ('bytes=200000-', 'bytes=-0', 'bytes=999999999999-'):
        r = shared_trackd.get(path, Range=range_)
        assert r.status == 416 and r.headers['Content-Range'] == f'bytes */{len(data)}', range_
    for range_ in ('bytes=5-2', 'bytes=a-b', 'lines=1-2', 'bytes=1-2,4-5', 'bytes=', 'bytes=99999999999999999999-'):
        assert shared_trackd.get(path, Range=range_).status == 200, range_
    assert shared_trackd.get(path, Range='bytes=0-0', If_Range='"other"').status == 200
    assert shared_trackd.get(path, Range='bytes=0-0', If_Range=f'"{sha(data)}"').status == 206


def test_who_has_it_gets_nothing(shared_trackd):
    put(shared_trackd, b'abc')
    r = shared_trackd.get(f'/api/v1/blobs/{sha(b"abc")}', If_None_Match=f'"{sha(b"abc")}"')
    assert r.status == 304 and r.body == b''
    r = shared_trackd.request('HEAD', f'/api/v1/blobs/{sha(b"abc")}')
    assert r.status == 200 and r.headers['Content-Length'] == '3'


def test_files_of_a_run(shared_trackd, run):
    base = f'/api/v1/runs/{run}/files'
    names = ['a.txt', 'b/c ü.bin', 'b/d.html', 'z.svg']
    for name in names:
        data = name.encode()
        assert put(shared_trackd, data).status == 200
        f = shared_trackd.json('PUT', base, {'path': name, 'digest': sha(data)})
        assert f['path'] == name and f['size'] == len(data) and f['digest'] == sha(data)
    assert [f['path'] for f in shared_trackd.json('GET', base)['files']] == names
    page = shared_trackd.json('GET', base + '?limit=3')
    rest = shared_trackd.json('GET', base + '?limit=3&cursor=' + page['next'])
    assert [f['path'] for f in page['files'] + rest['files']] == names and rest['next'] is None
    r = shared_trackd.get(base + '/content?path=b%2fc%20%c3%bc.bin')
    assert r.body == 'b/c ü.bin'.encode()
    assert r.headers['Content-Disposition'] == "attachment; filename*=UTF-8''c%20%C3%BC.bin"
    for name in ('b/d.html', 'z.svg'):
        r = shared_trackd.get(base + '/content?path=' + name)
        assert r.headers['Content-Type'] == 'application/octet-stream'
        assert r.headers['Content-Security-Policy'] == "sandbox; default-src 'none'"
        assert r.headers['Content-Disposition'].startswith('attachment')
        assert r.headers['X-Content-Type-Options'] == 'nosniff'
    assert shared_trackd.get(base + '/content?path=nope').status == 404
    assert shared_trackd.get(base + '/content').status == 400
    assert shared_trackd.get(base + '?cursor=zz').status == 400


def test_a_file_without_bytes_is_a_conflict(shared_trackd, run):
    r = shared_trackd.request('PUT', f'/api/v1/runs/{run}/files', {'path': 'x', 'digest': 'ab' * 32})
    assert r.status == 409 and 'x' in r.error['message']


@pytest.mark.parametrize('path', ['', '/etc/passwd', '../x', 'a/../b', './a', 'a//b', 'a/', 'a\\b', 'a\x00b',
                                  'a\nb', 'x' * 256, '/'.join(['d' * 200] * 6)])
def test_paths_that_are_none(shared_trackd, run, path):
    put(shared_trackd, b'abc')
    r = shared_trackd.request('PUT', f'/api/v1/runs/{run}/files', {'path': path, 'digest': sha(b'abc')})
    assert r.status == 400, path


def test_inputs(shared_trackd, run):
    base = f'/api/v1/runs/{run}/inputs'
    put(shared_trackd, b'abc')
    one = {'name': 'train.txt', 'digest': sha(b'abc'), 'size': 3, 'uri': 'file:///d/train.txt', 'role': 'train'}
    two = {'name': 'val.txt', 'digest': 'ab' * 32, 'size': 5}
    for _ in range(2):
        assert shared_trackd.json('PUT', base, one)['stored'] is True
        assert shared_trackd.json('PUT', base, two)['stored'] is False
    inputs = shared_trackd.json('GET', base)['inputs']
    assert [i['name'] for i in inputs] == ['train.txt', 'val.txt'] and inputs[0]['role'] == 'train'


def test_many_missing(shared_trackd):
    blobs = [{'digest': f'{i:064x}', 'size': i} for i in range(10001)]
    r = shared_trackd.json('POST', '/api/v1/blobs/missing', {'blobs': blobs[:10000]})
    assert len(r['missing']) == 10000
    r = shared_trackd.request('POST', '/api/v1/blobs/missing', {'blobs': blobs})
    assert r.status == 400 and '10000' in r.error['message']
