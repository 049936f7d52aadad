"""scikit-learn: fits an estimator and logs what there is to know of it.

    from sklearn.ensemble import RandomForestClassifier
    import track.sklearn

    with track.start_run('digits') as run:
        model = track.sklearn.log_fit(run, RandomForestClassifier(), x, y, x_test, y_test)
"""
from __future__ import annotations

import io
import time
from importlib import import_module
from typing import Any

from . import _attach
from ._run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def log_fit(run: Run, estimator: Any, x: Any, y: Any = None, x_val: Any = None, y_val: Any = None,
            *, model: bool = True, **fit_params: Any) -> Any:
    """Fits an estimator, a pipeline or a search, and logs parameters, scores, history and model.

    x, y          [samples, features] and [samples], for fit; y is None where there is none.
    x_val, y_val  data that it is not fitted with; scores of it are logged too.
    model         log the fitted estimator as `model.joblib`, with joblib, which is as pickle: load
                  it with the same versions, and from people whom you trust only.
    fit_params    for estimator.fit, such as sample_weight.

    What is logged, where the estimator has it:
      parameters  get_params(), steps of a pipeline as `scaler.with_mean`; of a search also
                  `best.…`.
      metrics     `fit_seconds`, and for `train` and `val`: score; accuracy, precision, recall and
                  f1 (mean over the classes by their weight), log_loss, roc_auc (two classes) of a
                  classifier; mae, mse, rmse, r2 of a regressor.  All at step 0.
      history     one metric for each iteration, `loss_curve_` as `history/loss` and so on; of a
                  search `cv/mean_test_score` and its like, whose step is the candidate.
      texts       `estimator`, and of a classifier `val/report` or `train/report`.
      files       `cv_results.csv` of a search, `model.joblib`.

    Returns the estimator, fitted.

    ConflictError  the run was finished.  What fit raises passes through, after the parameters.
    A score or file that cannot be made gives a warning and leaves the rest as it is.
    """
    _attach.set_params(run, parameters(estimator), by='sklearn')
    _attach.log_text(run, 'estimator', repr(estimator))
    start = time.perf_counter()
    estimator.fit(x, **fit_params) if y is None else estimator.fit(x, y, **fit_params)
    run.log_metric('fit_seconds', time.perf_counter() - start, 0)
    log_fitted(run, estimator, x, y, x_val, y_val, model=model)
    return estimator


def log_fitted(run: Run, estimator: Any, x: Any, y: Any = None, x_val: Any = None,
               y_val: Any = None, *, model: bool = True) -> None:
    """Logs scores, history and model of an estimator that is fitted; see `log_fit`."""
    sets = [('train', x, y)] + ([('val', x_val, y_val)] if x_val is not None else [])
    for name, inputs, targets in sets:
        _attach.log(run, {f'{name}/{key}': value for key, value in
                          scores(estimator, inputs, targets).items()}, 0)
    name, inputs, targets = sets[-1]
    if targets is not None and _is_classifier(estimator):
        report = _sklearn('metrics').classification_report
        text = _try('report', lambda: report(
            targets, estimator.predict(inputs), zero_division=0))
        if text is not None:
            _attach.log_text(run, f'{name}/report', text)
    for key, curve in history(_last_step(estimator)).items():
        for step, value in enumerate(curve):
            run.log_metric(f'history/{key}', value, step)
    _log_search(run, estimator)
    if model:
        _try('model.joblib', lambda: _attach.log_made(run, 'model.joblib', _dump(estimator),
                                                      type='model'))


def parameters(estimator: Any) -> dict[str, Any]:
    """get_params() without the estimators themselves, whose parameters it has beside them: their
    class instead; `step__name` becomes `step.name`."""
    found: dict[str, Any] = {'estimator': type(estimator).__name__}
    for key, value in estimator.get_params(deep=True).items():
        if hasattr(value, 'get_params') and not isinstance(value, type):
            value = type(value).__name__
        elif key in ('steps', 'transformers', 'estimators', 'transformer_list'):
            continue
        found[key.replace('__', '.')] = value
    return found


def scores(estimator: Any, x: Any, y: Any) -> dict[str, float]:
    """Its own score, and the usual metrics of its kind."""
    found: dict[str, Any] = {}
    if hasattr(estimator, 'score'):
        found['score'] = _try('score', lambda: estimator.score(x) if y is None
                              else estimator.score(x, y))
    if y is not None and _is_classifier(estimator):
        found.update(_classifier_scores(estimator, x, y))
    elif y is not None and _is_regressor(estimator):
        found.update(_regressor_scores(y, estimator.predict(x)))
    return {key: value for key, value in found.items() if value is not None}


def _sklearn(part: str) -> Any:
    return import_module(f'sklearn.{part}')


def _is_classifier(estimator: Any) -> bool:
    return bool(_sklearn('base').is_classifier(estimator))


def _is_regressor(estimator: Any) -> bool:
    return bool(_sklearn('base').is_regressor(estimator))


def _classifier_scores(estimator: Any, x: Any, y: Any) -> dict[str, Any]:
    metrics = _sklearn('metrics')
    guess = estimator.predict(x)
    found: dict[str, Any] = {'accuracy': _try('accuracy', lambda: metrics.accuracy_score(y, guess))}
    means = _try('precision', lambda: metrics.precision_recall_fscore_support(
        y, guess, average='weighted', zero_division=0))
    if means is not None:
        found['precision'], found['recall'], found['f1'] = means[:3]
    if not hasattr(estimator, 'predict_proba'):
        return found
    odds = _try('predict_proba', lambda: estimator.predict_proba(x))
    if odds is not None and getattr(odds, 'ndim', 0) == 2:
        labels = estimator.classes_
        found['log_loss'] = _try('log_loss', lambda: metrics.log_loss(y, odds, labels=labels))
        if odds.shape[1] == 2 and len(set(y)) == 2:
            found['roc_auc'] = _try('roc_auc', lambda: metrics.roc_auc_score(y, odds[:, 1]))
    return found


def _regressor_scores(y: Any, guess: Any) -> dict[str, Any]:
    metrics = _sklearn('metrics')
    mse = metrics.mean_squared_error(y, guess)
    return {'mae': metrics.mean_absolute_error(y, guess), 'mse': mse, 'rmse': mse ** 0.5,
            'r2': metrics.r2_score(y, guess)}


def history(estimator: Any) -> dict[str, Iterable[Any]]:
    """What it keeps of each iteration: its name without '_', and a value an iteration."""
    found: dict[str, Iterable[Any]] = {}
    for name, key in (('loss_curve_', 'loss'), ('validation_scores_', 'validation_score'),
                      ('train_score_', 'train_score'), ('validation_score_', 'validation_score'),
                      ('oob_scores_', 'oob_score')):
        curve = getattr(estimator, name, None)
        if curve is not None and getattr(curve, 'ndim', 1) == 1 and len(curve) > 0:
            found[key] = curve
    evals: Any = getattr(estimator, 'evals_result_', None)
    for data, metrics in (evals or {}).items():
        for metric, curve in metrics.items():
            found[f'{data}/{metric}'] = curve
    return found


def _last_step(estimator: Any) -> Any:
    """The one that is trained: of a pipeline the last step, of a search the best."""
    estimator = getattr(estimator, 'best_estimator_', estimator)
    steps = getattr(estimator, 'steps', None)
    return steps[-1][1] if steps else estimator


def _log_search(run: Run, estimator: Any) -> None:
    """What GridSearchCV and its like found."""
    results: Any = getattr(estimator, 'cv_results_', None)
    if not isinstance(results, dict) or 'params' not in results:
        return
    for key, column in results.items():
        if key.startswith(('mean_', 'std_')):
            for step, value in enumerate(column):
                run.log_metric(f'cv/{key}', value, step)
    best = getattr(estimator, 'best_params_', None)
    if best is not None:
        named = {key.replace('__', '.'): type(value).__name__ if hasattr(value, 'get_params')
                 else value for key, value in best.items()}
        _attach.set_params(run, named, 'best.', by='sklearn')
        _attach.best_tags(run, best_score=getattr(estimator, 'best_score_', None),
                          best_candidate=estimator.best_index_)
    _attach.log_bytes(run, 'cv_results.csv', _table(results), type='table', media='text/csv')


def _table(columns: Mapping[str, Any]) -> bytes:
    import csv
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values()))
    return text.getvalue().encode()


def _dump(estimator: Any) -> Any:
    dump = import_module('joblib').dump
    return lambda path: dump(estimator, path)


def _try(what: str, call: Any) -> Any:
    """What call() gives; None, and a warning, where it cannot."""
    try:
        return call()
    except Exception as bad:
        _attach.tell(f'{what} was not logged: {type(bad).__name__}: {bad}')
        return None
