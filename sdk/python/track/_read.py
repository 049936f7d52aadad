"""Runs read back from the server."""
from __future__ import annotations

import json
from datetime import datetime, timezone
from urllib.parse import quote

from . import _client, _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from ._history import History


def _time(us: int | None) -> datetime | None:
    return datetime.fromtimestamp(us / 1e6, timezone.utc) if us else None


class RunInfo:
    """A run as the server knows it.  What a list does not bring is fetched at its first use.

    id, project, name, kind, state   str; state is 'running', 'finished', 'failed', 'stopped',
                                     'preempted' or 'unconfirmed'
    started, ended                   datetime in UTC; None: it has not
    params, tags                     dict of str to str
    metrics                          dict: last value of each metric (of the series without context,
                                     else that of the lowest rank)
    note                             str, Markdown
    json                             dict: all that the server said
    """

    def __init__(self, client: _native.Client, row: dict[str, Any]) -> None:
        self._client, self.json = client, row
        self._metrics: dict[str, float] | None = None
        self.id: str = row['id']
        self.project: str = row['project']
        self.name: str = row['name']
        self.kind: str = row['kind']
        self.state: str = row['state']
        self.started = _time(row['started_us'])
        self.ended = _time(row['ended_us'])

    def _get(self, path: str) -> Any:
        return json.loads(self._client.request('GET', f'/api/v1/runs/{self.id}{path}')[1])

    def _detail(self, name: str) -> Any:
        if 'params' not in self.json:
            self.json = {**self.json, **self._get('')}
        return self.json[name]

    @property
    def params(self) -> dict[str, str]:
        return dict(self._detail('params'))

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._detail('tags'))

    @property
    def note(self) -> str:
        return str(self._detail('note'))

    @property
    def metrics(self) -> dict[str, float]:
        if self._metrics is None:
            found: dict[str, float] = {}
            for s in self.series():
                found.setdefault(s['key'], float(s['last']))
            self._metrics = found
        return dict(self._metrics)

    def series(self) -> list[dict[str, Any]]:
        """Every series with its summary: key, context, n, last, min, max and where they were."""
        from ._history import series_of
        return series_of(self._client, self.id)

    def history(self, keys: str | Iterable[str] | None = None, *, exact: bool = True,
                context: Mapping[str, Any] | None = None, bins: int = 1000) -> History:
        """Points or bins of metrics; see `track.history`."""
        from ._history import history
        return history(self.id, keys, exact=exact, context=context, bins=bins, client=self._client)

    def _pages(self, path: str, name: str) -> Iterator[dict[str, Any]]:
        return _client.pages(self._client, f'/api/v1/runs/{self.id}{path}', name)

    def files(self) -> list[dict[str, Any]]:
        """Files that the run produced: path, digest (SHA-256), size, media, at_us."""
        return list(self._pages('/files', 'files'))

    def texts(self, key: str | None = None) -> list[dict[str, Any]]:
        """Text samples, newest step first: key, step, time_us, text."""
        return list(self._pages(f'/text?key={quote(key, safe="")}' if key else '/text', 'texts'))

    def lines(self, stream: str | None = None) -> Iterator[dict[str, Any]]:
        """What the run printed, oldest first: n, time_us, stream, rank, text."""
        only = f'&stream={quote(stream)}' if stream else ''
        at = 0
        while True:
            page = self._get(f'/lines?from={at}&limit=10000{only}')
            yield from page['lines']
            if not page['lines'] or page['next'] == at:
                return
            at = page['next']

    def get_artifact(self, name: str, dest: str | os.PathLike[str]) -> tuple[str, int]:
        """Fetches a file of the run; see `track.get_artifact`."""
        return self._client.get_artifact(self.id, name, dest)

    def __repr__(self) -> str:
        return f'<track.RunInfo {self.project}/{self.name} {self.state} {self.id}>'


class RunList(list[RunInfo]):
    """Runs in the order that was asked for."""

    def to_pandas(self) -> Any:
        """A pandas.DataFrame, a row a run: id, project, name, kind, state, started, ended, then
        params.K, tags.K and metrics.K.  ImportError without pandas."""
        import pandas

        from ._frames import runs_to_columns
        return pandas.DataFrame(runs_to_columns(self))

    def to_polars(self) -> Any:
        """The same as a polars.DataFrame."""
        import polars

        from ._frames import runs_to_columns
        return polars.DataFrame(runs_to_columns(self), strict=False)

    def to_arrow(self) -> Any:
        """The same as a pyarrow.Table."""
        import pyarrow

        from ._frames import runs_to_columns
        return pyarrow.table(runs_to_columns(self))


def runs(filter: str | None = None, order: str | None = None, *, project: str | None = None,
         limit: int | None = None, client: _native.Client | None = None) -> RunList:
    """Runs that a filter selects.

    filter   the language of the pages and of `track ls`: 'val/loss < 0.3 tag:baseline'.
    order    'best(val/loss)', 'params.lr', 'name', ...; '-' in front: the greatest first.  None:
             newest first.
    project  None: the client's (TRACK_PROJECT, the working directory's name); '*': all.
    limit    at most so many.

    InvalidError   a bad filter or order; it shows where.
    NotFoundError  no such project.
    """
    server = _client.of(client)
    rows = server.get_runs(project, filter, order, limit or 0)
    return RunList(RunInfo(server, json.loads(row[6])) for row in rows)


def get_run(run_id: str, *, client: _native.Client | None = None) -> RunInfo:
    """One run.

    run_id  its id, or an end or start of it of at least 6 hex digits.

    NotFoundError  no such run.  ConflictError  several begin or end so.
    """
    server = _client.of(client)
    return RunInfo(server, json.loads(server.request('GET', f'/api/v1/runs/{quote(run_id)}')[1]))
