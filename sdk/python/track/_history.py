"""Points and bins read back, in columns: no Python object for a point."""
from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from . import _client, _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any


def _array(data: bytearray | bytes | memoryview, kind: str) -> Any:
    """The bytes as an array: of numpy, or a memoryview where numpy is not installed."""
    try:
        import numpy
    except ImportError:
        columns: Any = memoryview(data).cast('B')
        return columns.cast(kind)
    return numpy.frombuffer(data, {'q': 'int64', 'd': 'float64', 'f': 'float32', 'I': 'uint32'}[kind])


class Points:
    """Every point of one series, bit for bit, in the order (step, time, value).

    steps     int64 [n]
    times_us  int64 [n], microseconds since 1970 UTC
    values    float64 [n]
    """

    __slots__ = ('key', 'context', 'steps', 'times_us', 'values')

    def __init__(self, key: str, context: str, columns: Iterable[Any]) -> None:
        self.key, self.context = key, context
        self.steps, self.times_us, self.values = (_array(column, kind)
                                                  for column, kind in zip(columns, 'qqd'))

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        return f'<track.Points {self.key!r} {len(self):,} points>'


class Bins:
    """One series in at most so many bins of equal width, as a chart shows it; no spike is lost.

    x_first, x_last, first, last, min, max, mean  float64 [n]: of the points in each bin; NaN where
                                                  no value is finite
    n, nan, pinf, ninf                            float64 [n]: how many points, NaN, +Inf, -Inf
    steps                                         first step of each bin, int64 [n] as float64
    exact                                         no bin holds more than one point
    """

    COLUMNS = ('x_first', 'x_last', 'first', 'last', 'min', 'max', 'mean', 'n', 'nan', 'pinf', 'ninf')

    def __init__(self, key: str, context: str, exact: bool, columns: Iterable[Any]) -> None:
        self.key, self.context, self.exact = key, context, exact
        for name, column in zip(self.COLUMNS, columns):
            setattr(self, name, column)
        self.steps = self.x_first

    if TYPE_CHECKING:
        def __getattr__(self, name: str) -> Any: ...

    def __len__(self) -> int:
        return len(self.n)

    def __repr__(self) -> str:
        return f'<track.Bins {self.key!r} {len(self):,} bins{", exact" if self.exact else ""}>'


class History(Mapping[str, 'Points | Bins']):
    """Series of one run by name: `history['val/loss'].values`."""

    def __init__(self, run_id: str, series: dict[str, Any]) -> None:
        self.run_id, self._series = run_id, series

    def __getitem__(self, key: str) -> Any:
        return self._series[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._series)

    def __len__(self) -> int:
        return len(self._series)

    def __repr__(self) -> str:
        return f'<track.History of {self.run_id}: {", ".join(self._series) or "nothing"}>'

    def to_arrow(self) -> Any:
        """A pyarrow.Table in long form: key, step, time (UTC) and value for each point; of bins
        key and every column of `Bins`.  ImportError without pyarrow."""
        from ._frames import history_to_arrow
        return history_to_arrow(self)

    def to_pandas(self) -> Any:
        """The same as a pandas.DataFrame.  ImportError without pandas."""
        from ._frames import history_to_pandas
        return history_to_pandas(self)

    def to_polars(self) -> Any:
        """The same as a polars.DataFrame.  ImportError without polars and pyarrow."""
        import polars
        return polars.from_arrow(self.to_arrow())


def series_of(client: _native.Client, run_id: str) -> list[dict[str, Any]]:
    """Every series of a run with its summary, as the API gives it."""
    return list(_client.pages(client, f'/api/v1/runs/{quote(run_id)}/series?flat=1', 'series'))


def _points_in_context(client: _native.Client, run_id: str, key: str, context: str) -> Points:
    """Points of the series with a context: pages of TKPT (schema/formats.md)."""
    columns = bytearray(), bytearray(), bytearray()
    cursor = ''
    while True:
        _, body, _, _, after = client.request(
            'GET', f'/api/v1/runs/{quote(run_id)}/points?key={quote(key, safe="")}'
            f'&context={quote(context, safe="")}&limit=131072{cursor}',
            accept='application/x-track-points')
        count = int.from_bytes(body[8:12], 'little')
        page = memoryview(body)[len(body) - 24 * count:]
        for i, column in enumerate(columns):
            column += page[8 * count * i:8 * count * (i + 1)]
        if not after:
            return Points(key, context, columns)
        cursor = f'&cursor={quote(after)}'


def _read_bins(body: bytes) -> Iterator[Bins]:
    """The series of a TKBN (schema/formats.md)."""
    def le(at: int, size: int) -> int:
        return int.from_bytes(body[at:at + size], 'little')
    at = 48
    for _ in range(le(32, 4)):
        flags, count, key_size, context_size = le(at + 32, 4), le(at + 36, 4), le(at + 40, 2), le(at + 42, 2)
        narrow = le(at + 44, 4)
        at += 48
        key = body[at:at + key_size].decode()
        context = body[at + key_size:at + key_size + context_size].decode()
        at += (key_size + context_size + 7) // 8 * 8
        at += (4 * count + 7) // 8 * 8
        columns = []
        for i in range(len(Bins.COLUMNS)):
            width, kind = (4, 'f') if narrow >> i & 1 else (8, 'd')
            columns.append(_array(body[at:at + width * count], kind))
            at += (width * count + 7) // 8 * 8
        yield Bins(key, context, bool(flags & 1), columns)


def _bins(client: _native.Client, run_id: str, keys: list[str], context: str | None,
          count: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    refs = [key if context is None else {'name': key, 'context': context} for key in keys]
    for i in range(0, len(refs), 200):
        asked = {'runs': [run_id], 'keys': refs[i:i + 200], 'bins': count}
        _, body, *_ = client.request('POST', '/api/v1/bins', json.dumps(asked),
                                     accept='application/x-track-bins')
        found.update((bins.key, bins) for bins in _read_bins(body))
    return found


def history(run_id: str, keys: str | Iterable[str] | None = None, *, exact: bool = True,
            context: Mapping[str, Any] | None = None, bins: int = 1000,
            client: _native.Client | None = None) -> History:
    """What the server holds of metrics of a run.

    run_id   id of the run.
    keys     a name or several; None: all that the run has.
    exact    every point, bit for bit (`Points`); False: at most `bins` bins each (`Bins`).
    context  of the series, such as {'rank': 1}; None: the one without, else that of the lowest rank.
    bins     1..4,096.

    NotFoundError  no such run, or a key that it does not have.
    UnreachableError, TimeoutError  no server answers.
    """
    from ._errors import NotFoundError
    server = _client.of(client)
    if keys is None:
        keys = dict.fromkeys(s['key'] for s in series_of(server, run_id))
    names = [keys] if isinstance(keys, str) else list(keys)
    text = None if context is None else json.dumps(context, sort_keys=True, separators=(',', ':'))
    if not exact:
        found = _bins(server, run_id, names, text, bins)
        missing = [name for name in names if name not in found]
        if missing:
            raise NotFoundError(f'run {run_id} has no series {missing[0]}')
        return History(run_id, {name: found[name] for name in names})
    return History(run_id, {
        name: Points(name, '', server.get_points(run_id, name)) if text is None
        else _points_in_context(server, run_id, name, text) for name in names})
