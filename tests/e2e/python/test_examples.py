"""The examples: each trains something real; what the server holds is what they computed."""
import hashlib
import io
import json
import pathlib
import re

import numpy as np
import pytest
from served import Served

EXAMPLES = pathlib.Path('sdk/python/examples').resolve()


@pytest.fixture
def example(script):
    def run(name, *args, **kw):
        return script((EXAMPLES / name).read_text(), *args, name=name, timeout=240, **kw)
    return run


@pytest.mark.parametrize('name', sorted(path.name for path in EXAMPLES.glob('*.py')))
def test_help(example, name):
    out, _ = example(name, '--help', env={'TRACK_MODE': 'off'})
    assert 'usage: ' + name in out and '--seed' in out


def test_digits_sklearn(example, trackd):
    out, _ = example('digits_sklearn.py', '--hidden', 48, '--seed', 3, '--tag', 'small',
                     '--run-name', 'first')
    shown = float(re.search(r'^accuracy (\S+) on 450', out, re.M)[1])
    served = Served(trackd)
    run = served.only_run('digits')
    assert run['name'] == 'first' and run['state'] == 'finished' and run['tags']['small'] == ''
    assert run['params']['hidden'] == '48' and run['params']['seed'] == '3'
    assert run['params']['mlpclassifier.hidden_layer_sizes'] == '[48]'
    assert shown > 0.93
    assert round(served.values(run['id'], 'val/accuracy')[0], 4) == shown
    losses = [float(x) for x in re.findall(r'loss = (\S+)', out)]
    curve = served.points(run['id'], 'history/loss')
    assert [step for step, _ in curve] == list(range(len(losses)))
    assert [round(value, 8) for _, value in curve] == losses and losses[-1] < losses[0] / 5
    assert 'precision' in served.texts(run['id'], 'val/report')[0][1]
    assert 'model.joblib' in served.files(run['id'])


def test_numpy_network(example, trackd):
    out, _ = example('numpy_network.py', '--epochs', 12)
    served = Served(trackd)
    run = served.only_run('digits')
    rows = re.findall(r'epoch +(\d+)  loss (\S+)  accuracy (\S+)', out)
    accuracies = served.points(run['id'], 'val/accuracy')
    steps = [step for step, _ in accuracies]
    assert [f'{value:.4f}' for _, value in accuracies] == [row[2] for row in rows]
    assert len(rows) == 12 and accuracies[-1][1] > 0.94
    losses = dict(served.points(run['id'], 'train/loss'))
    assert sorted(losses) == list(range(steps[-1] + 1))
    assert [f'{losses[step]:.4f}' for step in steps] == [row[1] for row in rows]
    assert served.values(run['id'], 'epoch') == list(range(12))
    assert run['params'] == {'hidden': '48', 'epochs': '12', 'batch': '32', 'lr': '0.2', 'seed': '0'}
    digest = re.search(r'sha256 (\w{64})', out)[1]
    content = served.content(run['id'], 'weights.npz')
    assert hashlib.sha256(content).hexdigest() == digest
    assert np.load(io.BytesIO(content))['w1'].shape == (64, 48)
    assert ' as ' in served.texts(run['id'], 'wrong')[0][1] and not served.alerts(run['id'])


def test_xgboost_trees(example, trackd):
    out, err = example('xgboost_trees.py', '--eta', 0.2)
    assert 'refused' not in err and 'Warning' not in err
    best, score, accuracy = re.search(r'best round (\d+), logloss (\S+), accuracy (\S+)', out).groups()
    served = Served(trackd)
    run = served.only_run('cancer')
    shown = re.findall(r'^\[(\d+)\].*train-logloss:(\S+).*val-auc:(\S+)\tval-logloss:(\S+)', out, re.M)
    for key, column in (('train/logloss', 1), ('val/auc', 2), ('val/logloss', 3)):
        curve = dict(served.points(run['id'], key))
        assert [(int(row[0]), row[column]) for row in shown] == [
            (int(row[0]), f'{curve[int(row[0])]:.5f}') for row in shown]
    curve = dict(served.points(run['id'], 'val/logloss'))
    assert min(curve, key=curve.get) == int(best) and f'{min(curve.values()):.4f}' == score
    assert float(accuracy) > 0.94 and len(shown) > 2
    assert run['tags']['best_iteration'] == best
    assert run['params']['objective'] == 'binary:logistic' and run['params']['eta'] == '0.2'
    assert run['params']['seed'] == '0'
    gains = json.loads(served.content(run['id'], 'feature_importance.json'))
    assert list(gains.values()) == sorted(gains.values(), reverse=True) and len(gains) > 5
    import xgboost
    booster = xgboost.Booster()
    booster.load_model(bytearray(served.content(run['id'], 'model.ubj')))
    assert booster.num_boosted_rounds() == max(curve) + 1
