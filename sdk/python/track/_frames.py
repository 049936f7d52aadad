"""Histories and lists of runs as data frames; the libraries are imported only here."""
from __future__ import annotations

import json

from ._history import Bins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import _native
    from ._history import History
    from ._read import RunInfo, RunList

    Row = dict[str, dict[str, Any]]

# What the server takes at once: names of a list, columns of a row, ids in a filter of 4 KiB.
KEYS_MAX, COLUMNS_MAX, RUNS_MAX = 1000, 100, 100


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


GROUPS = ('params', 'tags', 'metrics')


def _names_of(client: _native.Client, project: str) -> list[tuple[str, str]] | None:
    """(group, key) of all that runs of a project have; None: more than the server lists."""
    names: list[tuple[str, str]] = []
    for group in GROUPS:
        path = f'/api/v1/projects/{project}/keys?kind={group[:-1]}&limit={KEYS_MAX}'
        keys = json.loads(client.request('GET', path)[1])['keys']
        if len(keys) == KEYS_MAX:
            return None
        names += [(group, item['key']) for item in keys]
    return names


def _ask(runs: list[RunInfo], names: list[tuple[str, str]], rows: dict[str, Row]) -> None:
    """Puts what these runs of one project have of these names into rows."""
    columns = ['{}.`{}`'.format(group, key.replace('`', '``')) for group, key in names]
    ids = ','.join(f"'{run.id}'" for run in runs)
    asked = {'project': runs[0].json['project_ref'], 'filter': f'id IN ({ids})',
             'columns': columns, 'limit': len(runs)}
    _, body, *_ = runs[0]._client.request('POST', '/api/v1/runs/search',
                                          json.dumps(asked, ensure_ascii=False).encode())
    for found in json.loads(body)['runs']:
        row = rows.setdefault(found['id'], {group: {} for group in GROUPS})
        for (group, key), value in zip(names, found['values']):
            if value is not None:
                row[group][key] = float(value['value']) if group == 'metrics' else value


def _rows_of(runs: RunList) -> dict[str, Row]:
    """What each run has, by id: a few requests for many runs."""
    rows: dict[str, Row] = {}
    projects: dict[str, list[RunInfo]] = {}
    for run in runs:
        projects.setdefault(run.json['project_ref'], []).append(run)
    for project, members in projects.items():
        names = _names_of(members[0]._client, project)
        for i in range(0, len(members) if names else 0, RUNS_MAX):
            for k in range(0, len(names or ()), COLUMNS_MAX):
                _ask(members[i:i + RUNS_MAX], (names or [])[k:k + COLUMNS_MAX], rows)
    for run in runs:  # in the trash, or of a project with very many names
        if run.id not in rows:
            rows[run.id] = {'params': run.params, 'tags': run.tags, 'metrics': run.metrics}
    return rows


def runs_to_columns(runs: RunList) -> dict[str, list[Any]]:
    """A row a run: attributes, then params.K, tags.K and metrics.K of all of them."""
    attributes = ('id', 'project', 'name', 'kind', 'state', 'started', 'ended')
    columns: dict[str, list[Any]] = {a: [getattr(run, a) for run in runs] for a in attributes}
    rows = _rows_of(runs)
    for group in GROUPS:
        for key in dict.fromkeys(key for run in runs for key in rows[run.id][group]):
            columns[f'{group}.{key}'] = [rows[run.id][group].get(key) for run in runs]
    return columns

