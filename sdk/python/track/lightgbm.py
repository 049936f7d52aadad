"""LightGBM: a callback for `lightgbm.train`, `lightgbm.cv` and the scikit-learn interface.

    import lightgbm
    from track.lightgbm import TrackCallback, log_model

    with track.start_run('trees') as run:
        booster = lightgbm.train({'objective': 'binary', 'num_leaves': 31}, train, 200,
                                 valid_sets=[test], valid_names=['val'],
                                 callbacks=[lightgbm.early_stopping(10), TrackCallback()])
        log_model(run, booster)
"""
from __future__ import annotations

import json
from typing import Any

from . import _attach
from ._run import Run


class TrackCallback(_attach.LogsToRun):
    """Logs the evaluation of each round and the parameters.

    run      a run that was started already; None: the current one, else one that is started by the
             training, with options, and ended by `finish()` or by the end of the program.
    options  arguments of `track.start_run`: project, name, tags, resume, system, ...

    Metrics are `<data>/<metric>`, such as `val/auc`, with the round as step and the direction in
    which LightGBM says they are better; those of `lightgbm.cv` are means, beside
    `<data>/<metric>/std`.  `track stop` ends the training after the present round, as early
                            stopping
    does.  LightGBM calls no callback when it has ended: `log_model` logs what there is then.

    TypeError  options beside a run, or unknown ones.
    Errors of `track.start_run`, when the training begins.
    """

    before_iteration = False
    order = 15  # before early_stopping, which is 30 and raises

    def __init__(self, run: Run | None = None, **options: Any) -> None:
        self._attached = _attach.Attached(run, options)
        self._defined: set[str] = set()

    def __call__(self, env: Any) -> None:
        if env.iteration == env.begin_iteration:
            _attach.set_params(self.run, env.params, by='lightgbm')
            rounds = env.end_iteration - env.begin_iteration
            _attach.set_params(self.run, {'num_boost_round': rounds}, by='lightgbm')
        values = {}
        for data, metric, value, higher_is_better, *deviation in env.evaluation_result_list or ():
            name = f'{data}/{metric}'
            values[name] = value
            if deviation:
                values[f'{name}/std'] = deviation[0]
            self._define(name, higher_is_better)
        _attach.log(self.run, values, env.iteration)
        if self.run.should_stop:
            from importlib import import_module
            raise import_module('lightgbm.callback').EarlyStopException(env.iteration, env.evaluation_result_list or [])

    def _define(self, name: str, higher_is_better: bool) -> None:
        if name not in self._defined:
            self._defined.add(name)
            self.run.define_metric(name, goal='maximize' if higher_is_better else 'minimize')


def log_model(run: Run, booster: Any, name: str = 'model.txt') -> tuple[str, int]:
    """Logs a trained booster, or an estimator that holds one: the model as text, what the features
    are worth (gain) as `feature_importance.json`, and the tags `best_iteration` and
    `best_score/<data>/<metric>` where it has them.

    Returns (SHA-256, size) of the model.

    ConflictError  the run was finished.
    """
    booster = getattr(booster, 'booster_', booster)
    best = booster.best_iteration
    _attach.best_tags(run, best_iteration=best if best > 0 else None)
    for data, scores in booster.best_score.items():
        for metric, value in scores.items():
            _attach.best_tags(run, **{f'best_score/{data}/{metric}': value})
    gain = zip(booster.feature_name(), booster.feature_importance('gain').tolist())
    ranked = dict(sorted(gain, key=lambda item: -item[1]))
    _attach.log_bytes(run, 'feature_importance.json', json.dumps(ranked, indent=1).encode(),
                      type='features')
    return _attach.log_made(run, name, booster.save_model, type='model')
