"""Hostile bodies and names: every one gets a clear answer below 500, changes nothing that was
acknowledged, and leaves a server that works and a store that passes its check.

What is valid and what is not is taken from schema/openapi.yaml: a body that breaks the schema must be
refused, one that keeps it may be.
"""
import copy
import hashlib
import http.client
import json
import random
import struct
import subprocess
import time

import conftest
import jsonschema
import openapi
import pytest
import tkf

NOW_US = 1764000000000000
WRITER = '77' * 16
DIGEST = hashlib.sha256(b'').hexdigest()
# A good body for each operation that takes JSON, with every member that it may have.
GOOD = {
    'project_create': {'name': 'p', 'note': 'n'},
    'project_update': {'note': 'n'},
    'run_search': {'project': 'p', 'filter': 'name:x', 'order': '-name', 'columns': ['params.lr', 'best(loss)'],
                   'limit': 5, 'offset': 0, 'total': True, 'deleted': False},
    'run_create': {'project': 'p', 'name': 'r', 'note': 'n', 'kind': 'train', 'state': 'running', 'client': 'c',
                   'capture_mode': 'api', 'user': 'u', 'host': 'h', 'started_us': NOW_US,
                   'params': {'lr': 0.1, 'opt': 'adam'}, 'tags': {'a': 'b'}},
    'run_update': {'name': 'r', 'note': 'n'},
    'run_reopen': {'late': False},
    'run_rewind': {'step': 5, 'epoch': 0, 'writer': WRITER},
    'run_finish': {'state': 'finished', 'exit_code': 0, 'ended_us': NOW_US},
    'run_params_set': {'params': {'lr': 0.1, 'opt': 'adam'}},
    'run_tags_set': {'set': {'a': 'b', 'c': ''}, 'remove': ['d']},
    'run_definitions_set': {'definitions': [{'name': 'val/*', 'goal': 'min', 'unit': 's', 'hidden': False}]},
    'run_alert_add': {'title': 't', 'text': 'x', 'level': 'warning', 'time_us': NOW_US},
    'writer_set': {'name': 'w', 'rank': 0, 'host': 'h', 'pid': 1},
    'writer_lost_set': {'count': 1, 'reason': 'full'},
    'writer_close': {'last_seq': -1, 'points': 0},
    'point_add': {'points': [{'key': 'loss', 'step': 1, 'value': 0.5, 'time_us': NOW_US}]},
    'text_add': {'texts': [{'key': 'sample', 'step': 1, 'text': 'hello', 'time_us': NOW_US}]},
    'line_add': {'lines': [{'stream': 'stdout', 'text': 'hello', 'time_us': NOW_US}]},
    'bins_get': {'runs': ['0' * 32], 'keys': ['loss', {'name': 'a', 'context': ''}], 'x': 'step', 'from': 0, 'to': 9,
                 'bins': 10, 'columns': ['x_first', 'mean', 'smooth'],
                 'smooth': {'kind': 'ema', 'by': 'step', 'weight': 0.9},
                 'group': {'sets': [{'name': 'g', 'runs': ['0' * 32]}], 'stats': ['mean', 'p50'], 'members': True}},
    'blob_missing': {'blobs': [{'digest': DIGEST, 'size': 0}]},
    'file_set': {'path': 'a/b', 'digest': DIGEST, 'media': 'text/plain'},
    'input_set': {'name': 'data', 'digest': DIGEST, 'size': 0},
}
# Values that are of the wrong kind nearly everywhere, or out of every range.
WRONG = (True, False, 0, -1, 1.5, 2**53, 2**63, -2**63 - 1, 2**64, 10**30, 1e308, '', 'x', 'NaN', '\x00', '\n',
         '\ud800', 'x' * 3000, '9' * 30, [], {}, [[]], {'a': 1}, [1], ['x'], [None], {'': ''})


class Client:
    """One connection, kept while the server keeps it."""

    def __init__(self, server):
        self.server = server
        self.connection = None

    def __call__(self, method, path, body, type_='application/json'):
        for _ in range(2):
            try:
                if not self.connection:
                    self.connection = http.client.HTTPConnection('127.0.0.1', self.server.port, timeout=30)
                self.connection.request(method, path, body, {'Content-Type': type_})
                r = self.connection.getresponse()
                return conftest.Response(r.status, r.headers, r.read())
            except (ConnectionError, http.client.HTTPException):
                self.connection = None
        raise AssertionError('the server closes connections without an answer')

    def refused(self, r, what):
        """A clear answer below 500."""
        assert 400 <= r.status < 500, (what, r)
        e = r.error
        assert set(e) >= {'code', 'message', 'hint', 'ref'} and len(e['message']) > 5 and e['hint'], (what, e)


@pytest.fixture(scope='module')
def server(tmp_path_factory):
    """The data directory must pass its check when all is over."""
    server = conftest.Server(tmp_path_factory.mktemp('bad') / 'data').start()
    yield server
    assert server.stop() == 0, server.log.read_text()[-3000:]
    check = subprocess.run([conftest.BIN / 'trackd', 'check', '--data', server.data], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr


@pytest.fixture
def client(server):
    return Client(server)


@pytest.fixture
def run(server):
    run = conftest.new_id()
    server.json('PUT', '/api/v1/runs/' + run, {'project': 'p'})
    return run


def schema_of(operation):
    return openapi.plain(operation.node['requestBody']['content']['application/json']['schema'])


def target(operation, run):
    return operation.path.format(run=run, project='p', writer=WRITER, name='x', digest=DIGEST)


def with_json():
    return sorted(o.id for o in openapi.OPERATIONS.values()
                  if 'application/json' in o.node.get('requestBody', {}).get('content', {})
                  and (resolve_properties(schema_of(o)) or o.id in GOOD))


def resolve_properties(schema):
    return bool(schema.get('properties') or schema.get('additionalProperties') or schema.get('items'))


def is_valid(schema, body):
    try:
        jsonschema.validate(body, schema)
        return True
    except jsonschema.ValidationError:
        return False


def places(body, place=()):
    """Every place below body, itself included."""
    yield place
    for key, value in body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ():
        yield from places(value, place + (key,))


def put(body, place, value):
    if not place:
        return value
    body = copy.deepcopy(body)
    at = body
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    return body


def is_number_in_text(value):
    return isinstance(value, str) and value.lstrip('-').isdigit()


def test_every_operation_has_a_good_body():
    assert with_json() == sorted(GOOD)
    for id_, body in GOOD.items():
        jsonschema.validate(body, schema_of(openapi.OPERATIONS[id_]))


@pytest.mark.parametrize('id_', sorted(GOOD))
def test_values_of_wrong_kinds(client, run, id_):
    o = openapi.OPERATIONS[id_]
    schema = schema_of(o)
    for place in places(GOOD[id_]):
        for value in WRONG:
            body = put(GOOD[id_], place, value)
            sent = json.dumps(body).encode()
            r = client(o.method, target(o, run), sent)
            assert r.status < 500, (sent[:200], r)
            if not is_valid(schema, body) and not is_number_in_text(value):
                client.refused(r, (id_, place, value, sent[:200]))


@pytest.mark.parametrize('id_', sorted(GOOD))
def test_members_that_nobody_knows(client, run, id_):
    o = openapi.OPERATIONS[id_]
    schema = schema_of(o)
    for place in places(GOOD[id_]):
        at = GOOD[id_]
        for key in place:
            at = at[key]
        if isinstance(at, dict):
            body = put(GOOD[id_], place, {**at, 'unkown_member': 1})
            if not is_valid(schema, body):
                r = client(o.method, target(o, run), json.dumps(body).encode())
                client.refused(r, (id_, body))
                assert 'unkown_member' in r.error['message'], r


@pytest.mark.parametrize('id_', sorted(GOOD))
def test_texts_that_are_no_json(client, run, id_):
    o = openapi.OPERATIONS[id_]
    good = json.dumps(GOOD[id_]).encode()
    bad = [good[:n] for n in range(1, len(good))]
    bad += [good + b'x', good + good, b'\xef\xbb\xbf' + good, b'[' * 33, b'[' * 10000, b'{"a":' * 40, b'nul', b'NaN', b'Infinity',
            b'"\xff"', b'{"\xff":1}', good[:-1] + b',"a":"\xc0\x80"}', good[:-1] + b',"a":"\xed\xa0\x80"}',
            good[:-1] + b',"a":NaN}', good[:-1] + b',"a":-Infinity}', good[:-1] + b',"a":1e999}',
            good[:-1] + b',"a":' + b'9' * 65 + b'}', good[:-1] + b',"a":01}', good[:-1] + b',"a":"\\u0000"}',
            good[:-1] + b',' + good[1:]]
    for body in bad:
        client.refused(client(o.method, target(o, run), body), (id_, body[:200]))


@pytest.mark.parametrize('id_', sorted(GOOD))
def test_flipped_bits(client, run, id_):
    o = openapi.OPERATIONS[id_]
    good = json.dumps(GOOD[id_]).encode()
    dice = random.Random(id_)
    for _ in range(200):
        body = bytearray(good)
        for _ in range(dice.randint(1, 4)):
            body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
        r = client(o.method, target(o, run), bytes(body))
        assert r.status < 500, (bytes(body), r)


def test_names_of_10_megabytes(client, run):
    name = 'n' * 10_000_000
    for id_, body in (('project_create', {'name': name}), ('run_create', {'project': name}),
                      ('run_create', {'project': 'p', 'name': name}), ('run_params_set', {'params': {name: 1}}),
                      ('run_tags_set', {'tags': {name: 'x'}}), ('run_tags_set', {'tags': {'x': name}}),
                      ('point_add', {'points': [{'key': name, 'step': 1, 'value': 1}]}),
                      ('file_set', {'path': name, 'digest': DIGEST, 'size': 0}), ('run_search', {'filter': name})):
        o = openapi.OPERATIONS[id_]
        began = time.monotonic()
        client.refused(client(o.method, target(o, conftest.new_id() if id_ == 'run_create' else run), json.dumps(body).encode()), id_)
        assert time.monotonic() - began < 10
    for path in ('/api/v1/projects/', '/api/v1/runs/', '/p/', '/assets/'):
        r = client('GET', path + 'n' * 7000, None)
        assert 400 <= r.status < 500, r


LIMITS = (('project_create', lambda n: {'name': 'n' * n}, 250), ('run_create', lambda n: {'project': 'n' * n}, 250),
          ('run_params_set', lambda n: {'params': {'k' * n: 1}}, 2048), ('run_params_set', lambda n: {'params': {f'v{n}': 'v' * n}}, 65536),
          ('run_tags_set', lambda n: {'set': {'k' * n: ''}}, 2048), ('run_tags_set', lambda n: {'set': {'a': 'v' * n}}, 65536),
          ('point_add', lambda n: {'points': [{'key': 'k' * n, 'step': 1, 'value': 1}]}, 2048),
          ('run_alert_add', lambda n: {'title': 't' * n, 'level': 'info'}, 250), ('run_update', lambda n: {'note': 'n' * n}, 65536),
          ('file_set', lambda n: {'path': '/'.join(['p' * 127] * 8)[:n] if n <= 1024 else 'p' * 200 + '/p' * 412 + 'p', 'digest': DIGEST,
                                  }, 1024))


@pytest.mark.parametrize('id_,make,most', LIMITS)
def test_names_at_their_limit(client, server, run, id_, make, most):
    server.request('PUT', f'/api/v1/blobs/{DIGEST}', b'', {'Content-Type': 'application/octet-stream'})
    o = openapi.OPERATIONS[id_]
    for size, good in ((most, True), (most + 1, False)):
        body = json.dumps(make(size)).encode()
        r = client(o.method, target(o, conftest.new_id() if id_ == 'run_create' else run), body)
        if good:
            assert r.status == 200, (id_, size, r)
        else:
            client.refused(r, (id_, size))


def test_numbers_that_are_none(client, server, run):
    """Real numbers travel as texts where JSON has no word for them; whole numbers keep all 64 bits."""
    values = ['NaN', 'Infinity', '-Infinity', 1e308, -0.0, 5e-324]
    server.json('POST', f'/api/v1/runs/{run}/points', {'points': [
        {'key': 'x', 'step': i, 'value': v, 'time_us': NOW_US} for i, v in enumerate(values)]})
    back = server.get(f'/api/v1/runs/{run}/points?key=x').json()
    assert json.dumps(back['value']) == json.dumps(values), back
    steps = [-2**63 + 1, -2**53, 2**53 - 1, str(2**63 - 1)]
    server.json('POST', f'/api/v1/runs/{run}/points', {'points': [
        {'key': 'y', 'step': str(s), 'value': 0, 'time_us': NOW_US} for s in steps]})
    back = server.get(f'/api/v1/runs/{run}/points?key=y').json()
    assert [int(s) for s in back['step']] == [int(s) for s in steps]
    for bad in ('nan', 'inf', '1.5', '', 'Infinityx', '+Infinity', None, True, [], 2**1024):
        body = json.dumps({'points': [{'key': 'x', 'step': 1, 'value': bad, 'time_us': NOW_US}]}).encode()
        client.refused(client('POST', f'/api/v1/runs/{run}/points', body), bad)
    for bad in (1.5, 2**53, 1e20, '1.0', '', 'x', str(2**63), str(-2**63), True):
        body = json.dumps({'points': [{'key': 'x', 'step': bad, 'value': 1, 'time_us': NOW_US}]}).encode()
        client.refused(client('POST', f'/api/v1/runs/{run}/points', body), bad)


# --- frames -------------------------------------------------------------------------------------

FRAME = 'application/x-track-frames'


def post(client, run, body):
    return client('POST', f'/api/v1/runs/{run}/frames', body, FRAME)


def good_frame(writer, seq=0, values=(0.5, 0.25, 0.125)):
    return tkf.points(writer, seq, 0, range(seq * 3, seq * 3 + 3), values, define=b'loss' if seq == 0 else None)


def test_frames_cut_at_every_byte(client, run):
    whole = good_frame(b'A' * 16)
    for size in range(len(whole)):
        client.refused(post(client, run, whole[:size]), size)
    client.refused(post(client, run, whole + b'\0'), 'one byte more')
    client.refused(post(client, run, whole + whole[:20]), 'half a second frame')
    assert post(client, run, whole).json()['next_seq'] == 1


def test_frames_with_every_bit_flipped(client, server, run):
    """The CRC covers all but the first 16 bytes; of those only the two flags that change nothing pass."""
    whole = good_frame(b'B' * 16)
    for bit in range(8 * len(whole)):
        body = bytearray(whole)
        body[bit // 8] ^= 1 << bit % 8
        r = post(client, run, bytes(body))
        if bit // 8 in (6, 7) and r.status == 200:
            continue
        client.refused(r, bit)
    assert post(client, run, whole).status == 200
    assert server.get(f'/api/v1/runs/{run}/points?key=loss').json()['value'] == [0.5, 0.25, 0.125]


def test_frames_whose_numbers_lie(client, run):
    """A right CRC over wrong numbers: sizes, counts and versions that do not fit the content."""
    whole = good_frame(b'C' * 16)
    for at, form in ((4, 'B'), (5, 'B'), (8, 'I'), (44, 'I'), (48, 'I'), (52, 'H'), (54, 'H'), (68, 'I')):
        for value in (0, 1, 2, 5, 255, 2**15, 2**31 - 1, 2**32 - 1):
            value &= 256**struct.calcsize(form) - 1
            body = bytearray(whole)
            if struct.unpack_from('<' + form, body, at)[0] == value:
                continue
            struct.pack_into('<' + form, body, at, value)
            struct.pack_into('<I', body, 12, tkf.crc32c(bytes(body[16:])))
            client.refused(post(client, run, bytes(body)), (at, value))
    for seq in (2**63, 2**64 - 1):
        client.refused(post(client, run, tkf.points(b'C' * 16, seq, 0, range(3), (1, 2, 3), define=b'x')), seq)
    for key in (b'', b'a\n', b'\xff', b'k' * 2049):
        body = tkf.points(b'C' * 16, 0, 0, range(3), (1, 2, 3), define=key or b'', context=b'')
        if key:
            client.refused(post(client, run, body), key[:20])
    client.refused(post(client, run, tkf.points(b'C' * 16, 0, 7, range(3), (1, 2, 3))), 'a key that nobody defined')
    dice = random.Random(1)
    for _ in range(300):
        content = bytes(dice.randrange(256) for _ in range(dice.randrange(80)))
        body = tkf.frame(b'C' * 16, 0, content, kind=dice.choice((1, 2)), points=dice.randrange(5), plain=dice.randrange(100),
                         keys=dice.randrange(3), blocks=dice.randrange(3))
        assert post(client, run, body).status < 500


def test_a_seq_twice_with_the_same_and_with_other_bytes(client, server, run):
    first, other = good_frame(b'D' * 16), good_frame(b'D' * 16, values=(9, 9, 9))
    assert post(client, run, first).json()['next_seq'] == 1
    assert post(client, run, first).json()['next_seq'] == 1
    r = post(client, run, other)
    client.refused(r, 'other bytes')
    assert r.status == 409 and r.json()['next_seq'] == 1
    r = post(client, run, good_frame(b'D' * 16, seq=5))
    assert r.status == 409 and r.json()['next_seq'] == 1
    assert server.get(f'/api/v1/runs/{run}/points?key=loss').json()['value'] == [0.5, 0.25, 0.125]
    assert post(client, run, good_frame(b'D' * 16, seq=1)).json()['next_seq'] == 2


def test_frames_for_a_run_that_is_not_there_ended_or_in_the_trash(client, server, run):
    whole = good_frame(b'E' * 16)
    for path in ('f' * 32, '0' * 32):
        r = post(client, path, whole)
        assert r.status == 404, r
    for path in ('nothex', '%00', 'F' * 32, run.upper(), run + '0', '..', '%2e%2e'):
        r = post(client, path, whole)
        assert 400 <= r.status < 500, (path, r)
    server.json('POST', f'/api/v1/runs/{run}/finish', {'state': 'finished'})
    r = post(client, run, whole)
    assert r.status == 409 and 'reopen' in r.error['hint'], r
    server.json('POST', f'/api/v1/runs/{run}/reopen', {})
    assert post(client, run, whole).status == 200
    assert server.request('DELETE', f'/api/v1/runs/{run}').status == 200
    r = post(client, run, good_frame(b'E' * 16, seq=1))
    assert r.status == 409 and 'restore' in r.error['hint'] + r.error['message'], r


def test_bodies_of_other_types_and_sizes(client, run):
    assert client('POST', f'/api/v1/runs/{run}/frames', b'{}').status == 415
    assert client('POST', f'/api/v1/runs/{run}/points', b'{}', 'text/plain').status == 415
    assert post(client, run, b'').status == 400
    big = b'TKF1' + b'\0' * (4 * 1024 * 1024 + 1)
    assert post(client, run, big).status == 413
    assert client('POST', '/api/v1/runs/search', b'{}' + b' ' * 65534).status == 200
    assert client('POST', '/api/v1/runs/search', b' ' * 65537).status == 413


# --- searches -----------------------------------------------------------------------------------

def search(client, **body):
    return client('POST', '/api/v1/runs/search', json.dumps(body).encode())


def test_filters_that_are_none_say_where(client, run):
    for text, offset in (('status:runing', 7), ('statsu:x', 0), ('params.lr <', 11), ('(a', 2), ('min(loss) ~ x', 10),
                         ("name ~ '('", 7), ('é = 1', 0), ('é AND statsu:x', 7), ('created > 7', 10)):
        r = search(client, filter=text)
        client.refused(r, text)
        assert r.error['offset'] == offset, r
        lines = r.error['message'].split('\n')
        assert lines[-1].rstrip().endswith('^') and len(lines) >= 3, lines
    for text in ('a ' * 65, '(' * 33 + 'a' + ')' * 33, '-' * 33 + 'a', 'a' * 257, 'x ' * 2049,
                 ' '.join(['name ~ x'] * 9), 'id IN (' + ','.join(['a'] * 501) + ')'):
        client.refused(search(client, filter=text), text[:40])
    for body in ({'order': 'nix'}, {'order': 'name desc'}, {'order': 'at(a, 1)'}, {'columns': ['nix']},
                 {'columns': ['params.']}, {'columns': ['name'] * 101}, {'cursor': ''}, {'cursor': 'zz'},
                 {'cursor': '00' * 5000}, {'limit': -1}, {'limit': 1001}, {'offset': -1}, {'offset': 1000001},
                 {'project': '~99999'}, {'project': 'no such project'}):
        client.refused(search(client, **body), body)


def test_filters_cannot_leave_their_place(client, server, run):
    """Whatever stands in names and values is a value: no statement is ever made of it."""
    evil = ["' OR 1=1 --", "'; DROP TABLE run; --", '") OR ("" = "', '$1', '?1', ':a', '\\', '%', '_', '`', "''", 'NULL',
            'x\ty', '\u202e', '\U0001f600', 'ß', 'İ']
    for text in evil:
        quoted = "'" + text.replace("'", "''") + "'"
        key = '`' + text.replace('`', '``') + '`'
        server.json('POST', f'/api/v1/runs/{run}/params', {'params': {text.replace('\t', ' '): text}})
        for filter_ in (f'name = {quoted}', f'params.{key} = {quoted}', f'tags.{key} LIKE {quoted}', quoted, f'min({key}) < 1',
                        f'has:{key}', f'name IN ({quoted}, {quoted})', f'user:{quoted}'):
            r = search(client, project='p', filter=filter_, order=f'params.{key}', columns=[f'params.{key}', f'best({key})'])
            assert r.status == 200, (filter_, r)
    found = search(client, project='p', filter="params.`'; DROP TABLE run; --` = '''; DROP TABLE run; --'").json()
    assert [row['id'] for row in found['runs']] == [run]


def test_an_expensive_pattern_is_an_error_and_not_an_answer(client, server, run):
    server.json('PATCH', f'/api/v1/runs/{run}', {'note': 'a' * 5000})
    began = time.monotonic()
    r = search(client, project='p', filter="notes ~ '(a|aa)+[bc]$'")
    client.refused(r, 'expensive')
    assert 'too expensive' in r.error['message'] and time.monotonic() - began < 5
