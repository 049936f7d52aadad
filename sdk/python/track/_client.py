"""A server and how to reach it, and the calls that need no run."""
from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType
    from typing import Any


class Client(_native.Client):
    """A server and how to reach it; made by `track.init()`.

    `with track.init(...) as client:` closes it.  A client that was closed starts nothing any more;
    it is gone with the last of its runs.
    """

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


def init(url: str | None = None, project: str | None = None, *, spool: str | None = None,
         mode: str | None = None, timeout: float | None = None, drain: float | None = None,
         spool_bytes_max: int = 0, segment_bytes: int = 0, names_max: int = 0,
         quiet: bool = False) -> Client:
    """Makes a client: reads the settings, starts nothing.

    What is None comes from the environment, else from the project file (.track/config), else from
    the user's file (~/.config/track/config), else it is the default.

    url      of the server: TRACK_URL, http://127.0.0.1:8080.
    project  TRACK_PROJECT, the working directory's name.
    spool    folder for what is not sent yet: TRACK_SPOOL, ~/.local/state/track/spool.
    mode     'online', 'offline' (spool only), 'off' (drop everything): TRACK_MODE, online.
    timeout  seconds for each request: TRACK_TIMEOUT, 30.
    drain    seconds that finish() waits for the server: 10; -1: not at all.
    spool_bytes_max  bytes of spool a run and process: 8 GiB; beyond, values are lost and counted.
    segment_bytes    bytes by which the spool grows: 4 MiB; a power of two of 64 KiB..1 GiB.
    names_max        metric names a run and process: 65,536.
    quiet    print nothing: TRACK_QUIET=1.

    InvalidError  a setting is not what it should be; it says which, and where it comes from.
    """
    return Client(url, project, spool, mode, timeout, drain, spool_bytes_max=spool_bytes_max,
                  segment_bytes=segment_bytes, names_max=names_max, quiet=quiet)


def of(client: _native.Client | None) -> _native.Client:
    """client, or one made from the environment."""
    return Client() if client is None else client


def pages(client: _native.Client, path: str, name: str, timeout: float | None = None
          ) -> Iterator[dict[str, Any]]:
    """Each item of a list that the API gives in pages, asked for as they are needed.

    path     of the list, with its query, if any.
    name     of the list in the answer.
    timeout  seconds for all of it; None: the client's, for each page.
    """
    import json
    from time import monotonic
    from urllib.parse import quote
    until = None if timeout is None else monotonic() + timeout
    mark = '&' if '?' in path else '?'
    cursor: str | None = ''
    while cursor is not None:
        left = None if until is None else max(0.05, until - monotonic())
        _, body, *_ = client.request('GET', f'{path}{mark}limit=1000{cursor}', timeout=left)
        page = json.loads(body)
        yield from page[name]
        cursor = f'&cursor={quote(page["next"])}' if page.get('next') else None


def get_settings(client: _native.Client | None = None) -> dict[str, dict[str, str]]:
    """Every setting: name -> {'value', 'origin', 'variable'}.

    origin is 'option', 'environment', the path of a file, or 'default'."""
    return {name: {'value': value, 'origin': origin, 'variable': variable}
            for name, variable, value, origin in of(client).get_settings()}


def request(method: str, path: str, body: Any = None, *, content_type: str | None = None,
            accept: str | None = None, headers: Iterable[str] | None = (),
            timeout: float | None = None, sink: Callable[[bytes], object] | None = None,
            client: _native.Client | None = None) -> tuple[int, bytes, str, str, str]:
    """One request to the server's API; see `Client.request`."""
    return of(client).request(method, path, body, content_type=content_type, accept=accept,
                              headers=headers, timeout=timeout, sink=sink)


def get_artifact(run_id: str, name: str, dest: str | os.PathLike[str], *,
                 client: _native.Client | None = None) -> tuple[str, int]:
    """Fetches a file of a run, checks its digest, moves it to dest: (SHA-256 in hex, bytes).

    NotFoundError  no such run or file.
    CorruptError   what came does not have the digest; dest is untouched.
    """
    return of(client).get_artifact(run_id, name, dest)


def sync_spools(*, paths: Iterable[str] | None = None, run_id: str | None = None,
                keep: bool = False, list_only: bool = False, timeout: float = 0,
                sink: Callable[[dict[str, Any]], object] | None = None,
                client: _native.Client | None = None) -> None:
    """Sends the spools that processes left behind: of runs that ended without a server or were
    killed.  Several processes may do so at once.

    paths      only these spools; None: all of the client's.
    run_id     only spools of this run.
    keep       leave folders that are sent where they are.
    list_only  report, send nothing.
    timeout    seconds for all of it; 0: as long as it takes while the server answers.
    sink       called with news of a spool: {'path', 'run_id', 'state', 'count', 'sent', ...};
               returns False to end.

    UnreachableError, TimeoutError  not all of them could be sent; they stay.
    ConflictError                   the server refused something; it stays in the spool's refused/.
    IoError                         a spool cannot be read.
    """
    of(client).sync_spools(paths=paths, run_id=run_id, keep=keep, list_only=list_only,
                           timeout=timeout, sink=sink)
