"""The document `python` of a run: the interpreter and what is installed in it.

Read from the names of the folders that pip and conda leave beside each package, without opening one,
by a thread of its own.
"""
from __future__ import annotations

import os
import sys

from ._errors import TrackError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._run import Run

ENDINGS = ('.dist-info', '.egg-info')


def installed() -> list[dict[str, str]]:
    """{name, version} of each package that this interpreter can import, by name; of one that is
    installed twice the version that is imported."""
    found: dict[str, dict[str, str]] = {}
    for folder in sys.path:
        try:
            with os.scandir(folder or '.') as entries:
                names = [entry.name for entry in entries if entry.name.endswith(ENDINGS)]
        except OSError:
            continue  # a zip file, or not there
        for file in names:
            name, _, version = file.rpartition('.')[0].partition('-')
            key = name.lower().replace('_', '-').replace('.', '-')
            if version:
                version = version.split('-')[0]
                found.setdefault(key, {'name': name.replace('_', '-'), 'version': version})
    return [found[key] for key in sorted(found)]


def describe() -> dict[str, Any]:
    return {'version': sys.version.split()[0], 'build': sys.version,
            'implementation': sys.implementation.name, 'executable': sys.executable,
            'prefix': sys.prefix, 'base_prefix': sys.base_prefix, 'packages': installed()}


def gather(run: Run) -> Any:
    """Sets the document from a thread; returns a lock that is free when it has done so."""
    from _thread import allocate_lock, start_new_thread
    done = allocate_lock()
    done.acquire()

    def work() -> None:
        from json import dumps
        try:
            run.set_document('python', dumps(describe()))
        except TrackError:
            pass  # the run has ended, and it was not waited for any longer
        finally:
            done.release()

    start_new_thread(work, ())
    return done
