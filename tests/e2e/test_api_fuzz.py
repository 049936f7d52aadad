"""Random requests made from schema/openapi.yaml, most of them a little wrong: no answer is a 5xx, the server
lives, and what it stored is clean.  How: a seed a day, printed; TRACK_FUZZ_SECONDS for longer runs."""
import http.client
import json
import os
import random
import subprocess
import time
import urllib.parse

import conftest
import openapi

SECONDS = float(os.environ.get('TRACK_FUZZ_SECONDS', '8'))
RUN = conftest.new_id()
TEXTS = ['', 'a', 'loss', 'p', 'x' * 300, 'x' * 70000, '\0', '\n', 'é' * 100, '../..', 'a/b', '%', '~0', '~99999999999999999999', RUN,
         RUN[-8:], 'f' * 32, 'f' * 64, 'best(loss)', '-started', 'params.lr<1', 'NaN', 'Infinity', '9223372036854775807',
         '-9223372036854775809', '1e999', 'step', 'min', 'running', 'finished', 'info', 'latest', '[', "'", '"', '\\', '(((',
         "name~'(a+)+$'", 'at(loss,3)>1', 'created>-7d', '*', 'val/*', '{"a":1}']
NUMBERS = [0, 1, -1, 2, 7, 100, 1000, 1001, 4096, 4097, 2**31, 2**40, 2**53, 2**53 + 1, -2**63, 2**63, 1e308, 1e-320, 0.5, -0.0]


class Maker:
    """Bodies, paths and queries from a seed."""

    def __init__(self, seed):
        self.r = random.Random(seed)

    def anything(self, depth=0):
        kind = self.r.random()
        if kind < 0.35 or depth > 3:
            return self.r.choice(TEXTS)
        if kind < 0.6:
            return self.r.choice(NUMBERS)
        if kind < 0.7:
            return self.r.choice([None, True, False])
        items = [self.anything(depth + 1) for _ in range(self.r.randint(0, 4))]
        return items if kind < 0.85 else {self.r.choice(TEXTS[:12] + ['key', 'value', 'step', 'name']): i for i in items}

    def document(self, schema):
        """What the schema asks for, with a mistake here and there."""
        schema = openapi.resolve(schema)
        if self.r.random() < 0.12:
            return self.anything()
        for name in ('oneOf', 'allOf'):
            if name in schema:
                return self.document(self.r.choice(schema[name]))
        if 'enum' in schema:
            return self.r.choice(schema['enum'])
        type_ = schema.get('type')
        if type_ == 'object':
            out = {k: self.document(v) for k, v in schema.get('properties', {}).items()
                   if k in schema.get('required', []) or self.r.random() < 0.5}
            if isinstance(schema.get('additionalProperties'), dict):
                out |= {self.r.choice(TEXTS[1:12]): self.document(schema['additionalProperties']) for _ in range(2)}
            return out
        if type_ == 'array':
            return [self.document(schema['items']) for _ in range(self.r.randint(0, 4))]
        return {'string': lambda: self.r.choice(TEXTS + [RUN] * 5), 'number': lambda: self.r.choice(NUMBERS),
                'integer': lambda: int(self.r.choice(NUMBERS[:14])), 'boolean': lambda: self.r.random() < 0.5,
                }.get(type_, self.anything)()

    def path(self, o):
        likely = {'run': RUN, 'project': 'p', 'writer': 'ab' * 16}
        path = o.path
        for name in ('run', 'project', 'writer', 'name', 'digest'):
            text = likely[name] if name in likely and self.r.random() < 0.8 else self.r.choice(TEXTS[:30])
            path = path.replace('{' + name + '}', urllib.parse.quote(text, safe='')[:3000])
        values = TEXTS[:30] + NUMBERS + ['loss', 'param', 'tag', 'metric', '0', '1']
        query = '&'.join(f'{n}={urllib.parse.quote(str(self.r.choice(values)), safe="")[:2000]}' for n in o.query if self.r.random() < 0.5)
        return path + ('?' + query if query else '')

    def body(self, o):
        if not o.node.get('requestBody'):
            return None, {}
        content = openapi.resolve(o.node['requestBody'])['content']
        type_ = self.r.choice(list(content))
        if 'json' not in type_:
            return self.r.randbytes(self.r.randint(0, 200)), {'Content-Type': type_}
        body = bytearray(json.dumps(self.document(content[type_]['schema'])).encode())
        if self.r.random() < 0.1:
            body[self.r.randrange(len(body))] = self.r.randrange(256)
        return bytes(body), {'Content-Type': type_}


def test_no_request_makes_the_server_fail(make_trackd):
    seed = int(os.environ.get('TRACK_FUZZ_SEED', int(time.time() // 86400)))
    print('seed', seed)
    maker, server = Maker(seed), make_trackd('--log-level', 'error')
    server.json('PUT', f'/api/v1/runs/{RUN}', {'project': 'p', 'params': {'lr': 1}})
    server.json('POST', f'/api/v1/runs/{RUN}/points', {'points': [{'key': 'loss', 'step': i, 'value': i} for i in range(50)]})
    operations = [o for o in openapi.OPERATIONS.values() if o.id != 'event_stream']
    connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=40)
    end, seen = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        o = maker.r.choice(operations)
        path, (body, headers) = maker.path(o), maker.body(o)
        connection.request(o.method, path, body=body, headers=headers)
        r = connection.getresponse()
        answer = r.read()
        seen += 1
        assert r.status < 500, (o.id, path[:300], (body or b'')[:500], answer)
        if o.id in ('run_delete', 'run_finish') and r.status < 300:
            server.request('POST', f'/api/v1/runs/{RUN}/' + ('restore' if o.id == 'run_delete' else 'reopen'), {})
    assert seen > 100 and server.stop() == 0
    done = subprocess.run([conftest.BIN / 'trackd', 'check', '--data', server.data], capture_output=True, text=True)
    assert done.returncode == 0, done
