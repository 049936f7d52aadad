"""Which run a SummaryWriter writes to."""
from __future__ import annotations

import os
import threading

from . import _attach
from ._current import current_run, own_runs
from ._start import start_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._run import Run


class Place:
    """A run that writers log to, and how many of them are open."""

    def __init__(self, run: Run, log_dir: str, owned: bool) -> None:
        self.run, self.log_dir, self.owned, self.users = run, log_dir, owned, 0

    def close(self, error: BaseException | None) -> None:
        with _lock:
            self.users -= 1
            last = self.users == 0
            if last and _places.get(self.log_dir) is self:
                del _places[self.log_dir]
        if last and self.owned and not self.run.ended:
            from ._lifecycle import end
            end(self.run, error)


_lock = threading.Lock()
_places: dict[str, Place] = {}  # by log_dir


def enter(run: Run | None, log_dir: str | None, comment: str, options: dict[str, Any]
          ) -> tuple[Place, str]:
    """The place of a new writer, and what goes before its tags."""
    _attach.Attached(run, options)  # checks them
    with _lock:
        place = None if run is not None or options else _places.get(log_dir or '')
        if place is None or place.run.ended:
            found = run if run is not None else None if options else _users_run()
            owned = found is None
            if found is None:
                found = start_run(**{'name': log_dir or comment.strip('_- ') or None, **options})
            place = Place(found, log_dir or f'runs/{found.id}', owned)
        place.users += 1
        prefix = _prefix(place)
        _places.setdefault(place.log_dir, place)
    return place, prefix


def _users_run() -> Run | None:
    """The current run, unless a writer started it for its own log_dir."""
    ours = {id(place.run) for place in _places.values() if place.owned and not place.run.ended}
    others = [run for run in own_runs() if id(run) not in ours]
    if len(others) == 1:
        return others[0]
    return current_run() if others else None


def _prefix(place: Place) -> str:
    """Two writers with different folders in one run: the second's tags get the name of its
    folder."""
    for other in _places.values():
        if other.run is place.run and other.log_dir != place.log_dir and not place.owned:
            return os.path.basename(os.path.normpath(place.log_dir)) + '/'
    return ''
