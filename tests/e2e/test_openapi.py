"""Walks schema/openapi.yaml against a real server: every operation with valid input, every documented
error, and the list of operations against the route table (tests/golden/routes.txt), both ways."""
import hashlib
import json
import struct

import conftest
import openapi
import pytest

# Answers that take more than a request; each is provoked where it is named.
ELSEWHERE = {
    ('run_search', 504): 'tests/server/test_search.c (deadline of a read)',
    ('bins_get', 413): 'tests/e2e/test_bins.py',
    ('bins_get', 504): 'tests/server/test_tail.c',
    ('frame_add', 429): 'tests/server/test_writer.c (queue full)',
    ('event_stream', 429): 'test_streams.py (257 streams)',
    ('blob_put', 507): 'tests/server/test_store_blob.c (free space)',
}
# Rows that are pages for people, not the API.
PAGES = {'/', '/trash', '/p/:project', '/p/:project/r/:run', '/p/:project/r/:run/:tab', '/assets/:name'}


def routes():
    rows = []
    for line in (openapi.ROOT / 'tests/golden/routes.txt').read_text().splitlines():
        method, pattern, right, body, most, query = line.split(' ', 5)
        rows.append((method, pattern, right, body, int(most), [] if query == '-' else query.split()))
    return rows


def test_the_route_table_and_the_description_agree():
    have = {(m, p): (r, most, sorted(q)) for m, p, r, _, most, q in routes() if p not in PAGES}
    want = {(o.method, o.pattern): (o.right, o.body_max, sorted(o.query)) for o in openapi.OPERATIONS.values()}
    assert set(have) == set(want)
    for key in want:
        assert have[key] == want[key], key


def test_operations_have_what_they_need():
    for o in openapi.OPERATIONS.values():
        assert o.node.get('summary') and o.node.get('tags'), o.id
        in_path = [p['name'] for p in o.parameters if p['in'] == 'path']
        assert sorted(in_path) == sorted(openapi.re.findall(r'\{(\w+)\}', o.path)), o.id


class Walk:
    """Calls operations by id, checks each answer, remembers what was seen."""

    def __init__(self, server):
        self.server, self.seen = server, set()

    def __call__(self, id_, status, query='', body=None, headers=(), **path):
        o = openapi.OPERATIONS[id_]
        target = o.path.format(**path) + query
        r = self.server.request(o.method, target, body, headers)
        assert r.status == status, f'{o.method} {target}: {r!r}'
        o.check(r)
        if status >= 400:
            assert r.error['hint'] and r.error['message']
        self.seen.add((id_, status))
        return r.json() if r.body and (r.headers['Content-Type'] or '').startswith('application/json') else r


NONE = 'f' * 32
JSON = {'Content-Type': 'application/json'}


def frame(writer, seq, kind=3, flags=0, crc=None):
    """A heartbeat, or an empty frame of points, by the table of schema/formats.md."""
    rest = writer + struct.pack('<QIIIHHqII', seq, 0, 0, 0, 0, 0, 0, 0, 0)
    if kind == 1:
        rest += b'\0'  # number of the first key
    return b'TKF1' + struct.pack('<BBHII', 1, kind, flags, 16 + len(rest), crc32c(rest) if crc is None else crc) + rest


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def walk_server(call):
    call('health_get', 200)
    call('healthz_get', 200)
    call('version_get', 200)
    call('short_version_get', 200)
    call('metrics_get', 200)


def walk_projects(call, run):
    call('project_list', 200)
    call('project_list', 200, '?limit=1000')
    call('project_list', 400, '?limit=1001')
    call('project_list', 400, '?limit=0')
    call('project_list', 400, '?cursor=!')
    call('project_create', 200, body={'name': 'walk', 'note': 'a *note*'})
    call('project_create', 200, body={'name': 'with / and blank ü'})
    for bad in ({}, {'name': ''}, {'name': 'a\n'}, {'name': 'x' * 251}, {'name': 1}, {'name': 'a', 'x': 1}):
        call('project_create', 400, body=bad)
    refs = {p['name']: p['ref'] for p in call('project_list', 200)['projects']}
    assert refs['walk'] == 'walk' and refs['with / and blank ü'].startswith('~')
    assert call('project_get', 200, project=refs['with / and blank ü'])['name'] == 'with / and blank ü'
    call('project_get', 404, project='nope')
    call('project_update', 200, project='walk', body={'note': 'other'})
    call('project_update', 400, project='walk', body={'name': 'x'})
    call('project_update', 404, project='nope', body={'note': 'x'})
    assert [s['key'] for s in call('project_series', 200, '?flat=1', project='walk')['series']] == ['loss', 'val/acc']
    call('project_series', 400, '?flat=2', project='walk')
    call('project_series', 404, project='nope')
    for kind in ('param', 'tag', 'metric'):
        assert call('project_keys', 200, f'?kind={kind}', project='walk')['keys']
    call('project_keys', 400, project='walk')
    call('project_keys', 400, '?kind=x', project='walk')
    call('project_keys', 404, '?kind=tag', project='nope')
    assert call('project_values', 200, '?field=params.lr', project='walk')['values'] == [{'value': '0.1', 'runs': 1}]
    call('project_values', 400, project='walk')
    call('project_values', 404, '?field=name', project='nope')


def walk_run(call, run, other):
    doc = {'project': 'walk', 'name': 'first', 'note': 'n', 'kind': 'train', 'client': 'test/1', 'user': 'u', 'host': 'h',
           'capture_mode': 'api', 'state': 'running', 'started_us': 1700000000000000,
           'params': {'lr': 0.1, 'opt': 'adam', 'amp': True}, 'tags': {'team': 'a', 'label': ''}}
    made = call('run_create', 200, run=run, body=doc)
    assert made['params'] == {'lr': '0.1', 'opt': 'adam', 'amp': 'true'} and made['tags'] == doc['tags']
    assert call('run_create', 200, run=run, body=doc) == made
    call('run_create', 200, run=other, body={'project': 'walk', 'parent': run, 'state': 'queued'})
    call('run_create', 409, run=run, body={'project': 'elsewhere'})
    for bad in ({}, {'project': 'walk', 'state': 'finished'}, {'project': 'walk', 'kind': 7}, {'project': 'walk', 'lr': 1},
                {'project': 'walk', 'params': {'a': []}}, {'project': 'walk', 'started_us': 'x'}, [], 'x', None, 1):
        call('run_create', 400, run=conftest.new_id(), body=json.dumps(bad).encode(), headers=JSON)
    for bad in (b'', b'{', b'{"project":"a","project":"b"}', b'{"project":"\xff"}', b'{"project":"a\\u0000"}'):
        call('run_create', 400, run=conftest.new_id(), body=bad, headers=JSON)
    call('run_create', 413, run=conftest.new_id(), body=b'[' * 100000, headers=JSON)
    call('run_create', 400, run='abc', body={'project': 'walk'})
    assert call('run_get', 200, run=run)['name'] == 'first'
    assert call('run_get', 200, run=run[-10:])['id'] == run
    call('run_get', 404, run=NONE)
    call('run_get', 404, run='latest')
    call('run_get', 409, run=run[:6])
    assert call('resolve_get', 200, f'?ref={run[-8:]}')['id'] == run
    assert call('resolve_get', 200, '?ref=latest&project=walk')['id'] in (run, other)
    call('resolve_get', 400)
    call('resolve_get', 400, '?ref=latest')
    call('resolve_get', 404, f'?ref={NONE}')
    call('resolve_get', 409, f'?ref={run[:6]}')
    assert call('run_update', 200, run=run, body={'name': 'second', 'note': 'm'})['note'] == 'm'
    call('run_update', 400, run=run, body={'state': 'x'})
    call('run_update', 404, run=NONE, body={'name': 'x'})


def walk_facts(call, run):
    call('run_params_set', 200, run=run, body={'params': {'wd': 0.01}})
    call('run_params_set', 200, run=run, body={'params': {'wd': 0.01}})
    call('run_params_set', 409, run=run, body={'params': {'wd': 0.02, 'new': 1}})
    assert 'new' not in call('run_get', 200, run=run)['params']
    for bad in ({}, {'params': []}, {'params': {'': 1}}, {'params': {'k' * 2049: 1}}, {'params': {'k': 'v' * 65537}}):
        call('run_params_set', 400, run=run, body=bad)
    call('run_params_set', 404, run=NONE, body={'params': {'a': 1}})
    call('run_tags_set', 200, run=run, body={'set': {'team': 'b'}, 'remove': ['label', 'absent']})
    assert call('run_get', 200, run=run)['tags'] == {'team': 'b'}
    call('run_tags_set', 400, run=run, body={'set': {'a': 1}})
    call('run_tags_set', 404, run=NONE, body={'set': {'a': 'b'}})
    defs = [{'name': 'loss', 'goal': 'min', 'unit': 'nat', 'step_key': None, 'hidden': False}, {'name': 'val/*', 'goal': 'max'}]
    call('run_definitions_set', 200, run=run, body={'definitions': defs})
    assert call('run_definitions_get', 200, run=run)['definitions'][0] == {
        'name': 'loss', 'goal': 'min', 'unit': 'nat', 'step_key': None, 'hidden': False}
    call('run_definitions_set', 400, run=run, body={'definitions': [{'name': 'a', 'goal': 'up'}]})
    call('run_definitions_set', 404, run=NONE, body={'definitions': defs})
    call('run_definitions_get', 404, run=NONE)
    call('run_doc_set', 200, run=run, name='code', body=b'{"a":  1.50}', headers=JSON)
    call('run_doc_set', 200, run=run, name='patch', body=b'--- a\n', headers={'Content-Type': 'text/plain'})
    call('run_doc_set', 400, run=run, name='code', body=b'{"a":', headers=JSON)
    call('run_doc_set', 400, run=run, name='a%20b', body=b'{}', headers=JSON)
    call('run_doc_set', 404, run=NONE, name='code', body=b'{}', headers=JSON)
    call('run_doc_set', 413, run=run, name='code', body=b'"' + b'x' * (8 << 20) + b'"', headers=JSON)
    assert call.server.get(f'/api/v1/runs/{run}/docs/code').body == b'{"a":  1.50}'
    call('run_doc_get', 200, run=run, name='code')
    call('run_doc_get', 200, run=run, name='patch')
    call('run_doc_get', 404, run=run, name='nope')
    assert [d['name'] for d in call('run_doc_list', 200, run=run)['docs']] == ['code', 'patch']
    call('run_doc_list', 404, run=NONE)
    alert = {'id': conftest.new_id(), 'title': 'hot', 'text': '90 C', 'level': 'warning', 'time_us': 1700000000000000}
    for _ in range(3):
        call('run_alert_add', 200, run=run, body=alert)
    call('run_alert_add', 200, run=run, body=alert | {'id': conftest.new_id()})
    call('run_alert_add', 400, run=run, body={'title': '', 'level': 'info'})
    call('run_alert_add', 400, run=run, body={'title': 'x', 'level': 'bad'})
    call('run_alert_add', 400, run=run, body={'title': 'x'})
    call('run_alert_add', 404, run=NONE, body={'title': 'x', 'level': 'info'})
    alerts = call('run_alert_list', 200, run=run)['alerts']
    assert [(a['title'], a['count']) for a in alerts] == [('hot', 2)]
    call('run_alert_list', 404, run=NONE)


def walk_points_in(call, run):
    points = [{'key': 'loss', 'step': s, 'time_us': 1700000000000000 + s, 'value': v}
              for s, v in enumerate([3, 2.5, 'NaN', 1, 'Infinity'])] + [{'key': 'val/acc', 'step': 2, 'value': 0.5}]
    call('point_add', 200, run=run, body={'points': points})
    call('point_add', 200, run=run, body={'points': points[:1]})
    call('point_add', 200, run=run, body={'points': [{'key': 'loss', 'context': {'rank': 1}, 'step': 0, 'value': 9}]})
    for bad in ({}, {'points': []}, {'points': [{'key': 'a'}]}, {'points': [{'key': 'a', 'value': 'x'}]},
                {'points': [{'key': '', 'value': 1}]}, {'points': [{'key': 'a', 'value': 1, 'step': 1.5}]},
                {'points': [{'key': 'a', 'value': 1, 'step': '9223372036854775808'}]}):
        call('point_add', 400, run=run, body=bad)
    call('point_add', 404, run=NONE, body={'points': points})
    call('point_add', 413, run=run, body={'points': points[:1] * 10001})
    call('text_add', 200, run=run, body={'texts': [{'key': 'sample', 'step': 1, 'text': 'to be'}, {'key': 'sample', 'step': 2, 'text': 'or not'}]})
    call('text_add', 400, run=run, body={'texts': [{'key': 'sample'}]})
    call('text_add', 404, run=NONE, body={'texts': [{'key': 'a', 'text': 'b'}]})
    call('line_add', 200, run=run, body={'lines': [{'text': 'one'}, {'text': 'two', 'stream': 'stderr'}, {'text': 'three'}]})
    call('line_add', 400, run=run, body={'lines': [{'text': 'x', 'stream': 'other'}]})
    call('line_add', 404, run=NONE, body={'lines': [{'text': 'x'}]})


def walk_points_out(call, run):
    got = call('point_list', 200, '?key=loss', run=run)
    assert got['step'] == [0, 1, 2, 3, 4] and got['value'] == [3, 2.5, 'NaN', 1, 'Infinity'] and got['next'] is None
    page = call('point_list', 200, '?key=loss&limit=2', run=run)
    rest = call('point_list', 200, f'?key=loss&cursor={page["next"]}', run=run)
    assert page['step'] + rest['step'] == [0, 1, 2, 3, 4]
    assert call('point_list', 200, '?key=loss&from=1&to=2', run=run)['step'] == [1, 2]
    binary = call('point_list', 200, '?key=loss&limit=2', headers={'Accept': 'application/x-track-points'}, run=run)
    assert binary.body[:4] == b'TKPT' and binary.headers['X-Track-Next'] == page['next']
    call('point_list', 400, run=run)
    call('point_list', 400, '?key=loss&limit=0', run=run)
    call('point_list', 400, '?key=loss&cursor=00', run=run)
    call('point_list', 404, '?key=nope', run=run)
    call('point_list', 404, '?key=loss', run=NONE)
    level = call('series_list', 200, run=run)
    assert [g['prefix'] for g in level['groups']] == ['val/'] and {s['key'] for s in level['series']} == {'loss'}
    loss = [s for s in level['series'] if s['context'] == ''][0]
    assert (loss['n'], loss['bad'], loss['min'], loss['max'], loss['goal'], loss['unit']) == (5, 2, 1, 3, 'min', 'nat')
    assert call('series_list', 200, '?prefix=val/', run=run)['series'][0]['goal'] == 'max'
    assert len(call('series_list', 200, '?flat=1', run=run)['series']) == 3
    call('series_list', 400, '?prefix=val', run=run)
    call('series_list', 404, run=NONE)
    ask = {'runs': [run, NONE], 'keys': ['loss', {'name': 'val/acc'}, 'nope'], 'bins': 10}
    bins = call('bins_get', 200, body=ask)
    assert [s['key'] for s in bins['series']] == ['loss', 'val/acc'] and bins['series'][0]['n'] == [1] * 5
    have = {f'{s["run"]}:{s["id"]}': s['version'] for s in bins['series']}
    assert all(s['unchanged'] for s in call('bins_get', 200, body=ask | {'have': have})['series'])
    more = {'smooth': {'weight': 0.9}, 'group': {'sets': [{'name': None, 'runs': [run]}], 'members': True, 'stats': ['mean', 'std']}}
    assert call('bins_get', 200, body=ask | more)['groups'][0]['std'][0] is None
    assert call('bins_get', 200, body=ask | {'x': {'metric': 'val/acc'}, 'from': 0.5})['metric'] == 'val/acc'
    binary = call('bins_get', 200, body=ask, headers={'Accept': 'application/x-track-bins'})
    assert binary.body[:4] == b'TKBN'
    for bad in ({}, {'runs': [], 'keys': ['a']}, {'runs': ['x'], 'keys': ['a']}, {'runs': [run], 'keys': []}, ask | {'x': 'y'},
                ask | {'bins': 0}, ask | {'bins': 4097}, ask | {'columns': ['sum']}, ask | {'from': 2, 'to': 1},
                ask | {'have': {'a': 'b'}}):
        call('bins_get', 400, body=bad)
    texts = call('text_list', 200, '?key=sample', run=run)['texts']
    assert [t['text'] for t in texts] == ['or not', 'to be']
    call('text_list', 400, '?limit=x', run=run)
    call('text_list', 404, run=NONE)
    lines = call('line_list', 200, run=run)
    assert [l['text'] for l in lines['lines']] == ['one', 'two', 'three'] and lines['total'] == 3
    assert [l['text'] for l in call('line_list', 200, '?from=-1', run=run)['lines']] == ['three']
    assert [l['text'] for l in call('line_list', 200, '?stream=stderr', run=run)['lines']] == ['two']
    assert [l['text'] for l in call('line_list', 200, '?regex=^t', run=run)['lines']] == ['two', 'three']
    call('line_list', 400, '?stream=x', run=run)
    call('line_list', 400, '?regex=(', run=run)
    call('line_list', 404, run=NONE)


def walk_search(call, run, other):
    for ref in ('best:loss', 'best:loss:min', 'best:val/acc:max', run, run[:31], run[1:]):
        assert call('resolve_get', 200, f'?ref={ref}&project=walk')['id'] == run, ref
    assert {call('resolve_get', 200, f'?ref={r}&project=walk')['id'] for r in ('latest', 'latest~1')} == {run, other}
    call('resolve_get', 404, '?ref=best:nope:min&project=walk')
    call('resolve_get', 404, '?ref=latest~9&project=walk')
    call('resolve_get', 404, '?ref=latest&project=nope')
    found = call('run_search', 200, body={'project': 'walk', 'filter': 'params.lr < 1', 'columns': ['params.lr', 'best(loss)'], 'total': True})
    assert [r['id'] for r in found['runs']] == [run] and found['total'] == 1
    alone = call('run_search', 200, body={'project': 'walk', 'filter': 'params.lr < 1', 'limit': 0, 'total': True})
    assert alone == {'runs': [], 'next': None, 'total': 1}
    assert found['runs'][0]['values'][0] == '0.1' and found['runs'][0]['values'][1]['value'] == 1
    page = call('run_search', 200, body={'limit': 1, 'order': 'name'})
    assert len(page['runs']) == 1 and page['next']
    rest = call('run_search', 200, body={'limit': 1, 'order': 'name', 'cursor': page['next']})
    assert rest['runs'][0]['id'] != page['runs'][0]['id']
    bad = call('run_search', 400, body={'filter': 'params.lr <'})
    assert isinstance(bad['error']['offset'], int)
    call('run_search', 400, body={'limit': -1})
    call('run_search', 400, body={'order': 'nothing.x'})
    call('run_search', 400, body={'cursor': 'zz'})
    call('run_search', 404, body={'project': 'nope'})


def walk_writers(call, run):
    writer = bytes(range(16))
    w, frames = writer.hex(), {'Content-Type': 'application/x-track-frames'}
    call('writer_set', 200, run=run, writer=w, body={'name': 'w', 'rank': 0, 'host': 'h', 'pid': 7})
    call('writer_set', 400, run=run, writer='xyz', body={})
    call('writer_set', 400, run=run, writer=w, body={'rank': -1})
    call('writer_set', 404, run=NONE, writer=w, body={})
    assert call('frame_add', 200, run=run, body=frame(writer, 0, 1), headers=frames)['next_seq'] == 1
    assert call('frame_add', 200, run=run, body=frame(writer, 0, 1), headers=frames)['next_seq'] == 1
    assert call('frame_add', 200, run=run, body=frame(writer, 0), headers=frames)['next_seq'] == 1
    assert call('frame_add', 409, run=run, body=frame(writer, 5, 1), headers=frames)['next_seq'] == 1
    call('frame_add', 400, run=run, body=frame(writer, 1, 1, crc=7), headers=frames)
    call('frame_add', 400, run=run, body=b'', headers=frames)
    call('frame_add', 404, run=NONE, body=frame(writer, 0, 1), headers=frames)
    call('frame_add', 400, run=run, body=frame(b'w' * 16, (1 << 40) + 1, 1, flags=4), headers=frames)
    call('frame_add', 400, run=run, body=frame(b'w' * 16, (1 << 63) - 1, 1, flags=4), headers=frames)
    call('frame_add', 413, run=run, body=b'x' * ((4 << 20) + 1), headers=frames)
    call('writer_lost_set', 200, run=run, writer=w, body={'count': 3, 'reason': 'spool full'})
    call('writer_lost_set', 400, run=run, writer=w, body={})
    call('writer_lost_set', 400, run=run, writer=w, body={'count': (1 << 40) + 1})
    call('writer_lost_set', 400, run=run, writer=w, body={'count': 0})
    call('writer_lost_set', 404, run=NONE, writer=w, body={'count': 3})
    assert call('run_get', 200, run=run)['lost'] == 3
    assert call('writer_close', 409, run=run, writer=w, body={'last_seq': 3})['next_seq'] == 1
    call('writer_close', 400, run=run, writer=w, body={'last_seq': -2})
    call('writer_close', 404, run=NONE, writer=w, body={'last_seq': 0})
    return w


def walk_files(call, run):
    data = b'weights'
    digest = hashlib.sha256(data).hexdigest()
    blob = {'Content-Type': 'application/octet-stream'}
    assert call('blob_missing', 200, body={'blobs': [{'digest': digest, 'size': 7}]})['missing'] == [digest]
    call('blob_missing', 400, body={'blobs': [{'digest': 'x', 'size': 7}]})
    call('blob_put', 200, digest=digest, body=data, headers=blob)
    call('blob_put', 400, digest=digest, body=b'others!', headers=blob)
    call('blob_put', 400, digest='x', body=data, headers=blob)
    r = call.server.raw(f'PUT /api/v1/blobs/{digest} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 68719476737\r\n\r\n'.encode(), 2)
    assert b' 413 ' in r.split(b'\r\n')[0]
    call.seen.add(('blob_put', 413))
    path = {'digest': digest}
    call('blob_get', 200, **path)
    call('blob_get', 206, headers={'Range': 'bytes=0-1'}, **path)
    call('blob_get', 304, headers={'If-None-Match': f'"{digest}"'}, **path)
    call('blob_get', 404, digest='0' * 64)
    call('blob_get', 416, headers={'Range': 'bytes=7-'}, **path)
    call('file_set', 200, run=run, body={'path': 'model/w.bin', 'digest': digest, 'media': 'application/octet-stream'})
    call('file_set', 400, run=run, body={'path': '../w', 'digest': digest})
    call('file_set', 404, run=NONE, body={'path': 'w', 'digest': digest})
    call('file_set', 409, run=run, body={'path': 'w', 'digest': '0' * 64})
    assert [f['path'] for f in call('file_list', 200, run=run)['files']] == ['model/w.bin']
    call('file_list', 404, run=NONE)
    where = '?path=model/w.bin'
    call('file_get', 200, where, run=run)
    call('file_get', 206, where, run=run, headers={'Range': 'bytes=-1'})
    call('file_get', 304, where, run=run, headers={'If-None-Match': f'"{digest}"'})
    call('file_get', 404, '?path=nope', run=run)
    call('file_get', 416, where, run=run, headers={'Range': 'bytes=9-'})
    call('input_set', 200, run=run, body={'name': 'd', 'digest': digest, 'size': 7, 'uri': 'file:///d', 'role': 'train'})
    call('input_set', 400, run=run, body={'name': '', 'digest': digest, 'size': 7})
    call('input_set', 404, run=NONE, body={'name': 'd', 'digest': digest, 'size': 7})
    assert call('input_list', 200, run=run)['inputs'][0]['stored'] is True
    call('input_list', 404, run=NONE)


def walk_end(call, run, writer):
    assert call('run_rewind', 200, run=run, body={'step': 10**6, 'epoch': 0}) == {
        'epoch': 1, 'step': 10**6, 'again': False}
    call('run_rewind', 400, run=run, body={'step': 'x'})
    call('run_rewind', 404, run=NONE, body={'step': 1})
    assert call('run_stop', 200, run=run, body={})['stop'] is True
    call('run_stop', 404, run=NONE)
    call('run_finish', 400, run=run, body={'state': 'running'})
    call('run_finish', 404, run=NONE, body={'state': 'finished'})
    assert call('run_finish', 202, run=run, body={'state': 'finished', 'exit_code': 0})['open'] == [writer]
    call('writer_close', 200, run=run, writer=writer, body={'last_seq': 0})
    assert call('run_finish', 200, run=run, body={'state': 'finished', 'exit_code': 0})['state'] == 'finished'
    call('run_finish', 409, run=run, body={'state': 'failed'})
    call('point_add', 409, run=run, body={'points': [{'key': 'a', 'value': 1}]})
    call('text_add', 409, run=run, body={'texts': [{'key': 'a', 'text': 'b'}]})
    call('line_add', 409, run=run, body={'lines': [{'text': 'b'}]})
    receipt = call('run_receipt', 200, run=run)
    assert {w['writer']: w['last_seq'] for w in receipt['writers']}[writer] == 0
    call('run_receipt', 404, run=NONE)
    call('run_reopen', 200, run=run, body={'late': True})
    call('run_reopen', 200, run=run)
    call('run_reopen', 400, run=run, body={'late': 1})
    call('run_reopen', 404, run=NONE)


def walk_trash(call, run, writer):
    assert call('run_delete', 200, run=run)['deleted_us']
    call('run_delete', 404, run=NONE)
    call('run_reopen', 409, run=run)
    call('run_stop', 409, run=run)
    call('run_rewind', 409, run=run, body={'step': 1})
    call('writer_set', 409, run=run, writer=writer, body={})
    assert [r['id'] for r in call('run_search', 200, body={'deleted': True})['runs']] == [run]
    assert call('run_restore', 200, run=run, body={})['deleted_us'] is None
    call('run_restore', 404, run=NONE)


def walk_events(call, run):
    assert call.server.raw(b'GET /api/v1/events?run=' + run.encode() + b' HTTP/1.1\r\nHost: localhost\r\n\r\n', 1).count(b'event: reset') == 1
    call.seen.add(('event_stream', 200))
    call('event_stream', 404, '?project=nope')


def test_every_operation_and_every_answer(trackd):
    call, run, other = Walk(trackd), conftest.new_id(), conftest.new_id()
    walk_server(call)
    walk_run(call, run, other)
    walk_facts(call, run)
    walk_points_in(call, run)
    walk_points_out(call, run)
    walk_projects(call, run)
    walk_search(call, run, other)
    writer = walk_writers(call, run)
    walk_files(call, run)
    walk_end(call, run, writer)
    walk_trash(call, run, writer)
    walk_events(call, run)
    want = {(o.id, s) for o in openapi.OPERATIONS.values() for s in o.statuses}
    assert want - call.seen - set(ELSEWHERE) == set()
    assert set(ELSEWHERE) <= want


@pytest.mark.parametrize('id_', sorted(o.id for o in openapi.OPERATIONS.values() if o.node.get('requestBody')))
def test_bodies_of_another_type_are_refused(shared_trackd, id_):
    o = openapi.OPERATIONS[id_]
    path = o.path.format(run=NONE, project='p', writer=NONE, name='code', digest='0' * 64)
    if 'application/octet-stream' not in openapi.resolve(o.node['requestBody'])['content']:
        r = shared_trackd.request(o.method, path, b'a=b', {'Content-Type': 'application/x-www-form-urlencoded'})
        assert (r.status, r.error['code']) == (415, 'invalid')
    r = shared_trackd.request(o.method, path, b'{}', {'Content-Type': 'application/json', 'Content-Encoding': 'gzip'})
    assert r.status == 415


@pytest.mark.parametrize('id_', sorted(o.id for o in openapi.OPERATIONS.values()))
def test_unknown_query_parameters_are_refused(shared_trackd, id_):
    o = openapi.OPERATIONS[id_]
    path = o.path.format(run=NONE, project='p', writer=NONE, name='code', digest='0' * 64)
    r = shared_trackd.request(o.method, path + '?nonsense=1')
    assert r.status == 400 and 'nonsense' in r.error['message']


@pytest.mark.parametrize('id_', sorted(o.id for o in openapi.OPERATIONS.values() if 0 < o.body_max <= 8 << 20))
def test_bodies_are_limited(shared_trackd, id_):
    o = openapi.OPERATIONS[id_]
    path = o.path.format(run=NONE, project='p', writer=NONE, name='code', digest='0' * 64)
    type_ = list(openapi.resolve(o.node.get('requestBody', {'content': {'application/json': 0}}))['content'])[0]
    headers = {'Content-Type': type_}
    r = shared_trackd.request(o.method, path, b' ' * o.body_max, headers)
    assert r.status != 413, r
    raw = f'{o.method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {type_}\r\n'
    assert shared_trackd.request(o.method, path, b' ' * (o.body_max + 1), headers).status == 413
    r = shared_trackd.raw((raw + f'Expect: 100-continue\r\nContent-Length: {o.body_max + 1}\r\n\r\n').encode(), 2)
    assert b' 413 ' in r.split(b'\r\n')[0]
    chunk = b'%x\r\n' % (o.body_max + 1) + b' ' * (o.body_max + 1) + b'\r\n0\r\n\r\n'
    r = shared_trackd.raw((raw + 'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n').encode() + chunk, 5)
    assert b' 413 ' in r.split(b'\r\n')[0]
