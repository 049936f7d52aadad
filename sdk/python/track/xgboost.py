"""XGBoost: a callback for `xgboost.train`, `xgboost.cv` and the scikit-learn interface.

    import xgboost
    from track.xgboost import TrackCallback

    with track.start_run('trees'):
        booster = xgboost.train({'max_depth': 4, 'eta': 0.1}, train, 200,
                                evals=[(train, 'train'), (test, 'val')], early_stopping_rounds=10,
                                callbacks=[TrackCallback()])
"""
from __future__ import annotations

import json
from importlib import import_module
from typing import Any

from . import _attach
from ._run import Run

_base: Any = import_module('xgboost.callback').TrainingCallback


class TrackCallback(_attach.LogsToRun, _base):  # type: ignore[misc]
    """Logs the evaluation of each round, the parameters, what the features are worth and the model.

    run      a run that was started already; None: the current one, else one that is started by the
             training, with options, and ended by `finish()` or by the end of the program.
    model    log the booster as `model.ubj` when the training ends.
    options  arguments of `track.start_run`: project, name, tags, resume, system, ...

    Metrics are `<data>/<metric>`, such as `val/logloss`, with the round as step; those of
    `xgboost.cv` are means, beside `<data>/<metric>/std`.  Parameters are those that the booster
    works with, its defaults too.  The features' gain is the file `feature_importance.json`.  With
    early stopping there are the tags `best_iteration` and `best_score`.  `track stop` ends the
    training after the present round.

    TypeError  options beside a run, or unknown ones.
    Errors of `track.start_run`, when the training begins.
    """

    def __init__(self, run: Run | None = None, *, model: bool = True, **options: Any) -> None:
        super().__init__()
        self._attached = _attach.Attached(run, options)
        self._model = model

    def before_training(self, model: Any) -> Any:
        config = _config(model)
        if config:
            _attach.set_params(self.run, settings(config), by='xgboost')
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        values = {}
        for data, metrics in evals_log.items():
            for metric, scores in metrics.items():
                last = scores[-1]
                if isinstance(last, tuple):  # of cv
                    values[f'{data}/{metric}'], values[f'{data}/{metric}/std'] = last
                else:
                    values[f'{data}/{metric}'] = last
        _attach.log(self.run, values, epoch)
        return self.run.should_stop

    def after_training(self, model: Any) -> Any:
        if not hasattr(model, 'save_model'):
            return model  # the boosters of cv
        _attach.best_tags(self.run, best_iteration=model.attr('best_iteration'),
                          best_score=model.attr('best_score'))
        gain = model.get_score(importance_type='gain')
        if gain:
            ranked = dict(sorted(gain.items(), key=lambda item: -item[1]))
            _attach.log_bytes(self.run, 'feature_importance.json',
                              json.dumps(ranked, indent=1).encode(), type='features')
        if self._model:
            _attach.log_made(self.run, 'model.ubj', model.save_model, type='model')
        return model


def _config(model: Any) -> Any:
    """The configuration of a booster, or of the first one of cv."""
    folds = getattr(model, 'cvfolds', None)
    booster = folds[0].bst if folds else model
    return json.loads(booster.save_config()) if hasattr(booster, 'save_config') else None


def settings(config: Any) -> dict[str, str]:
    """The parameters in what Booster.save_config() gives: the members of all `..._param` objects;
    one that two of them have with different values has the objects' names before it."""
    found: dict[str, dict[str, str]] = {}
    _collect('learner', config.get('learner', {}), found)
    values: dict[str, str] = {}
    for name in sorted({name for group in found.values() for name in group}):
        groups = [group for group in found if name in found[group]]
        if len({found[group][name] for group in groups}) == 1:
            values[name] = found[groups[0]][name]
        else:
            values.update({f'{group}.{name}': found[group][name] for group in groups})
    for part in ('objective', 'booster'):
        if part in values or part not in config.get('learner', {}):
            continue
        values[part] = config['learner'][part].get('name', '')
    return values


def _collect(path: str, node: Any, found: dict[str, dict[str, str]]) -> None:
    if isinstance(node, dict):
        own = path.rpartition('.')[2]
        if own.endswith(('_param', '_params')) or own == 'generic_param':
            found[own] = {key: value for key, value in node.items() if isinstance(value, str)}
        for key, value in node.items():
            _collect(f'{path}.{key}', value, found)
