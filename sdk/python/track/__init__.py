"""Track for Python: what track.h gives, with the habits of Python."""
from __future__ import annotations

from ._errors import (BusyError, ConflictError, CorruptError, DeniedError, FullError, InvalidError,
                      IoError, NoIdentityError, NomemError, NotFoundError, ReadOnlyError,
                      TimeoutError, TooLargeError, TrackError, TrackWarning, UnreachableError,
                      UnsupportedError)
from ._native import Client, Metric, Run, get_source, version

__version__ = version()
