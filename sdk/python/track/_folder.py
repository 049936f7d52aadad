"""A folder as an artifact: each file below it."""
from __future__ import annotations

import os

from ._errors import InvalidError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def files_below(folder: str) -> Iterator[tuple[str, str]]:
    """(relative name, path) of each file, in the order of their names; links to folders are not
    followed, so that there is no loop."""
    names = []
    for where, folders, files in os.walk(folder, onerror=_refuse):
        for name in files + [f for f in folders if os.path.islink(os.path.join(where, f))]:
            path = os.path.join(where, name)
            if not os.path.isfile(path):
                raise InvalidError(f'{path}: a link to a folder, or no regular file; log what it '
                                   'stands for by itself')
            names.append((os.path.relpath(path, folder).replace(os.sep, '/'), path))
    yield from sorted(names)


def _refuse(error: OSError) -> None:
    raise error


def each_file(call: Callable[..., tuple[str, int]], folder: str, name: str | None,
              options: dict[str, str | None]) -> tuple[str, int]:
    """Calls log_artifact or use_artifact for each; the digest of all and the sum of sizes."""
    from hashlib import sha256
    base = (os.path.basename(os.path.abspath(folder)) if name is None else name).rstrip('/')
    found = list(files_below(folder))
    if not found:
        raise InvalidError(f'{folder}: there is no file in this folder')
    lines, total = sha256(), 0
    for relative, path in found:
        digest, size = call(path, f'{base}/{relative}', **options)
        lines.update(f'{digest}  {relative}\n'.encode('utf-8', 'surrogateescape'))
        total += size
    return lines.hexdigest(), total
