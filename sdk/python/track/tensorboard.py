"""TensorBoard's SummaryWriter, for Track: change one import.

    from track.tensorboard import SummaryWriter    # was: from torch.utils.tensorboard, or
    tensorboardX

    with SummaryWriter('runs/lenet') as writer:
        for step in range(1000):
            writer.add_scalar('train/loss', loss, step)
            writer.add_histogram('conv1/weight', model.conv1.weight, step)

| Call | In the run |
|---|---|
| add_scalar, add_scalars | a metric of that name |
| add_text | a text of that name |
| add_hparams | parameters, and metrics as they are named; other values later: a run below it |
| add_histogram | metrics `<tag>/mean`, `std`, `min`, `p05` ..., bins as the text `<tag>/histogram` |
| add_pr_curve | metric `<tag>/average_precision`, and the curve as the text `<tag>/pr_curve` |
| add_image(s), add_figure, add_video | files `images/<tag>/<step>.png`; films are animated PNG |
| add_audio, add_mesh, add_tensor | files `audio/....wav`, `meshes/....ply`, `tensors/....npy` |
| add_embedding | files `embeddings/<tag>/<step>/tensors.tsv`, `metadata.tsv`, `sprite.png` |
| add_graph, add_onnx_graph | files `graphs/...` |
| add_custom_scalars | the document `custom_scalars`: which tags belong in one chart |

Histograms, pictures and what has arrays need numpy.
"""
from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any

from . import _attach
from ._errors import InvalidError
from ._tensorboard_files import FileMethods
from ._writers import enter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from typing_extensions import Self

    from ._run import Run


class SummaryWriter(FileMethods):
    """A writer with the methods of those of torch.utils.tensorboard and tensorboardX.

    log_dir, logdir  name of the run that is started; no folder is made.  Writers of one log_dir
                     share a run; further ones start their own, as TensorBoard shows them.
    comment          name of the run where log_dir is not given.
    run              a run that was started already.  None: the current one if the program started
                     one (further writers with another log_dir then put its last part before their
                     tags), else one that is started here and ends with `close()`.
    options          arguments of `track.start_run`: project, tags, params, ...
    purge_step       nothing is removed from a run: gives a warning.
    write_to_disk    False: everything is dropped, as with TRACK_MODE=off.
    max_queue, flush_secs, filename_suffix, comet_config
                     have no meaning here: what is logged is on disk at once.

    global_step None: one more than this tag's last, 0 at first.  walltime: seconds since 1970, for
    metrics; None: now.

    TypeError     options beside a run, or unknown ones; a value that is no number, names the tag.
    InvalidError  a bad tag.
    Errors of `track.start_run`.
    """

    def __init__(self, log_dir: str | os.PathLike[str] | None = None, comment: str = '',
                 purge_step: int | None = None, max_queue: int = 10, flush_secs: int = 120,
                 filename_suffix: str = '', write_to_disk: bool = True,
                 logdir: str | os.PathLike[str] | None = None, comet_config: Any = None, *,
                 run: Run | None = None, **options: Any) -> None:
        folder = log_dir if log_dir is not None else logdir
        if purge_step is not None:
            _attach.tell(f'purge_step={purge_step}: a run keeps every point; start another run, or '
                         'give run= or resume= to go on with one')
        if not write_to_disk:
            options['mode'] = 'off'
        self._place, self._prefix = enter(
            run, None if folder is None else os.fspath(folder), comment, options)
        self._where = {'project': self.run._settings['project'], **{
            key: options[key] for key in ('project', 'client', 'url', 'mode') if key in options}}
        self._closed = False
        self._step: int | None = None
        self._walltime: float | None = None
        self._layout: dict[str, Any] = {}
        self._hparams: dict[str, Any] | None = None

    @property
    def run(self) -> Run:
        """The run, for everything that TensorBoard has no call for."""
        return self._place.run

    @property
    def log_dir(self) -> str:
        return self._place.log_dir

    @property
    def logdir(self) -> str:
        return self._place.log_dir

    def get_logdir(self) -> str:
        """log_dir as it was given, else `runs/<id of the run>`."""
        return self._place.log_dir

    def add_scalar(self, tag: str, scalar_value: Any, global_step: Any = None,
                   walltime: float | None = None, new_style: bool = False,
                   double_precision: bool = False, display_name: str = '',
                   summary_description: str = '') -> None:
        """Logs one value, a number or a 0-d tensor, always as a double."""
        self.run.log_metric(self._tag(tag), scalar_value, self._at(global_step),
                            self._walltime if walltime is None else walltime)

    def add_scalars(self, main_tag: str, tag_scalar_dict: Mapping[str, Any],
                    global_step: Any = None, walltime: float | None = None) -> None:
        """Logs several values as `<main_tag>/<tag>`."""
        for tag, value in tag_scalar_dict.items():
            self.add_scalar(f'{main_tag}/{tag}', value, global_step, walltime)

    def add_text(self, tag: str, text_string: str, global_step: Any = None,
                 walltime: float | None = None) -> None:
        """Logs a text; over 256 KiB as the file `<tag>/<step>.txt`."""
        _attach.log_text(self.run, self._tag(tag), text_string, self._at(global_step))

    def add_hparams(self, hparam_dict: Mapping[str, Any], metric_dict: Mapping[str, Any],
                    hparam_domain_discrete: Any = None, run_name: str | None = None,
                    global_step: Any = None, name: str | None = None) -> None:
        """Sets parameters of the run and logs metrics.  Called again with other parameters, it
        makes a run below this one, called run_name, and ends it."""
        if isinstance(hparam_domain_discrete, str):
            run_name = hparam_domain_discrete  # the third of tensorboardX
        step = self._at(global_step)
        if self._hparams is None or self._hparams == dict(hparam_dict):
            self._hparams = dict(hparam_dict)
            _attach.set_params(self.run, hparam_dict, by='hparams')
            self.run.log({self._tag(key): value for key, value in metric_dict.items()}, step)
            return
        from ._start import start_run
        with start_run(name=run_name or name, parent=self.run, console=False, params=hparam_dict,
                       **self._where) as below:
            below.log(dict(metric_dict), step)

    def add_custom_scalars(self, layout: Mapping[str, Any]) -> None:
        """Keeps a layout of charts as the document `custom_scalars`."""
        from ._histogram import as_json
        for category, charts in layout.items():
            self._layout.setdefault(category, {}).update(charts)
        self.run.set_document('custom_scalars', as_json(self._layout))

    def add_custom_scalars_multilinechart(self, tags: list[str], category: str = 'default',
                                          title: str = 'untitled') -> None:
        """As add_custom_scalars, for one chart of several tags."""
        self.add_custom_scalars({category: {title: ['Multiline', tags]}})

    def add_custom_scalars_marginchart(self, tags: list[str], category: str = 'default',
                                       title: str = 'untitled') -> None:
        """As add_custom_scalars, for one chart of a value, its lower and its upper bound."""
        if len(tags) != 3:
            raise InvalidError(f'a margin chart of {len(tags)} tags: must be 3')
        self.add_custom_scalars({category: {title: ['Margin', tags]}})

    def export_scalars_to_json(self, path: str | os.PathLike[str]) -> None:
        """Writes every metric of the run as {tag: [[time in seconds, step, value], ...]}; the
        server must answer."""
        import json
        self.run.flush(30)
        found = {key: [[time / 1e6, step, value] for step, time, value in zip(
            points.steps.tolist(), points.times_us.tolist(), points.values.tolist())]
            for key, points in self.run.history().items()}
        with open(path, 'w', encoding='utf-8') as file:
            json.dump(found, file)

    @contextmanager
    def use_metadata(self, *, global_step: Any = None, walltime: float | None = None
                     ) -> Iterator[None]:
        """Inside of `with`, the step and time of calls that give none."""
        before = self._step, self._walltime
        self._step, self._walltime = global_step, walltime
        try:
            yield
        finally:
            self._step, self._walltime = before

    def flush(self) -> None:
        """Makes what was logged survive a power loss; everything else survives without it."""
        self.run.flush()

    def close(self) -> None:
        """Ends the run if a writer started it and this is its last; again: harmless."""
        self._close(None)

    def _close(self, error: BaseException | None) -> None:
        if not self._closed:
            self._closed = True
            self._place.close(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._close(error)

    def _tag(self, tag: str) -> str:
        if not isinstance(tag, str):
            raise TypeError(f'a tag must be str, not {type(tag).__name__}')
        return self._prefix + tag

    def _at(self, step: Any) -> int | None:
        from operator import index
        step = self._step if step is None else step
        if step is None:
            return None
        return index(step.item() if hasattr(step, 'item') else step)
