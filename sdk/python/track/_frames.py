"""Histories and lists of runs as data frames; the libraries are imported only here."""
from __future__ import annotations

from ._history import Bins, Points

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._history import History
    from ._read import RunList


def _keys_of(series: list[Any]) -> tuple[Any, list[str]]:
    """For each row the index of its key, and the keys."""
    import numpy
    return (numpy.repeat(numpy.arange(len(series), dtype='int32'), [len(s) for s in series]),
            [s.key for s in series])


def _columns(series: list[Any]) -> dict[str, Any]:
    """The columns of all series, one behind the other."""
    import numpy

    def join(name: str, kind: str) -> Any:
        parts = [getattr(s, name) for s in series]
        return numpy.concatenate(parts) if parts else numpy.empty(0, kind)
    if series and isinstance(series[0], Bins):
        return {name: join(name, 'float64') for name in Bins.COLUMNS}
    return {'step': join('steps', 'int64'), 'time': join('times_us', 'int64'),
            'value': join('values', 'float64')}


def history_to_pandas(history: History) -> Any:
    import pandas
    series = list(history.values())
    codes, keys = _keys_of(series)
    columns = _columns(series)
    if 'time' in columns:
        columns['time'] = pandas.to_datetime(columns['time'], unit='us', utc=True).as_unit('us')
    return pandas.DataFrame({'key': pandas.Categorical.from_codes(codes, keys), **columns})


def history_to_arrow(history: History) -> Any:
    import pyarrow
    series = list(history.values())
    codes, keys = _keys_of(series)
    kinds = {'int64': pyarrow.int64(), 'float64': pyarrow.float64(), 'float32': pyarrow.float32()}
    columns = {'key': pyarrow.DictionaryArray.from_arrays(codes, pyarrow.array(keys, 'string'))}
    for name, column in _columns(series).items():
        kind = pyarrow.timestamp('us', tz='UTC') if name == 'time' else kinds[column.dtype.name]
        columns[name] = pyarrow.Array.from_buffers(kind, len(column),
                                                   [None, pyarrow.py_buffer(column)])
    return pyarrow.table(columns)


def runs_to_columns(runs: RunList) -> dict[str, list[Any]]:
    """A row a run: attributes, then params.K, tags.K and metrics.K of all of them."""
    attributes = ('id', 'project', 'name', 'kind', 'state', 'started', 'ended')
    columns: dict[str, list[Any]] = {a: [getattr(run, a) for run in runs] for a in attributes}
    for group in ('params', 'tags', 'metrics'):
        rows = [getattr(run, group) for run in runs]
        for key in dict.fromkeys(key for row in rows for key in row):
            columns[f'{group}.{key}'] = [row.get(key) for row in rows]
    return columns


__all__ = ['Points', 'history_to_arrow', 'history_to_pandas', 'runs_to_columns']
