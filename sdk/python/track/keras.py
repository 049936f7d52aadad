"""Keras 3, on any of its back ends: a callback for `Model.fit`, and one for checkpoints.

    import keras
    from track.keras import TrackCallback, TrackCheckpoint

    with track.start_run('digits', params={'lr': 1e-3}):
        model.fit(x, y, epochs=10, validation_split=0.2, callbacks=[
            TrackCallback(), TrackCheckpoint('best.keras', monitor='val_loss',
            save_best_only=True)])
"""
from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from . import _attach
from ._errors import InvalidError
from ._run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

keras: Any = import_module('keras')


class TrackCallback(_attach.LogsToRun, keras.callbacks.Callback):  # type: ignore[misc]
    """Logs the metrics of each epoch, the learning rate, the settings and the model's layers.

    run      a run that was started already; None: the current one, else one that is started by
             `fit`, with options, and ended by `finish()` or by the end of the program.
    batches  log each n-th batch too, as `batch/loss`; its step counts the batches of all epochs.
             0: none.
    options  arguments of `track.start_run`: project, name, tags, resume, system, ...

    Metrics are `train/loss`, `val/loss` and so on, and `learning_rate`; their step is the epoch,
    from initial_epoch on.  `evaluate()` logs `test/...` at the last epoch.  Parameters are those of
    `fit`, and the optimizer's below `optimizer.`; the layers are the text `model`.
    `track stop` ends the fit after the present batch.

    TypeError     options beside a run, or unknown ones.
    InvalidError  batches is negative.
    Errors of `track.start_run`, when the training begins.
    """

    def __init__(self, run: Run | None = None, *, batches: int = 0, **options: Any) -> None:
        super().__init__()
        if batches < 0:
            raise InvalidError(f'batches {batches}: must be 0 or more')
        self._attached = _attach.Attached(run, options)
        self._every, self._batch, self._epoch = batches, 0, 0
        self._fitting = False

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._fitting = True
        settings = {key: value for key, value in self.params.items() if key != 'verbose'}
        _attach.set_params(self.run, settings, by='keras')
        optimizer = getattr(self.model, 'optimizer', None)
        if optimizer is not None:
            _attach.set_params(self.run, optimizer.get_config(), 'optimizer.', by='keras')
        _attach.set_params(self.run, {'loss': _loss_name(self.model.loss)}, by='keras')

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self._every and self._batch % self._every == 0:
            _attach.log(self.run, {f'batch/{key}': value for key, value in (logs or {}).items()},
                        self._batch)
        self._batch += 1
        if self.run.should_stop:
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._epoch = epoch
        values = {_name(key): value for key, value in (logs or {}).items()}
        rate = getattr(getattr(self.model, 'optimizer', None), 'learning_rate', None)
        if rate is not None:
            values.setdefault('learning_rate', keras.ops.convert_to_numpy(rate))
        _attach.log(self.run, values, epoch)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._fitting = False
        lines: list[str] = []
        self.model.summary(print_fn=lambda text, **_: lines.append(text))
        _attach.log_text(self.run, 'model', '\n'.join(lines))
        _attach.set_params(self.run, {'num_parameters': self.model.count_params()}, 'model.',
                           by='keras')

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        if not self._fitting:  # in a fit it is the validation, which on_epoch_end has
            _attach.log(self.run, {f'test/{key}': value for key, value in (logs or {}).items()},
                        self._epoch)


class TrackCheckpoint(keras.callbacks.ModelCheckpoint):  # type: ignore[misc]
    """`keras.callbacks.ModelCheckpoint` whose files are logged as artifacts too: same arguments.

    run   a run that was started already; None: the current one at the end of each epoch, as that of
          a TrackCallback before it.
    name  of the artifact; None: `checkpoints/<file name>`.  The same name again replaces it.

    With save_best_only the tag `best_<monitor>` holds the best value.  Files over 64 MiB are sent
    from where they are: give each its own name (`'{epoch:03d}.keras'`) if they are that large.

    ConflictError  no run is open.
    """

    def __init__(self, filepath: str | os.PathLike[str], *args: Any, run: Run | None = None,
                 name: str | None = None, **kwargs: Any) -> None:
        super().__init__(filepath, *args, **kwargs)
        self._run, self._name, self._seen = run, name, (0, 0)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        super().on_train_batch_end(batch, logs)
        if self.save_freq != 'epoch':
            self._log_saved({'batch': batch + 1, 'epoch': self._current_epoch + 1, **(logs or {})})

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        if self.save_freq == 'epoch':
            self._log_saved({'epoch': epoch + 1, **(logs or {})})

    def _log_saved(self, facts: Mapping[str, Any]) -> None:
        path = os.fspath(self.filepath).format(**facts)
        if not os.path.exists(path):
            return
        mark = (os.stat(path).st_mtime_ns, os.stat(path).st_size)
        if mark == self._seen:
            return
        self._seen = mark
        run = self._run
        if run is None:
            from ._current import need_run
            run = need_run()
        run.log_artifact(path, self._name or f'checkpoints/{os.path.basename(path)}', type='model')
        if self.save_best_only:
            _attach.best_tags(run, **{f'best_{self.monitor}': self.best})


def _name(key: str) -> str:
    if key == 'learning_rate':
        return key
    return f'val/{key[4:]}' if key.startswith('val_') else f'train/{key}'


def _loss_name(loss: Any) -> object:
    """What `compile` was given: a name, a function, an object, or a list or dict of them."""
    if isinstance(loss, dict):
        return {key: _loss_name(value) for key, value in loss.items()}
    if isinstance(loss, (list, tuple)):
        return [_loss_name(value) for value in loss]
    if loss is None or isinstance(loss, str):
        return loss
    return getattr(loss, 'name', None) or getattr(loss, '__name__', type(loss).__name__)
