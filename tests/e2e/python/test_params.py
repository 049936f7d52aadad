"""Parameters from anything that holds settings: each key and text that the server then has."""
import pytest

from scripts import Scripts


@pytest.fixture
def params_of(trackd, tmp_path):
    """The parameters after a script, whose own lines stand between start and end of a run."""
    scripts = Scripts(tmp_path, trackd.url)

    def params_of(text):
        got = scripts.run(f'run = track.start_run()\nprint(run.id)\n{text}\nrun.finish()')
        return trackd.json('GET', f'/api/v1/runs/{got.id}')['params']
    return params_of


def test_values_are_text_numbers_and_json(params_of):
    assert params_of('''
import decimal, enum, fractions, pathlib
class Color(enum.Enum): RED = 'r'
class Text(str, enum.Enum): ADAM = 'adamw'
class Level(enum.IntEnum): HIGH = 3
run.set_params({
    'text': 'adam', 'empty': '', 'int': 3, 'big': 2 ** 80, 'float': 3e-4, 'whole': 3.0, 'nan': float('nan'),
    'inf': float('-inf'), 'true': True, 'false': False, 'none': None, 'list': [1, 'a', None, 0.5, {'k': (1,)}],
    'tuple': (1, 2), 'set': {3, 1, 2}, 'enum': Color.RED, 'text_enum': Text.ADAM, 'int_enum': Level.HIGH,
    'path': pathlib.PurePosixPath('/data/x'), 'decimal': decimal.Decimal('0.1'),
    'fraction': fractions.Fraction(1, 4), 'class': dict, 'function': len, 'unicode': 'ünï \\U0001f525',
    'slash/key': 1, 'with space': 2})''') == {
        'text': 'adam', 'empty': '', 'int': '3', 'big': str(2 ** 80), 'float': '0.0003', 'whole': '3',
        'nan': 'NaN', 'inf': '-Infinity', 'true': 'true', 'false': 'false', 'none': 'null',
        'list': '[1,"a",null,0.5,{"k":[1]}]', 'tuple': '[1,2]', 'set': '[1,2,3]', 'enum': 'RED',
        'text_enum': 'ADAM', 'int_enum': 'HIGH', 'path': '/data/x', 'decimal': '0.1', 'fraction': '1/4',
        'class': 'builtins.dict', 'function': 'builtins.len', 'unicode': 'ünï \U0001f525',
        'slash/key': '1', 'with space': '2'}


def test_numpy_values_are_numbers(params_of):
    pytest.importorskip('numpy')
    assert params_of('''
import numpy as np
run.set_params({'f32': np.float32(0.1), 'f64': np.float64(0.1), 'i8': np.int8(-3), 'b': np.bool_(True),
                'u64': np.uint64(2**64 - 1), 'array': np.arange(3), 'zero_d': np.array(2.5), 'one': np.ones(1)})
''') == {'f32': '0.10000000149011612', 'f64': '0.1', 'i8': '-3', 'b': 'true', 'u64': str(2**64 - 1),
         'array': '[0,1,2]', 'zero_d': '2.5', 'one': '[1.0]'}


def test_nested_settings_of_every_kind_flatten_with_dots(params_of):
    assert params_of('''
import argparse, dataclasses, types, collections
@dataclasses.dataclass
class Model:
    layers: int = 4
    sizes: list = dataclasses.field(default_factory=lambda: [8, 16])
@dataclasses.dataclass
class Config:
    model: Model = dataclasses.field(default_factory=Model)
    lr: float = 0.1
class Attrs:                                   # as attrs makes them
    __attrs_attrs__ = (types.SimpleNamespace(name='depth'),)
    depth = 7
class Pydantic:
    def model_dump(self): return {'beta': {'one': 0.9}}
class Conf(collections.abc.Mapping):           # as OmegaConf: resolves when it is asked
    def __init__(self, d): self.d = d
    def __getitem__(self, k): return self.d[k]
    def __iter__(self): return iter(self.d)
    def __len__(self): return len(self.d)
run.set_params(Config())
run.set_params(argparse.Namespace(seed=1, opt=argparse.Namespace(name='adam')))
run.set_params({'a': Attrs(), 'p': Pydantic(), 'conf': Conf({'x': Conf({'y': 1})}), 'deep': {1: {2: 3}}})
run.set_params({'nothing': {}})
''') == {'model.layers': '4', 'model.sizes': '[8,16]', 'lr': '0.1', 'seed': '1', 'opt.name': 'adam',
         'a.depth': '7', 'p.beta.one': '0.9', 'conf.x.y': '1', 'deep.1.2': '3'}


def test_one_parameter_at_a_time(params_of):
    assert params_of('''
run.set_param('lr', 0.1)
run.set_param('lr', 0.1)
run.set_param('model', {'layers': 3})
track.set_param('name', 'x')
track.set_params({'a': 1})''') == {'lr': '0.1', 'model.layers': '3', 'name': 'x', 'a': '1'}


def test_many_and_long_parameters_need_several_requests(params_of):
    got = params_of('run.set_params({f"k{i}": "x" * 60_000 for i in range(200)})')
    assert len(got) == 200 and all(len(v) == 60_000 for v in got.values())


BAD = [
    ("{'lr': b'0.1'}", "TypeError: parameter 'lr': bytes is no text; decode it first"),
    ("{'a': {b'k': 1}}", "TypeError: a key of dict must be str, not bytes: b'k'"),
    ("{None: 1}", 'TypeError: a key of dict must be str, not NoneType: None'),
    ('[1, 2]', 'TypeError: params must be a mapping, a dataclass, a Namespace or another object with '
               'named settings, not list'),
    ('3', 'TypeError: params must be a mapping, a dataclass, a Namespace or another object with named '
          'settings, not int'),
    ("'lr=1'", 'TypeError: params must be a mapping, a dataclass, a Namespace or another object with '
               'named settings, not str'),
    ("{'a.b': 1, 'a': {'b': 2}}", "InvalidError: parameter 'a.b': twice in one set of parameters"),
    ("{'x': 'y' * 65537}", "InvalidError: parameter 'x': a text of 65537 bytes, at most 65536; log it as "
                           'an artifact'),
    ("{'': 1}", "InvalidError: parameter '': a key has 1 to 2048 bytes of UTF-8 and no control characters, "
                'this one 0 bytes'),
    ("{'k' * 2049: 1}", f"InvalidError: parameter {'k' * 80!r}: a key has 1 to 2048 bytes of UTF-8 and no "
                        'control characters, this one 2049 bytes'),
    ("{'a\\nb': 1}", "InvalidError: parameter 'a\\nb': a key has 1 to 2048 bytes of UTF-8 and no control "
                     'characters, this one 3 bytes'),
    ("{'a': 'x\\0y'}", "InvalidError: parameter 'a': a NUL character in its text"),
    ("{'a': '\\ud800'}", "InvalidError: parameter 'a': not valid Unicode (surrogates not allowed)"),
    ('LOOP', "InvalidError: parameter '" + '.'.join(['me'] * 32) + "': nested deeper than 32, or in itself"),
    ("{'a': LIST}", "InvalidError: parameter 'a': nested deeper than 32, or in itself"),
]


@pytest.mark.parametrize('params, message', BAD, ids=[b[0][:20] for b in BAD])
def test_bad_parameters_are_named_and_none_of_them_is_set(params_of, params, message):
    # The run goes on, and what is beside the bad parameter is not set by half.
    got = params_of(f'''
LOOP = {{}}
LOOP['me'] = LOOP
LIST = []
LIST.append(LIST)
try:
    bad = {params}
    run.set_params({{'before': 1, **bad}} if isinstance(bad, dict) else bad)
except Exception as error:
    run.set_tag('error', f'{{type(error).__name__}}: {{error}}')
    print(type(error).__name__, error, file=sys.stderr)
    assert f'{{type(error).__name__}}: {{error}}' == {message!r}, f'{{type(error).__name__}}: {{error}}'
else:
    raise AssertionError('taken')
run.set_param('after', 1)''')
    assert got == {'after': '1'}


def test_bad_parameters_start_no_run(trackd, tmp_path):
    got = Scripts(tmp_path, trackd.url).run('''
for params, tags in [({'x': b'1'}, None), (None, 'word'), (None, [b'word']), (None, {1: 2})]:
    try:
        track.start_run(params=params, tags=tags)
    except TypeError as error:
        print(error)
print(track.current_run(), os.path.exists(os.environ['TRACK_SPOOL']))''')
    assert got.lines == ["parameter 'x': bytes is no text; decode it first",
                         'tags must be a list of words or a mapping, not str',
                         "a tag must be str, not bytes: b'word'", 'a tag must be str, not int: 1',
                         'None False']


def test_a_parameter_that_is_set_otherwise_warns_at_the_end_and_the_rest_arrives(trackd, tmp_path):
    got = Scripts(tmp_path, trackd.url).run('''
run = track.start_run(params={'lr': 0.1})
print(run.id)
run.set_param('lr', 0.2)
run.set_param('behind', 1)
print(run.finish())''')
    assert got.lines[1] == 'False'
    assert 'parameter lr is 0.1 already' in got.err and 'TrackWarning' in got.err
    assert trackd.json('GET', f'/api/v1/runs/{got.id}')['params'] == {'lr': '0.1', 'behind': '1'}
