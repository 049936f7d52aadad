"""Hydra: one run for each job, with its configuration as parameters.

    # conf/config.yaml
    hydra:
      callbacks:
        track:
          _target_: track.hydra.TrackCallback
          project: chars

    @hydra.main(version_base=None, config_path='conf', config_name='config')
    def train(cfg):
        track.log({'loss': 0.3})       # the job's run is the current one

With `--multirun` each job of a sweep is a run of its own.  Without the callback, in the job:

    with track.start_run('chars') as run:
        track.hydra.log_config(run, cfg)
"""
from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from . import _attach
from ._run import Run

try:
    _base: Any = import_module('hydra.experimental.callback').Callback
except ImportError:  # log_config needs OmegaConf alone
    _base = object


class TrackCallback(_base):  # type: ignore[misc]
    """A Hydra callback that starts a run before each job and ends it after: finished, failed with
    the traceback, or stopped by Ctrl-C.

    options  arguments of `track.start_run`: project, name, tags, system, ...; a name is that of the
             job unless it is given.

    TypeError  an unknown option.
    Errors of `track.start_run`, before the job.
    """

    def __init__(self, **options: Any) -> None:
        self._options = {key: _plain(value) for key, value in options.items()}
        _attach.Attached(None, self._options)  # says at once which one is unknown
        self._run: Run | None = None

    def on_job_start(self, config: Any, **kwargs: Any) -> None:
        from ._start import start_run
        name = f"{config.hydra.job.name} {config.hydra.job.get('num', '')}".strip()
        self._run = start_run(**{'name': name, **self._options})
        self._run.__enter__()
        log_config(self._run, config)

    def on_job_end(self, config: Any, job_return: Any, **kwargs: Any) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        error = None if job_return.status.name == 'COMPLETED' else job_return._return_value
        if not isinstance(error, BaseException):
            error = None
        run.__exit__(type(error) if error is not None else None, error, None)


def log_config(run: Run, config: Any) -> None:
    """Sets each value of a configuration as a parameter, interpolations resolved; what is missing
    (`???`) as `???`.  In a Hydra job also the overrides, as the parameter `overrides`, and the
    files of its `.hydra` folder as artifacts `hydra/...`.

    config  OmegaConf's DictConfig; its `hydra` member is left out.

    TypeError      config is no mapping.
    ConflictError  the run was finished.
    """
    values = _plain(config)
    if not isinstance(values, dict):
        raise TypeError(f'config must be a mapping of OmegaConf, not {type(config).__name__}')
    values.pop('hydra', None)
    _attach.set_params(run, values, by='hydra')
    settings = _hydra_settings(config)
    if settings is None:
        return
    _attach.set_params(run, {'overrides': list(settings.overrides.task)}, by='hydra')
    if settings.output_subdir is not None:
        folder = os.path.join(settings.runtime.output_dir, settings.output_subdir)
        if os.path.isdir(folder) and os.listdir(folder):
            run.log_artifact(folder, 'hydra', type='config')


def _hydra_settings(config: Any) -> Any:
    """Hydra's own settings of this job; None outside of one."""
    if 'hydra' in config:
        return config.hydra
    try:
        settings = import_module('hydra.core.hydra_config').HydraConfig
    except ImportError:
        return None
    return settings.get() if settings.initialized() else None


def _plain(value: Any) -> Any:
    """dicts and lists for those of OmegaConf."""
    tool: Any = import_module('omegaconf').OmegaConf
    if not tool.is_config(value):
        return value
    if tool.is_dict(value) and 'hydra' in value:
        value = tool.masked_copy(value, [key for key in value if key != 'hydra'])
    return tool.to_container(value, resolve=True, throw_on_missing=False)
