"""schema/openapi.yaml as Python: operations, and schemas that jsonschema understands."""
import copy
import pathlib
import re

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What every operation may answer, by the head of the file.
COMMON = {403, 411, 413, 414, 415, 429, 431, 500, 503, 504, 507}
METHODS = ('get', 'put', 'post', 'patch', 'delete')
DOC = yaml.safe_load((ROOT / 'schema/openapi.yaml').read_text())


def resolve(node):
    while isinstance(node, dict) and '$ref' in node:
        place = DOC
        for part in node['$ref'].lstrip('#/').split('/'):
            place = place[part]
        node = place
    return node


def plain(schema):
    """OpenAPI 3.0 to JSON schema: nullable becomes a choice; every reference is written out."""
    schema = copy.copy(resolve(schema))
    nullable = schema.pop('nullable', False)
    for name in ('properties',):
        if name in schema:
            schema[name] = {k: plain(v) for k, v in schema[name].items()}
    for name in ('allOf', 'oneOf', 'anyOf'):
        if name in schema:
            schema[name] = [plain(v) for v in schema[name]]
    for name in ('items', 'additionalProperties'):
        if isinstance(schema.get(name), dict):
            schema[name] = plain(schema[name])
    if 'oneOf' in schema and any(s.get('type') == 'number' for s in schema['oneOf']):
        schema['anyOf'] = schema.pop('oneOf')  # an integer is a number too
    return {'anyOf': [{'type': 'null'}, schema]} if nullable else schema


class Operation:
    def __init__(self, path, method, node):
        self.path, self.method, self.node, self.id = path, method.upper(), node, node['operationId']
        self.right, self.body_max = node['x-right'], node.get('x-body-max', 0)
        shared = DOC['paths'][path].get('parameters', [])
        self.parameters = [resolve(p) for p in shared + node.get('parameters', [])]
        self.query = [p['name'] for p in self.parameters if p['in'] == 'query']
        self.statuses = {int(s) for s in node['responses']}
        self.pattern = re.sub(r'\{(\w+)\}', r':\1', path)

    def check(self, response):
        """The answer is one that is written down."""
        if response.status in COMMON - self.statuses:
            jsonschema.validate(response.json(), plain({'$ref': '#/components/schemas/Error'}))
            return
        assert response.status in self.statuses, f'{self.id}: {response!r} is not documented'
        content = resolve(self.node['responses'][str(response.status)]).get('content')
        type_ = (response.headers['Content-Type'] or '').split(';')[0]
        if not content:
            assert response.body == b'', response
            return
        assert type_ in content, f'{self.id}: type {type_}'
        if type_ == 'application/json' and content[type_]['schema']:
            jsonschema.validate(response.json(), plain(content[type_]['schema']))


OPERATIONS = {node['operationId']: Operation(path, method, node)
              for path, item in DOC['paths'].items() for method, node in item.items() if method in METHODS}
