"""PyTorch Lightning: a logger.

    import lightning as L
    from track.lightning import TrackLogger

    logger = TrackLogger(project='digits', tags=['baseline'])
    trainer = L.Trainer(max_epochs=3, logger=logger, callbacks=[
        L.pytorch.callbacks.ModelCheckpoint(monitor='val/loss'),
        L.pytorch.callbacks.LearningRateMonitor()])
    trainer.fit(model, data)
    trainer.test(model, data)          # goes to the same run
    logger.finish()                    # or leave it to the end of the program

Works with `lightning` and with `pytorch_lightning`, whichever the program has imported.
"""
from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from . import _attach
from ._errors import InvalidError
from ._run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace


def _framework() -> str:
    """The package that the program uses; both may be installed."""
    names = ('lightning.pytorch', 'pytorch_lightning')
    for name in names:
        if name in sys.modules:
            return name
    for name in names[:1]:
        try:
            import_module(name)
        except ImportError:
            continue
        return name
    return names[1]


_name = _framework()
_base: Any = import_module(f'{_name}.loggers.logger')
_rank_zero_only: Any = import_module(f'{_name}.utilities').rank_zero_only


class TrackLogger(_base.Logger):  # type: ignore[misc]
    """Logs metrics, hyperparameters, the model's layers and checkpoints of a Trainer to a run.

    run          a run that was started already; None: the current one, else one that is started by
                 the first use, with options, and ended by `finish()`, by an exception of the
                 Trainer, or by the end of the program.
    checkpoints  'best': the best checkpoint, as `checkpoints/best.ckpt`, at the end of each fit,
                 with its score as the tag `best_score`; 'all': each as it is saved; None: none.
    prefix       before the name of each metric, with a '/'.
    options      arguments of `track.start_run`: project, name, params, tags, resume, system, ...

    Steps are the Trainer's global_step.  Learning rates are logged by Lightning's own
    LearningRateMonitor.  Only rank 0 logs.  `track stop` ends the fit after the present batch, if
                          it
    has one process.

    TypeError     options beside a run, or unknown ones.
    InvalidError  checkpoints is none of the above.
    Errors of `track.start_run`, at the first use.
    """

    def __init__(self, run: Run | None = None, *, checkpoints: str | None = 'best',
                 prefix: str = '', **options: Any) -> None:
        super().__init__()
        if checkpoints not in ('best', 'all', None):
            raise InvalidError(f"checkpoints {checkpoints!r}: must be 'best', 'all' or None")
        self._run = _attach.Attached(run, options)
        self._checkpoints = checkpoints
        self._prefix = f'{prefix.rstrip("/")}/' if prefix else ''
        self._callback: Any = None  # of the checkpoints
        self._logged: dict[str, Any] = {}  # score and time of each checkpoint
        self._trainer: Any = None
        self._model = ''

    @property
    @_base.rank_zero_experiment  # type: ignore[untyped-decorator]
    def experiment(self) -> Run:
        """The run, for everything that Lightning has no call for; on other ranks than 0 an object
        that takes every call and does nothing."""
        return self._run.get()

    @property
    def name(self) -> str | None:
        """`track`: the first folder of checkpoints below the Trainer's default_root_dir."""
        return 'track'

    @property
    def version(self) -> str | None:
        """The run's id, the second one; None: it has not started."""
        return self._run.get().id if self._run.started else None

    @_rank_zero_only  # type: ignore[untyped-decorator]
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Logs each metric at a step; one that is no number gives a warning."""
        run = self._run.get()
        _attach.log(run, {self._prefix + key: value for key, value in metrics.items()}, step)
        if run.should_stop and getattr(self._trainer, 'world_size', 0) == 1:
            self._trainer.should_stop = True

    @_rank_zero_only  # type: ignore[untyped-decorator]
    def log_hyperparams(self, params: Mapping[str, Any] | Namespace, *args: Any,
                        **kwargs: Any) -> None:
        """Sets parameters, nested ones as `optimizer.lr`.  Each has one value in a run: another one
        later gives a warning."""
        values = params if isinstance(params, Mapping) else vars(params)
        _attach.set_params(self._run.get(), values, by='lightning')

    @_rank_zero_only  # type: ignore[untyped-decorator]
    def log_graph(self, model: Any, input_array: Any = None) -> None:
        """Logs the model's layers as the text `model`, once."""
        self._trainer = getattr(model, '_trainer', None)
        text = str(model)
        if text != self._model:
            self._model = text
            _attach.log_text(self._run.get(), 'model', text)

    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        """Lightning calls it on rank 0 for each checkpoint that was saved."""
        self._callback = checkpoint_callback
        if self._checkpoints == 'all':
            self._log_checkpoint(checkpoint_callback.last_model_path
                                 or checkpoint_callback.best_model_path, None)

    @_rank_zero_only  # type: ignore[untyped-decorator]
    def finalize(self, status: str) -> None:
        """Lightning calls it when a fit, test or validation has ended: the run stays open for the
        next, and ends here only when it failed or was interrupted."""
        if not self._run.started:
            return
        if self._checkpoints is not None and self._callback is not None:
            self._log_best()
        if status == 'failed':
            self._run.end(sys.exc_info()[1])

    @_rank_zero_only  # type: ignore[untyped-decorator]
    def finish(self, state: str = 'finished') -> None:
        """Ends the run if this logger started it: 'finished', 'failed', 'stopped' or
        'preempted'."""
        self._run.finish(state)

    def _log_best(self) -> None:
        best = getattr(self._callback, 'best_model_path', '')
        if best and self._log_checkpoint(best, 'checkpoints/best.ckpt'):
            _attach.best_tags(self._run.get(), best_score=self._callback.best_model_score,
                              best_checkpoint=best)

    def _log_checkpoint(self, path: str, name: str | None) -> bool:
        """Logs a checkpoint, a file or a folder of shards, unless it was; True: now."""
        import os
        if not path or not os.path.exists(path):
            return False
        mark = (name, os.stat(path).st_mtime_ns)
        if self._logged.get(path) == mark:
            return False
        self._logged[path] = mark
        run = self._run.get()
        run.log_artifact(path, name or f'checkpoints/{os.path.basename(path)}', type='model')
        return True
