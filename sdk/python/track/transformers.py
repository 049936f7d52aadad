"""Hugging Face Transformers: a callback for `Trainer`.

    from transformers import Trainer, TrainingArguments
    from track.transformers import TrackCallback

    trainer = Trainer(model, TrainingArguments('out', report_to='none', eval_strategy='epoch'),
                      train_dataset=train, eval_dataset=test,
                      callbacks=[TrackCallback(project='tiny-bert')])
    trainer.train()
    trainer.evaluate()                 # goes to the same run
"""
from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from . import _attach
from ._errors import InvalidError
from ._run import Run

_base: Any = import_module('transformers').TrainerCallback


class TrackCallback(_attach.LogsToRun, _base):  # type: ignore[misc]
    """Logs everything that a Trainer reports, its arguments, the model's configuration and
    checkpoints to a run.

    run          a run that was started already; None: the current one, else one that is started by
                 `train()`, with options, and ended by `finish()` or by the end of the program.
    checkpoints  'best': at the end of training the files of the best checkpoint where the Trainer
                 knows it (metric_for_best_model), else of the last, as `checkpoint/...`; 'all':
                 each as it is saved, as `checkpoint-<step>/...`; None: none.
    options      arguments of `track.start_run`: project, name, tags, resume, system, ...

    Metrics are `train/loss`, `train/learning_rate`, `train/grad_norm`, `eval/loss` and so on,
    `epoch`; their step is the Trainer's global_step.  Parameters are the TrainingArguments, and the
    model's configuration below `model.`.  Tags at the end: `best_metric`, `best_checkpoint`.  Only
    the first process of all logs.  `track stop` ends the training after the present step, if it has
    one process.

    TypeError     options beside a run, or unknown ones.
    InvalidError  checkpoints is none of the above.
    Errors of `track.start_run`, when the training begins.
    """

    def __init__(self, run: Run | None = None, *, checkpoints: str | None = 'best',
                 **options: Any) -> None:
        super().__init__()
        if checkpoints not in ('best', 'all', None):
            raise InvalidError(f"checkpoints {checkpoints!r}: must be 'best', 'all' or None")
        self._attached = _attach.Attached(run, options)
        self._given = run
        self._options = options
        self._checkpoints = checkpoints
        self._described = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            if state.is_hyper_param_search and self._described:
                self._next_trial()
            self._describe(args, state, kwargs.get('model'))

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if not state.is_world_process_zero:
            return
        self._describe(args, state, kwargs.get('model'))
        values = {}
        for key, value in (kwargs.get('logs') or {}).items():
            if isinstance(value, str):
                _attach.log_text(self.run, _name(key), value, state.global_step)
            else:
                values[_name(key)] = value
        _attach.log(self.run, values, state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self._attached.started and self.run.should_stop and args.world_size == 1:
            control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.is_world_process_zero and self._checkpoints == 'all':
            folder = _last_checkpoint(args, state)
            self._log_folder(folder, os.path.basename(folder))

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if not state.is_world_process_zero:
            return
        _attach.best_tags(self.run, best_metric=state.best_metric,
                          best_checkpoint=state.best_model_checkpoint)
        if self._checkpoints == 'best':
            self._log_folder(state.best_model_checkpoint or _last_checkpoint(args, state),
                             'checkpoint')

    def _next_trial(self) -> None:
        """Each trial of a hyperparameter search is a run of its own."""
        self.finish()
        self._attached, self._described = _attach.Attached(self._given, self._options), False

    def _describe(self, args: Any, state: Any, model: Any) -> None:
        if self._described:
            return
        self._described = True
        name = state.trial_name or (args.run_name if args.run_name != args.output_dir else None)
        run = self._attached.get(name=name)
        _attach.set_params(run, args.to_dict(), by='transformers')
        config = getattr(model, 'config', None)
        if config is not None:
            values = config if isinstance(config, dict) else config.to_dict()
            _attach.set_params(run, values, 'model.', by='transformers')
        if hasattr(model, 'num_parameters'):
            _attach.set_params(run, {'num_parameters': model.num_parameters()}, 'model.',
                               by='transformers')

    def _log_folder(self, folder: str, name: str) -> None:
        if os.path.isdir(folder) and os.listdir(folder):
            self.run.log_artifact(folder, name, type='model')


def _name(key: str) -> str:
    for prefix in ('eval', 'test'):
        if key.startswith(prefix + '_'):
            return f'{prefix}/{key[len(prefix) + 1:]}'
    return key if key == 'epoch' else f'train/{key}'


def _last_checkpoint(args: Any, state: Any) -> str:
    folder = args.output_dir or '.'
    if state.trial_name is not None and state.is_hyper_param_search:
        folder = os.path.join(folder, f'run-{state.trial_name}')
    return os.path.join(folder, f'checkpoint-{state.global_step}')
