"""scikit-learn, XGBoost and LightGBM themselves: what they report is what the server holds."""
import argparse
import io
import pickle
import subprocess
import sys

import joblib
import lightgbm
import numpy as np
import pytest
import track
import xgboost
from served import Served
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from track.argparse import add_options, start_run

import track.lightgbm
import track.sklearn
import track.xgboost


@pytest.fixture
def served(here):
    return Served(here)


@pytest.fixture
def cancer():
    data = load_breast_cancer()
    return train_test_split(data.data, data.target, test_size=0.25, random_state=0)


def new_run(**kw):
    return track.start_run(console=False, code=False, facts=False, **kw)


def test_names_import_nothing_of_their_frameworks():
    code = '''import sys, track
names = ('numpy', 'sklearn', 'xgboost', 'torch', 'logging', 'argparse', 'lightgbm')
assert not [n for n in names if n in sys.modules]
import track.logging, track.argparse, track.lightgbm, track.sklearn, track.tensorboard
assert track.sklearn.log_fit and not [n for n in names if n in sys.modules and n not in ('logging', 'argparse')]
'''
    subprocess.run([sys.executable, '-c', code], check=True)


# ---- scikit-learn

def test_pipeline_of_a_classifier(served, cancer):
    x, x_val, y, y_val = cancer
    with new_run() as run:
        model = track.sklearn.log_fit(run, make_pipeline(StandardScaler(), LogisticRegression(C=0.5)),
                                      x, y, x_val, y_val)
    odds = model.predict_proba(x_val)
    expected = {'score': model.score(x_val, y_val), 'accuracy': model.score(x_val, y_val),
                'log_loss': log_loss(y_val, odds), 'roc_auc': roc_auc_score(y_val, odds[:, 1])}
    for key, value in expected.items():
        assert served.points(run.id, f'val/{key}') == [(0, value)]
    assert served.values(run.id, 'train/score') == [model.score(x, y)]
    assert 0.9 < served.values(run.id, 'val/f1')[0] < 1
    params = served.run(run.id)['params']
    assert params['logisticregression.C'] == '0.5' and params['estimator'] == 'Pipeline'
    assert params['standardscaler'] == 'StandardScaler'
    saved = joblib.load(io.BytesIO(served.content(run.id, 'model.joblib')))
    assert (saved.predict(x_val) == model.predict(x_val)).all()


def test_regressor_and_history(served):
    x, y = load_diabetes(return_X_y=True)
    with new_run() as run:
        model = track.sklearn.log_fit(run, GradientBoostingRegressor(n_estimators=20), x[:300], y[:300],
                                      x[300:], y[300:], model=False)
    assert served.values(run.id, 'history/train_score') == model.train_score_.tolist()
    guess = model.predict(x[300:])
    assert served.values(run.id, 'val/mae') == [np.abs(guess - y[300:]).mean()]
    assert served.values(run.id, 'val/rmse')[0] == pytest.approx(((guess - y[300:]) ** 2).mean() ** 0.5)
    assert 'model.joblib' not in served.files(run.id)


def test_loss_curves(served):
    x, y = load_digits(return_X_y=True)
    with new_run() as run:
        model = track.sklearn.log_fit(run, MLPClassifier([16], max_iter=8, early_stopping=True), x, y)
    assert served.points(run.id, 'history/loss') == list(enumerate(model.loss_curve_))
    assert served.values(run.id, 'history/validation_score') == list(model.validation_scores_)
    with new_run() as run:
        model = track.sklearn.log_fit(run, HistGradientBoostingClassifier(
            max_iter=5, early_stopping=True, scoring='loss'), x, y)
    assert served.values(run.id, 'history/train_score') == list(model.train_score_)


def test_search(served):
    x, y = load_iris(return_X_y=True)
    search = GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()),
                          {'logisticregression__C': [0.01, 1.0, 100.0]}, cv=3)
    with new_run() as run:
        track.sklearn.log_fit(run, search, x, y)
    results = search.cv_results_
    assert served.values(run.id, 'cv/mean_test_score') == results['mean_test_score'].tolist()
    held = served.run(run.id)
    assert held['params']['best.logisticregression.C'] == str(search.best_params_[
        'logisticregression__C']).removesuffix('.0')
    assert float(held['tags']['best_score']) == search.best_score_
    table = served.content(run.id, 'cv_results.csv').decode().splitlines()
    assert len(table) == 4 and table[0].split(',')[0] == 'mean_fit_time'


def test_clusters_have_no_targets(served):
    x, _ = load_iris(return_X_y=True)
    with new_run() as run:
        model = track.sklearn.log_fit(run, KMeans(3, n_init=1, random_state=0), x)
    assert served.values(run.id, 'train/score') == [model.score(x)]


def test_a_fit_that_fails_leaves_the_parameters(served):
    with pytest.raises(ValueError):
        with new_run() as run:
            track.sklearn.log_fit(run, LogisticRegression(C=7.0), [[1.0], [float('nan')]], [0, 1])
    held = served.run(run.id)
    assert held['state'] == 'failed' and held['params']['C'] == '7'


def test_a_second_estimator_in_one_run_is_told_of(served):
    x, y = load_iris(return_X_y=True)
    with new_run() as run:
        track.sklearn.log_fit(run, LogisticRegression(C=1.0), x, y, model=False)
        track.sklearn.log_fit(run, LogisticRegression(C=2.0), x, y, model=False)
        with pytest.warns(track.TrackWarning, match="'C' stays"):
            track.sklearn.log_fit(run, LogisticRegression(C=3.0), x, y, model=False)
    params = served.run(run.id)['params']
    assert (params['C'], params['sklearn.C']) == ('1', '2')


def test_scikit_learn_interface_of_xgboost(served, cancer):
    x, x_val, y, y_val = cancer
    with new_run() as run:
        model = track.sklearn.log_fit(
            run, xgboost.XGBClassifier(n_estimators=6, max_depth=2, eval_metric='logloss', n_jobs=1),
            x, y, x_val, y_val, eval_set=[(x_val, y_val)], verbose=False)
    curve = model.evals_result()['validation_0']['logloss']
    assert served.values(run.id, 'history/validation_0/logloss') == curve


# ---- XGBoost

def boost(cancer, callback, rounds=8, **kw):
    x, x_val, y, y_val = cancer
    train, test = xgboost.DMatrix(x, y), xgboost.DMatrix(x_val, y_val)
    seen = {}
    booster = xgboost.train({'objective': 'binary:logistic', 'eta': 0.3, 'nthread': 1}, train, rounds,
                            evals=[(train, 'train'), (test, 'val')], evals_result=seen,
                            verbose_eval=False, callbacks=[callback], **kw)
    return booster, seen


def test_xgboost(served, cancer):
    with new_run(params={'eta': 0.3, 'seed': 42}) as run:
        booster, seen = boost(cancer, track.xgboost.TrackCallback())
    for data in ('train', 'val'):
        assert served.points(run.id, f'{data}/logloss') == list(enumerate(seen[data]['logloss']))
    params = served.run(run.id)['params']
    assert params['max_depth'] == '6' and params['eta'] == '0.3' and params['booster'] == 'gbtree'
    assert (params['seed'], params['xgboost.seed']) == ('42', '0')
    assert 'xgboost.eta' not in params  # the same in single precision
    copy = xgboost.Booster()
    copy.load_model(bytearray(served.content(run.id, 'model.ubj')))
    assert copy.save_raw('json') == booster.save_raw('json')


def test_xgboost_starts_a_run_of_its_own(served, cancer):
    callback = track.xgboost.TrackCallback(project='own', name='alone', console=False)
    boost(cancer, callback)
    callback.finish()
    held = served.only_run('own')
    assert held['name'] == 'alone' and held['state'] == 'finished'
    assert len(served.points(held['id'], 'val/logloss')) == 8


def test_xgboost_cv(served, cancer):
    x, _, y, _ = cancer
    with new_run() as run:
        table = xgboost.cv({'objective': 'binary:logistic', 'nthread': 1}, xgboost.DMatrix(x, y), 5, 3,
                           callbacks=[track.xgboost.TrackCallback(run)], as_pandas=False)
    assert served.values(run.id, 'test/logloss') == table['test-logloss-mean']
    assert served.values(run.id, 'test/logloss/std') == table['test-logloss-std']


def test_stop_ends_the_training(served, here, cancer):
    """`track stop` reaches a training between two rounds."""
    with new_run() as run:
        run.flush(10)
        here.json('POST', f'/api/v1/runs/{run.id}/stop', {})
        waited = 0
        while not run.should_stop and waited < 300:
            run.log_metric('beat', waited)
            run.flush(1)
            waited += 1
        booster, _ = boost(cancer, track.xgboost.TrackCallback(run), rounds=50)
        assert booster.num_boosted_rounds() == 1
        model = lightgbm.train({'objective': 'binary', 'verbosity': -1, 'num_threads': 1},
                               lightgbm.Dataset(cancer[0], cancer[2]), 50,
                               callbacks=[track.lightgbm.TrackCallback(run)])
        assert model.current_iteration() == 1


# ---- LightGBM

def test_lightgbm(served, cancer):
    x, x_val, y, y_val = cancer
    train = lightgbm.Dataset(x, y)
    seen = {}
    with new_run() as run:
        booster = lightgbm.train(
            {'objective': 'binary', 'metric': ['auc', 'binary_logloss'], 'num_leaves': 7,
             'learning_rate': 0.3, 'verbosity': -1, 'num_threads': 1}, train, 60,
            valid_sets=[lightgbm.Dataset(x_val, y_val, reference=train)], valid_names=['val'],
            callbacks=[lightgbm.early_stopping(5, verbose=False), lightgbm.record_evaluation(seen),
                       track.lightgbm.TrackCallback()])
        digest, size = track.lightgbm.log_model(run, booster)
    for metric in ('auc', 'binary_logloss'):
        assert served.points(run.id, f'val/{metric}') == list(enumerate(seen['val'][metric]))
    held = served.run(run.id)
    assert held['params']['num_leaves'] == '7' and held['params']['num_boost_round'] == '60'
    assert held['tags']['best_iteration'] == str(booster.best_iteration)
    assert float(held['tags']['best_score/val/auc']) == booster.best_score['val']['auc']
    content = served.content(run.id, 'model.txt')
    assert served.files(run.id)['model.txt'] == digest and len(content) == size
    copy = lightgbm.Booster(model_str=content.decode())
    assert (copy.predict(x_val) == booster.predict(x_val)).all()
    found = definitions(served, run.id)
    assert found['val/auc'] == 'max' and found['val/binary_logloss'] == 'min'


def definitions(served, run):
    page = served.server.json('GET', f'/api/v1/runs/{run}/definitions')
    return {one['name']: one['goal'] for one in page['definitions']}


def test_lightgbm_cv_and_pickling(served, cancer):
    x, _, y, _ = cancer
    with new_run() as run:
        callback = track.lightgbm.TrackCallback(run)
        table = lightgbm.cv({'objective': 'binary', 'verbosity': -1, 'num_threads': 1},
                            lightgbm.Dataset(x, y), 4, nfold=3, callbacks=[callback])
    assert served.values(run.id, 'valid/binary_logloss') == table['valid binary_logloss-mean']
    assert served.values(run.id, 'valid/binary_logloss/std') == table['valid binary_logloss-stdv']
    assert pickle.dumps(track.lightgbm.TrackCallback(project='p'))


# ---- argparse

def parse(*words):
    parser = argparse.ArgumentParser()
    parser.add_argument('--lr', type=float, default=0.1)
    parser.add_argument('--layers', type=int, nargs='+', default=[4, 2])
    add_options(parser, project='demo')
    return parser.parse_args(words)


def test_argparse(served):
    args = parse('--lr', '0.5', '--run-name', 'a', '--tag', 'x', '--tag', 'k=v', '--note', 'why')
    with start_run(args, console=False, tags=['lost'], seed=3) as run:
        pass
    held = served.run(run.id)
    assert held['params'] == {'lr': '0.5', 'layers': '[4,2]', 'seed': '3'}
    assert held['tags'] == {'x': '', 'k': 'v'} and (held['name'], held['note']) == ('a', 'why')
    with start_run(parse('--resume', run.id, '--lr', '0.5'), console=False) as again:
        assert again.id == run.id


def test_argparse_wants_a_namespace(served):
    with pytest.raises(TypeError, match='Namespace, not dict'):
        start_run({'lr': 1})


# ---- what all of them share

def test_wrong_options_are_named(served):
    with pytest.raises(TypeError, match='projekt: neither'):
        track.xgboost.TrackCallback(projekt='x')
    with pytest.raises(TypeError, match='must be a track.Run, not str'):
        track.lightgbm.TrackCallback('chars')
    with new_run() as run:
        with pytest.raises(TypeError, match='project: only for a run that is started here'):
            track.xgboost.TrackCallback(run, project='x')


def test_a_large_file_is_kept_until_it_is_sent(served, tmp_path, monkeypatch):
    from track import _attach
    monkeypatch.setenv('TMPDIR', str(tmp_path))
    monkeypatch.setattr('tempfile.tempdir', None)
    with new_run() as run:
        _attach.log_bytes(run, 'small', b'x', type='test')
        assert not list(tmp_path.glob('track-*'))
        with pytest.warns(track.TrackWarning, match='remove it after that'):
            _attach.log_bytes(run, 'big', bytes((64 << 20) + 1), type='test')
        kept = list(tmp_path.glob('track-*/big'))
        assert len(kept) == 1
    assert served.files(run.id).keys() == {'small', 'big'}


def test_texts_too_long_become_files(served):
    from track import _attach
    with new_run() as run:
        _attach.log_text(run, 'short', 'a', 1)
        _attach.log_text(run, 'long', 'é' * 200_000, 2)
    assert served.texts(run.id, 'short') == [(1, 'a')]
    assert served.content(run.id, 'long/2.txt').decode() == 'é' * 200_000
