"""What may be logged as a value: every real scalar, bit for bit; and what is refused, by name."""
import ast
import collections
import decimal
import fractions
import struct
import types
import warnings

import numpy
import pytest
import track
from track import _values

FLOATS = [numpy.float16, numpy.float32, numpy.float64, numpy.longdouble]
INTEGERS = [numpy.int8, numpy.int16, numpy.int32, numpy.int64, numpy.uint8, numpy.uint16,
            numpy.uint32, numpy.uint64]


@pytest.fixture
def read(here):
    """read(*values): what the server has of them, after they were logged by every call."""
    def logged(*values):
        run = track.Run(project='demo', no_facts=True)
        handle = run.metric('handle')
        for step, value in enumerate(values):
            run.log_metric('name', value, step)
            handle(value, step)
            run.log({'row': value}, step)
        run._finish('finished')
        client = track.Client()
        columns = [memoryview(client.get_points(run.id, key)[2]).cast('d').tolist()
                   for key in ('name', 'handle', 'row')]
        assert [*map(bits, columns[0])] == [*map(bits, columns[1])] == [*map(bits, columns[2])]
        return columns[0]
    return logged


def bits(value):
    return struct.pack('<d', value)


@pytest.mark.parametrize('kind', FLOATS)
def test_floats_of_numpy_keep_their_bits(read, kind):
    values = [kind(0.1), kind('-0.0'), kind('inf'), kind('-inf'), kind('nan'),
              numpy.finfo(kind).tiny, numpy.finfo(kind).max if kind is not numpy.longdouble else 1]
    assert [*map(bits, read(*values))] == [bits(float(v)) for v in values]
    assert read(kind(0.1))[0] == float(kind(0.1))  # again: the type is known now


@pytest.mark.parametrize('kind', [*INTEGERS, numpy.bool_])
def test_integers_of_numpy(read, kind):
    values = [kind(0), kind(1)]
    if kind is not numpy.bool_:
        values += [numpy.iinfo(kind).min, numpy.iinfo(kind).max]
        values += [kind(v) for v in values]
    assert read(*values) == [float(v) for v in values]


def test_arrays_with_one_element(read):
    values = [numpy.array(0.1, 'f4'), numpy.array([0.1]), numpy.array([[7]], 'u1'),
              numpy.array([True]), numpy.array(decimal.Decimal('0.5'), object)]
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert read(*values) == [float(numpy.float32(0.1)), 0.1, 7.0, 1.0, 0.5]


class Index:
    def __index__(self):
        return 12


class Real:
    def __float__(self):
        return 0.25


def test_numbers_of_python(read):
    values = [True, 3, -2**60, 2**1000, 0.1, decimal.Decimal('0.1'), fractions.Fraction(1, 3),
              Index(), Real()]
    assert read(*values) == [1.0, 3.0, -2.0**60, 2.0**1000, 0.1, 0.1, 1 / 3, 12.0, 0.25]


class Tensor:
    """As torch's, jax's and tensorflow's are, for a machine that has none of them."""

    def __init__(self, value, device='cpu', shape=()):
        self.value, self.shape = value, shape
        self.device = types.SimpleNamespace(type=device) if device else None

    def item(self):
        return self.value

    def __float__(self):
        return float(self.value)


class Eager:
    """Without item()."""
    shape = ()
    device = '/job:localhost/replica:0/task:0/device:CPU:0'

    def numpy(self):
        return numpy.float32(0.1)


def test_tensors(read):
    assert read(Tensor(0.5), Tensor(3, shape=(1, 1)), Eager()) == [0.5, 3.0,
                                                                 float(numpy.float32(0.1))]


def test_a_tensor_on_a_device_is_told_of_once(here, monkeypatch):
    monkeypatch.setattr(_values, '_told', set())
    run = track.Run(project='demo', no_facts=True)
    with pytest.warns(track.TrackWarning, match="'loss': a tensor on cuda") as told:
        for step in range(5):
            run.log({'loss': Tensor(0.5, 'cuda')}, step)
            run.log_metric('other', Tensor(0.5, 'cuda'), step)
    assert len(told) == 1
    run._finish('finished')
    assert len(here.json('GET', f'/api/v1/runs/{run.id}/points?key=loss')['value']) == 5


REFUSED = [
    '0.3', b'1', bytearray(b'1'), memoryview(b'1'), None, 1j, [1], (1,), {1}, object(), len,
    numpy.str_('1'), numpy.complex64(1), numpy.array(1j), numpy.array('1'), numpy.array([]),
    numpy.zeros(3), numpy.zeros((1, 2)), numpy.datetime64('2026-01-01'), numpy.timedelta64(3, 's'),
    numpy.datetime64(1, 'ns'), numpy.array([None]), Tensor(1j), Tensor('x'),
    Tensor(1, shape=(2, 3)), decimal,
]


@pytest.mark.parametrize('value', REFUSED, ids=[f'{type(v).__name__}-{i}'
                                               for i, v in enumerate(REFUSED)])
def test_what_is_no_real_scalar_is_refused_by_key_and_type(here, value):
    run = track.Run(project='demo', no_facts=True)
    name = type(value).__name__
    handle = run.metric('acc')
    calls = [lambda: run.log_metric('acc', value), lambda: handle(value), lambda: handle.log_value(
        1, value), lambda: run.log({'acc': value}), lambda: run.log_point('acc', 1, 2, value)]
    for call in calls:
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            with pytest.raises(TypeError, match=rf"'acc': a value of type .*{name} .*not logged"):
                call()
    run.log_metric('acc', 1.5)
    run._finish('finished')
    assert here.json('GET', f'/api/v1/runs/{run.id}/points?key=acc')['value'] == [1.5]


def test_what_a_value_raises_comes_through(here):
    class Broken:
        def __float__(self):
            raise ZeroDivisionError('inside')

    run = track.Run(project='demo', no_facts=True)
    with pytest.raises(ZeroDivisionError, match='inside'):
        run.log_metric('a', Broken())
    for value in (10**400, -10**400, fractions.Fraction(10**400)):
        with pytest.raises(track.InvalidError, match="'a': .*beyond what a double can hold"):
            run.log_metric('a', value)
    run._finish('finished')


def test_good_values_of_a_row_are_kept_when_others_are_refused(here):
    run = track.Run(project='demo', no_facts=True)
    row = {'first': 1, 'bad': 'x', 'deep': {'good': 2.5, 3: 1, 'worse': None}, 'new\nline': 1,
           'last': numpy.float32(3)}
    with pytest.raises(TypeError, match="'bad': a value of type str"):
        run.log(row, step=4)
    run._finish('finished')
    got = track.Client()
    assert {k: memoryview(got.get_points(run.id, k)[2]).cast('d').tolist()
            for k in ('first', 'deep/good', 'last')} == {'first': [1], 'deep/good': [2.5],
                                                         'last': [3]}


def test_a_row_may_be_any_mapping(here):
    class Odd(collections.UserDict):
        pass

    run = track.Run(project='demo', no_facts=True)
    run.log(Odd(a=1, b=Odd(c=2)))
    run.log(types.MappingProxyType({'a': 3}))
    run.log(collections.ChainMap({'a': 5}, {'b': {'c': 6}}))
    run.log({})
    deep = here_deep = {}
    for _ in range(10_000):
        deep['d'] = {}
        deep = deep['d']
    deep['x'] = 1
    with pytest.raises(RecursionError):
        run.log(here_deep)
    run._finish('finished')
    points = here.json('GET', f'/api/v1/runs/{run.id}/points?key=a')
    assert (points['step'], points['value']) == ([0, 1, 2], [1, 3, 5])


def test_a_row_that_changes_while_it_is_logged_is_safe(here):
    class Grows:
        def __float__(self):
            row.update({f'more{len(row) + i}': 1.0 for i in range(100)})
            return 1.0

    row = {f'k{i}': Grows() for i in range(3)}
    run = track.Run(project='demo', no_facts=True)
    try:
        run.log(row)
    except RuntimeError as changed:
        assert 'changed size' in str(changed)
    run._finish('finished')


def test_a_name_may_be_of_a_subclass(here):
    class Name(str):
        def __hash__(self):
            return 1

        def __eq__(self, other):
            raise RuntimeError('compared')

    run = track.Run(project='demo', no_facts=True)
    run.log_metric(Name('a'), 1)
    run.log({Name('a'): 2})
    run._finish('finished')
    assert here.json('GET', f'/api/v1/runs/{run.id}/points?key=a')['value'] == [1, 2]


def test_only_known_types_take_the_short_way(here):
    run = track.Run(project='demo', no_facts=True)
    run.log({'a': numpy.float32(1), 'b': numpy.array(1.0), 'c': decimal.Decimal(1)})
    run._finish('finished')
    assert numpy.float32 in _values.PLAIN
    assert all(issubclass(t, numpy.generic) for t in _values.PLAIN)
    assert not {numpy.complex64, numpy.datetime64, numpy.ndarray} & _values.PLAIN


def test_numpy_is_not_imported_for_it(script):
    out, _ = script('''
        import decimal, sys, track
        run = track.Run(project='demo', no_facts=True)
        run.log({'a': decimal.Decimal(1), 'b': 2, 'c': True})
        run._finish('finished')
        print(sorted(m for m in ('numpy', 'torch', 'jax', 'tensorflow') if m in sys.modules))
    ''')
    assert ast.literal_eval(out.splitlines()[-1]) == []
