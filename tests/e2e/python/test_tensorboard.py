"""track.tensorboard: what a program that wrote for TensorBoard finds in its run."""
import io
import json
import struct
import wave
import zlib

import numpy as np
import pytest
import track
from served import Served
from track.tensorboard import SummaryWriter


@pytest.fixture
def served(here):
    return Served(here)


@pytest.fixture
def writer(here):
    with track.start_run(console=False, code=False, facts=False) as run:
        yield SummaryWriter(run=run)


def ended(writer):
    """Id of a writer's run, whose data the server has."""
    writer.run.finish()
    return writer.run.id


def read_png(data):
    """The frames [height, width, channels] of a PNG file, checked."""
    assert data[:8] == b'\x89PNG\r\n\x1a\n'
    place, frames, numbers = 8, [], []
    while place < len(data):
        size, kind = struct.unpack('>I4s', data[place:place + 8])
        body = data[place + 8:place + 8 + size]
        assert struct.unpack('>I', data[place + 8 + size:place + 12 + size])[0] == zlib.crc32(kind + body)
        place += 12 + size
        if kind == b'IHDR':
            width, height, depth, colour = struct.unpack('>IIBB', body[:10])
            channels = {0: 1, 4: 2, 2: 3, 6: 4}[colour]
            assert depth == 8
        if kind in (b'fcTL', b'fdAT'):
            numbers.append(struct.unpack('>I', body[:4])[0])
        if kind in (b'IDAT', b'fdAT'):
            lines = zlib.decompress(body if kind == b'IDAT' else body[4:])
            rows = np.frombuffer(lines, np.uint8).reshape(height, 1 + width * channels)
            assert not rows[:, 0].any()
            frames.append(rows[:, 1:].reshape(height, width, channels))
    assert kind == b'IEND' and numbers == list(range(len(numbers)))
    return frames


def test_scalars(writer, served):
    for step in range(5):
        writer.add_scalar('loss', np.float32(step) / 3, step, walltime=1000.5 + step)
    writer.add_scalar('counted', 1)
    writer.add_scalar('counted', np.array(2), None)
    writer.add_scalar('nan', float('nan'), np.int64(7), new_style=True, double_precision=True)
    writer.add_scalars('acc', {'train': 0.5, 'val': np.float64(0.25)}, 3)
    with writer.use_metadata(global_step=9, walltime=2.0):
        writer.add_scalar('loss', 0.125)
    run = ended(writer)
    assert served.points(run, 'loss')[:5] == [(s, float(np.float32(s) / 3)) for s in range(5)]
    page = served.server.json('GET', f'/api/v1/runs/{run}/points?key=loss')
    assert page['time_us'] == [1000_500_000 + s * 1_000_000 for s in range(5)] + [2_000_000]
    assert served.points(run, 'counted') == [(0, 1), (1, 2)]
    assert served.points(run, 'acc/val') == [(3, 0.25)] and served.points(run, 'acc/train') == [(3, 0.5)]
    assert served.points(run, 'loss')[5] == (9, 0.125)
    assert served.points(run, 'nan')[0][0] == 7


def test_bad_scalars_name_their_tag(writer):
    with pytest.raises(TypeError, match="'loss'.*str"):
        writer.add_scalar('loss', 'high', 0)
    with pytest.raises(TypeError, match='4 elements'):
        writer.add_scalar('loss', np.zeros(4), 0)
    with pytest.raises(TypeError, match='tag must be str'):
        writer.add_scalar(3, 1.0, 0)


def test_text(writer, served):
    writer.add_text('note', '# Hello', 4)
    writer.add_text('long', 'a' * 300_000, 1)
    run = ended(writer)
    assert served.texts(run, 'note') == [(4, '# Hello')]
    assert served.content(run, 'long/1.txt') == b'a' * 300_000


def test_hparams(here, served):
    writer = SummaryWriter('sweep', project='h', console=False)
    writer.add_hparams({'lr': 0.1, 'bsize': 4}, {'hparam/accuracy': 0.5})
    writer.add_hparams({'lr': 0.2, 'bsize': 4}, {'hparam/accuracy': 0.75}, run_name='second', global_step=3)
    writer.close()
    first, second = map(served.run, served.runs('h'))
    assert first['name'] == 'sweep' and first['params'] == {'lr': '0.1', 'bsize': '4'}
    assert served.points(first['id'], 'hparam/accuracy') == [(0, 0.5)]
    assert second['name'] == 'second' and second['parent'] == first['id']
    assert second['params'] == {'lr': '0.2', 'bsize': '4'} and second['state'] == 'finished'
    assert served.points(second['id'], 'hparam/accuracy') == [(3, 0.75)]


@pytest.mark.parametrize('bins', ['tensorflow', 'auto', 12, [-10.0, 0.0, 10.0]])
def test_histogram(writer, served, bins):
    values = np.random.default_rng(0).normal(1, 2, (50, 20)).astype(np.float32)
    writer.add_histogram('w', values, 5, bins=bins)
    run = ended(writer)
    for key, value in (('mean', values.mean(dtype=float)), ('std', values.std(dtype=float)),
                       ('min', values.min()), ('max', values.max()), ('count', 1000), ('nonfinite', 0),
                       ('p50', np.median(values))):
        step, found = served.points(run, f'w/{key}')[0]
        assert step == 5 and found == pytest.approx(float(value), rel=1e-6)
    step, text = served.texts(run, 'w/histogram')[0]
    bars = json.loads(text)
    assert step == 5 and len(bars['edges']) == len(bars['counts']) + 1
    assert bars['counts'] == np.histogram(values.astype(float), bars['edges'])[0].tolist()
    assert sum(bars['counts']) == 1000


@pytest.mark.parametrize('values, finite', [
    ([0.0, 0.0], 2), ([np.nan, np.inf, 1.0], 1), ([np.nan], 0), ([1e30, -1e30, 0], 3), ([7], 1)])
def test_odd_histograms(writer, served, values, finite):
    writer.add_histogram('w', values, 1)
    run = ended(writer)
    assert served.values(run, 'w/count') == [len(values)]
    assert served.values(run, 'w/nonfinite') == [len(values) - finite]
    assert sum(json.loads(served.texts(run, 'w/histogram')[0][1])['counts']) == finite


def test_histogram_of_nothing(writer):
    with pytest.raises(track.InvalidError, match='no values'):
        writer.add_histogram('w', [], 1)


def test_histogram_raw(writer, served):
    writer.add_histogram_raw('w', min=0.5, max=2.5, num=3, sum=4.5, sum_squares=8.75,
                             bucket_limits=[1, 2, 3], bucket_counts=[1, 1, 1], global_step=2)
    with pytest.raises(track.InvalidError, match="'w': 2 limits for 1 counts"):
        writer.add_histogram_raw('w', 0, 1, 1, 1, 1, [1, 2], [1])
    run = ended(writer)
    assert served.values(run, 'w/mean') == [1.5]
    assert served.values(run, 'w/std')[0] == pytest.approx((8.75 / 3 - 2.25) ** 0.5)
    assert json.loads(served.texts(run, 'w/histogram')[0][1]) == {
        'edges': [0.5, 1, 2, 3], 'counts': [1, 1, 1]}


def test_images(writer, served):
    picture = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    writer.add_image('a/rgba', picture, 7, dataformats='HWC')
    writer.add_image('grey', np.array([[0.0, 0.5], [1.0, 2.0]]), 0, dataformats='HW')
    writer.add_image('chw', np.full((3, 2, 2), 255, np.uint8))
    writer.add_image('chw', np.zeros((3, 2, 2), np.uint8))
    writer.add_images('many', np.ones((9, 1, 2, 2)), 1)
    writer.add_images('list', [np.ones((3, 2, 2))] * 2, 1)
    run = ended(writer)
    assert (read_png(served.content(run, 'images/a/rgba/7.png'))[0] == picture).all()
    grey = read_png(served.content(run, 'images/grey/0.png'))[0]
    assert grey[..., 0].tolist() == [[0, 127], [255, 255]]
    assert read_png(served.content(run, 'images/chw/0.png'))[0].min() == 255
    assert read_png(served.content(run, 'images/chw/1.png'))[0].max() == 0
    many = read_png(served.content(run, 'images/many/1.png'))[0]
    assert many.shape == (4, 16, 1) and many[:2].min() == 255 and many[2:, 2:].max() == 0
    assert read_png(served.content(run, 'images/list/1.png'))[0].shape == (2, 4, 3)


def test_boxes(writer, served):
    writer.add_image_with_boxes('b', np.zeros((3, 20, 30)), [[2, 3, 10, 12], [25, 15, 99, 99]], 0,
                                labels=['cat', 'dog'])
    writer.add_image_with_boxes('half', np.ones((1, 8, 8)), np.zeros((0, 4)), 0, rescale=0.5)
    run = ended(writer)
    drawn = read_png(served.content(run, 'images/b/0.png'))[0]
    assert drawn[3, 2].tolist() == drawn[12, 10].tolist() == drawn[19, 29].tolist() == [255, 0, 0]
    assert drawn[7, 6].tolist() == [0, 0, 0]
    assert json.loads(served.texts(run, 'b/boxes')[0][1]) == {
        'boxes': [[2, 3, 10, 12], [25, 15, 99, 99]], 'labels': ['cat', 'dog']}
    assert read_png(served.content(run, 'images/half/0.png'))[0].shape == (4, 4, 3)


def test_video(writer, served):
    film = np.zeros((2, 3, 1, 4, 5), np.uint8)  # films, frames, channels, height, width
    film[1, 2] = 200
    writer.add_video('v', film, 0, fps=5)
    run = ended(writer)
    data = served.content(run, 'images/v/0.png')
    frames = read_png(data)
    assert len(frames) == 3 and frames[0].shape == (4, 10, 1) and not frames[1].any()
    assert frames[2][:, :5].max() == 0 and frames[2][:, 5:].min() == 200
    assert data[data.index(b'acTL') + 4:][:8] == struct.pack('>II', 3, 0)


def test_audio(writer, served):
    sound = np.sin(np.arange(800) / 10).astype(np.float32)
    writer.add_audio('s', sound[None], 1, sample_rate=8000)
    run = ended(writer)
    with wave.open(io.BytesIO(served.content(run, 'audio/s/1.wav'))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (8000, 1, 800)
        samples = np.frombuffer(file.readframes(800), '<i2')
    assert np.abs(samples / 32767 - sound).max() < 1e-4


def test_mesh_tensor_embedding(writer, served):
    writer.add_mesh('m', np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0.5]]]), np.full((1, 3, 3), 9),
                    np.array([[[0, 1, 2]]]), {'camera': 'fov'}, 4)
    writer.add_tensor('t', np.arange(6.0).reshape(2, 3), 1)
    writer.add_embedding(np.array([[1.5, 2], [3, 4]]), ['a\tb', 'c'], np.ones((2, 3, 4, 4)), 2)
    writer.add_embedding([[1.0], [2.0]], [['x', 1], ['y', 2]], tag='two', metadata_header=['n', 'i'])
    run = ended(writer)
    mesh = served.content(run, 'meshes/m/4.ply').decode().splitlines()
    assert mesh[0] == 'ply' and 'element vertex 3' in mesh and 'element face 1' in mesh
    assert mesh[-2:] == ['0.0 1.0 0.5 9 9 9', '3 0 1 2']
    assert served.texts(run, 'm/config') == [(4, '{"camera":"fov"}')]
    assert np.load(io.BytesIO(served.content(run, 'tensors/t/1.npy'))).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert served.content(run, 'embeddings/default/2/tensors.tsv') == b'1.5\t2.0\n3.0\t4.0\n'
    assert served.content(run, 'embeddings/default/2/metadata.tsv') == b'a b\nc\n'
    assert read_png(served.content(run, 'embeddings/default/2/sprite.png'))[0].shape == (4, 8, 3)
    assert served.content(run, 'embeddings/two/0/metadata.tsv') == b'n\ti\nx\t1\ny\t2\n'


def test_pr_curve(writer, served):
    from sklearn.metrics import precision_score, recall_score
    rng = np.random.default_rng(1)
    labels, odds = rng.integers(0, 2, 200), rng.random(200)
    writer.add_pr_curve('pr', labels, odds, 3, num_thresholds=11)
    with pytest.raises(track.InvalidError, match='200 labels for 3'):
        writer.add_pr_curve('pr', labels, odds[:3])
    with pytest.raises(track.InvalidError, match='0..1'):
        writer.add_pr_curve('pr', labels, odds + 1)
    run = ended(writer)
    step, text = served.texts(run, 'pr/pr_curve')[0]
    curve = json.loads(text)
    guess = odds >= 0.5  # floor(odds * 10) >= 5
    assert step == 3 and curve['thresholds'][5] == 0.5
    assert curve['precision'][5] == pytest.approx(precision_score(labels, guess))
    assert curve['recall'][5] == pytest.approx(recall_score(labels, guess))
    assert 0.3 < served.values(run, 'pr/average_precision')[0] < 0.7


def test_graphs_and_layout(writer, served, tmp_path):
    (tmp_path / 'net.onnx').write_bytes(b'onnx')
    writer.add_onnx_graph(tmp_path / 'net.onnx')
    writer.add_graph({'any': 'object'})
    writer.add_custom_scalars({'Losses': {'both': ['Multiline', ['a', 'b']]}})
    writer.add_custom_scalars_marginchart(['m', 'lo', 'hi'], 'Losses', 'band')
    run = ended(writer)
    assert served.content(run, 'graphs/net.onnx') == b'onnx'
    assert served.content(run, 'graphs/layers/0.txt') == b"{'any': 'object'}"
    assert served.document(run, 'custom_scalars') == {
        'Losses': {'both': ['Multiline', ['a', 'b']], 'band': ['Margin', ['m', 'lo', 'hi']]}}


def test_figure(writer, served):
    class Figure:  # as matplotlib's
        def savefig(self, file, format):
            assert format == 'png'
            file.write(b'a picture')

    writer.add_figure('f', Figure(), 2, close=False)
    writer.add_figure('f', [Figure(), Figure()], 3, close=False)
    run = ended(writer)
    assert served.content(run, 'images/f/2.png') == b'a picture'
    assert {'images/f/0/3.png', 'images/f/1/3.png'} <= served.files(run).keys()


@pytest.mark.parametrize('call', [
    lambda w: w.add_image('x', np.zeros((2, 2)), 0),
    lambda w: w.add_image('x', np.zeros((5, 2, 2)), 0),
    lambda w: w.add_image('x', np.zeros((3, 0, 2)), 0),
    lambda w: w.add_images('x', np.zeros((3, 2, 2)), 0),
    lambda w: w.add_video('x', np.zeros((3, 2, 2)), 0),
    lambda w: w.add_audio('x', np.zeros((1, 2, 2)), 0),
    lambda w: w.add_mesh('x', np.zeros((1, 2, 3)), np.zeros((1, 1, 3))),
    lambda w: w.add_embedding(np.zeros((2, 2)), ['only']),
    lambda w: w.add_image_with_boxes('x', np.zeros((3, 2, 2)), [[0, 0, 1, 1]], labels=[]),
    lambda w: w.add_custom_scalars_marginchart(['a', 'b'])])
def test_data_of_a_wrong_shape(writer, call):
    with pytest.raises(track.InvalidError):
        call(writer)


# ---- which run

def test_a_writer_starts_and_ends_a_run(served):
    with SummaryWriter('runs/lenet', project='own', console=False) as writer:
        assert writer.get_logdir() == writer.log_dir == 'runs/lenet'
        writer.add_scalar('loss', 1.0, 0)
        writer.flush()
    writer.close()
    held = served.only_run('own')
    assert held['name'] == 'runs/lenet' and held['state'] == 'finished'


def test_an_exception_fails_it(served):
    with pytest.raises(ZeroDivisionError):
        with SummaryWriter(comment='_lr=1', project='own', console=False):
            1 / 0
    held = served.only_run('own')
    assert held['state'] == 'failed' and held['name'] == 'lr=1'
    assert 'ZeroDivisionError' in served.texts(held['id'], 'traceback')[0][1]


def test_writers_of_two_folders_are_two_runs(served):
    train, val = SummaryWriter('runs/train'), SummaryWriter('runs/val')
    again = SummaryWriter('runs/train')
    train.add_scalar('loss', 1, 0)
    val.add_scalar('loss', 2, 0)
    again.add_scalar('loss', 3, 1)
    assert again.run is train.run
    again.close()
    train.add_scalar('loss', 4, 2)
    train.close()
    val.close()
    first, second = map(served.run, served.runs('demo'))
    assert (first['name'], second['name']) == ('runs/train', 'runs/val')
    assert served.values(first['id'], 'loss') == [1, 3, 4]
    assert served.values(second['id'], 'loss') == [2]
    assert first['state'] == second['state'] == 'finished'


def test_writers_in_a_run_of_the_program(served):
    with track.start_run(console=False) as run:
        train, val = SummaryWriter('logs/train'), SummaryWriter('logs/val')
        train.add_scalar('loss', 1, 0)
        val.add_scalar('loss', 2, 0)
        train.close()
        val.close()
        assert not run.ended
    assert served.runs('demo') == [run.id]
    assert served.values(run.id, 'loss') == [1] and served.values(run.id, 'val/loss') == [2]


def test_what_has_no_meaning_is_said(served):
    with pytest.warns(track.TrackWarning, match='purge_step=5'):
        SummaryWriter('x', purge_step=5, project='own').close()
    with SummaryWriter(write_to_disk=False, project='dropped') as writer:
        writer.add_scalar('loss', 1, 0)
    assert not served.runs('dropped')
