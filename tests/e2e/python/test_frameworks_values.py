"""0-d tensors of torch, JAX and TensorFlow as values; TensorBoard's own writers (`make frameworks`)."""
import inspect
import json
import math

import numpy as np
import pytest
import track
from served import Served

torch = pytest.importorskip('torch', reason='make frameworks installs it')
jnp = pytest.importorskip('jax.numpy')
tf = pytest.importorskip('tensorflow')

# 1/3 in each type, as a double.
THIRD = {'float64': 1 / 3, 'float32': float(np.float32(1 / 3)), 'float16': float(np.float16(1 / 3)),
         'bfloat16': 0.333984375}


@pytest.fixture
def run(here):
    with track.start_run(console=False, code=False, facts=False) as made:
        yield made


def logged(here, run):
    run.finish()
    return {key: Served(here).values(run.id, key)[0] for key in Served(here).keys('demo')}


def tensors():
    """name: (tensor, value)."""
    found = {}
    for name, value in THIRD.items():
        found[f'torch/{name}'] = torch.tensor(1 / 3, dtype=getattr(torch, name)), value
        found[f'tf/{name}'] = tf.constant(1 / 3, dtype=getattr(tf, name)), value
        if name != 'float64':  # JAX has 32 bits unless it is told otherwise
            found[f'jax/{name}'] = jnp.asarray(1 / 3, dtype=name), value
    weight = torch.tensor(2.0, requires_grad=True)
    found.update({
        'torch/grad': (weight * 3, 6.0), 'torch/leaf': (weight, 2.0),
        'torch/parameter': (torch.nn.Parameter(torch.tensor(5.0)), 5.0),
        'torch/one': (torch.tensor([7.0]), 7.0), 'torch/int': (torch.tensor(-3), -3.0),
        'torch/bool': (torch.tensor(True), 1.0), 'torch/uint8': (torch.tensor(200, dtype=torch.uint8), 200),
        'torch/inf': (torch.tensor(-math.inf), -math.inf),
        'torch/view': (torch.arange(6.0).reshape(2, 3).t()[1, 1], 4.0),
        'tf/variable': (tf.Variable(4.0), 4.0), 'tf/int': (tf.constant(9), 9.0),
        'jax/int': (jnp.asarray(5), 5.0), 'jax/one': (jnp.ones((1, 1)), 1.0),
        'jax/sum': (jnp.arange(4.0).sum(), 6.0)})
    return found


def test_each_type_by_name_row_and_handle(here, run):
    found = tensors()
    for name, (tensor, _) in found.items():
        run.log_metric(f'name/{name}', tensor, 0)
        run.metric(f'handle/{name}')(tensor, 0)
    run.log({f'row/{name}': tensor for name, (tensor, _) in found.items()}, step=0)
    held = logged(here, run)
    for name, (_, value) in found.items():
        for way in ('name', 'handle', 'row'):
            assert float(held[f'{way}/{name}']) == value, name


@pytest.mark.parametrize('bad', [
    torch.zeros(2), torch.zeros(0), torch.tensor(1j), jnp.zeros((2, 2)), jnp.asarray(1j),
    tf.zeros(3), tf.constant('text'), tf.constant(1j)], ids=repr)
def test_what_is_no_real_number(run, bad):
    with pytest.raises(TypeError, match="'loss'"):
        run.log_metric('loss', bad)


def test_a_tensor_in_the_middle_of_a_graph_keeps_no_graph(here, run):
    """Logging does not hold on to what backward() needs."""
    weight = torch.tensor(3.0, requires_grad=True)
    loss = weight * weight
    run.log({'loss': loss})
    loss.backward()
    assert weight.grad == 6 and logged(here, run)['loss'] == 9


# ---- TensorBoard

def writers():
    from tensorboardX import SummaryWriter as X
    from torch.utils.tensorboard import SummaryWriter as T
    return {'torch': T, 'tensorboardX': X}


@pytest.mark.parametrize('name', ['torch', 'tensorboardX'])
def test_every_method_is_there_with_its_parameters(name):
    ours = track.tensorboard.SummaryWriter
    theirs = writers()[name]
    methods = [m for m, _ in inspect.getmembers(theirs, callable) if not m.startswith('_')]
    assert len(methods) > 20
    for method in ['__init__', *methods]:
        want = inspect.signature(getattr(theirs, method)).parameters
        have = inspect.signature(getattr(ours, method)).parameters
        named = [p for p in want if want[p].kind is not inspect.Parameter.VAR_KEYWORD]
        assert set(named) <= set(have), (method, named, list(have))
        for parameter in named:
            default = want[parameter].default
            assert (default is inspect.Parameter.empty) == (
                have[parameter].default is inspect.Parameter.empty) or method == 'add_onnx_graph'
        if name == 'torch':
            assert list(have)[:len(named)] == named, method


def test_tensors_of_torch(here, run):
    import matplotlib
    matplotlib.use('agg')
    from matplotlib import pyplot
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU())
    with track.tensorboard.SummaryWriter(run=run) as writer:
        writer.add_scalar('loss', torch.tensor(0.5, requires_grad=True), torch.tensor(3))
        writer.add_histogram('weight', net[0].weight, 1)
        writer.add_histogram('half', torch.ones(3, dtype=torch.bfloat16), 1)
        writer.add_image('picture', torch.rand(3, 4, 4), 1)
        writer.add_tensor('t', torch.arange(3), 1)
        writer.add_graph(net, torch.zeros(1, 4))
        figure, axes = pyplot.subplots()
        axes.plot([1, 2])
        writer.add_figure('figure', figure, 2)
        assert not pyplot.get_fignums()
    run.finish()
    served = Served(here)
    assert served.points(run.id, 'loss') == [(3, 0.5)]
    assert served.values(run.id, 'weight/mean')[0] == pytest.approx(net[0].weight.mean().item())
    assert served.values(run.id, 'half/count') == [3]
    assert b'aten::linear' in served.content(run.id, 'graphs/graph/0.txt')
    assert b'Linear(in_features=4' in served.content(run.id, 'graphs/layers/0.txt')
    assert served.content(run.id, 'images/figure/2.png')[:4] == b'\x89PNG'
    assert served.files(run.id).keys() >= {'images/picture/1.png', 'tensors/t/1.npy'}


def test_histogram_bins_are_those_of_tensorboard(here, run, tmp_path):
    """The counts of Track's and of torch's own file agree, bin for bin."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    values = torch.randn(500, generator=torch.Generator().manual_seed(0))
    with writers()['torch'](str(tmp_path / 'tb')) as theirs:
        theirs.add_histogram('w', values, 1)
    events = EventAccumulator(str(tmp_path / 'tb'), size_guidance={'histograms': 0})
    events.Reload()
    expected = events.Histograms('w')[0].histogram_value
    with track.tensorboard.SummaryWriter(run=run) as ours:
        ours.add_histogram('w', values, 1)
    run.finish()
    bars = json.loads(Served(here).texts(run.id, 'w/histogram')[0][1])
    want = [(limit, count) for limit, count in zip(expected.bucket_limit, expected.bucket) if count]
    have = [(edge, count) for edge, count in zip(bars['edges'][1:], bars['counts']) if count]
    assert [count for _, count in have] == [count for _, count in want]
    assert [edge for edge, _ in have] == pytest.approx([limit for limit, _ in want])


def test_export_of_scalars(here, run, tmp_path):
    writer = track.tensorboard.SummaryWriter(run=run)
    writer.add_scalar('a', 0.5, 3, walltime=12.5)
    writer.add_scalar('b', 0.25, 4, walltime=13)
    writer.export_scalars_to_json(tmp_path / 'all.json')
    assert json.loads((tmp_path / 'all.json').read_text()) == {
        'a': [[12.5, 3, 0.5]], 'b': [[13.0, 4, 0.25]]}
