"""Calls for the current run: `track.log(...)` is `track.current_run().log(...)`.

Each raises ConflictError when no run is open, or several are and none is the current one; else what
the method of `Run` raises.
"""
from __future__ import annotations

from ._current import current_run, need_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path
    from typing import Any, Literal


def log(values: Mapping[str, Any], step: int | None = None,
        time: float | datetime | None = None) -> None:
    """Logs several metrics of one step with one time; see `Run.log`."""
    need_run().log(values, step, time)


def log_metric(name: str, value: Any, step: int | None = None,
               time: float | datetime | None = None) -> None:
    """Logs one value of a metric; see `Run.log_metric`."""
    need_run().log_metric(name, value, step, time)


def log_text(key: str, text: str, step: int | None = None) -> None:
    """Logs a text sample of at most 256 KiB; see `Run.log_text`."""
    need_run().log_text(key, text, step)


def log_alert(title: str, text: str | None = None, level: str = 'notice') -> None:
    """Logs an alert; level is 'notice', 'warning' or 'alarm'; see `Run.log_alert`."""
    need_run().log_alert(title, text, level)


def log_artifact(path: str | os.PathLike[str], name: str | None = None, *, type: str | None = None,
                 media: str | None = None) -> tuple[str, int]:
    """Attaches a file or folder as an output: (SHA-256, bytes); see `Run.log_artifact`."""
    return need_run().log_artifact(path, name, type=type, media=media)


def use_artifact(path: str | os.PathLike[str], name: str | None = None, *, type: str | None = None,
                 media: str | None = None) -> Path:
    """Records a file or folder as an input; see `Run.use_artifact`."""
    return need_run().use_artifact(path, name, type=type, media=media)


def set_param(key: str, value: object) -> None:
    """Sets a parameter; see `Run.set_param`."""
    need_run().set_param(key, value)


def set_params(params: object) -> None:
    """Sets each parameter of a mapping, dataclass, Namespace or config; see `Run.set_params`."""
    need_run().set_params(params)


def set_tag(key: str, value: str = '') -> None:
    """Sets a tag; see `Run.set_tag`."""
    need_run().set_tag(key, value)


def set_note(text: str) -> None:
    """Sets the run's note: Markdown, at most 1 MiB."""
    need_run().set_note(text)


def set_seed(value: int, scope: str | None = None) -> None:
    """Records a seed as the parameter `seed`, or `seed/<scope>`."""
    need_run().set_seed(value, scope)


def define_metric(key: str, *, goal: Literal['minimize', 'maximize'] | None = None, unit: str | None = None,
                  x: str | None = None) -> None:
    """Says what a metric means; see `Run.define_metric`."""
    need_run().define_metric(key, goal=goal, unit=unit, x=x)


def finish(state: str = 'finished') -> bool:
    """Ends the current run; see `Run.finish`.  Without one: True, harmless."""
    run = current_run()
    return True if run is None else run.finish(state)
