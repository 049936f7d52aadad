"""Parameters: anything that holds settings, as flat keys and texts."""
from __future__ import annotations

from ._errors import InvalidError
from ._param_text import DEPTH_MAX, leaf, members, too_deep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from ._param_text import Text

PACK_BYTES_MAX = 4 << 20  # a request takes 8 MiB


def walk(prefix: str, object_: Any, inner: Iterable[tuple[Any, Any]],
         depth: int) -> Iterator[tuple[str, Text]]:
    if depth > DEPTH_MAX:
        raise too_deep(prefix)
    for key, value in inner:
        if isinstance(key, bytes) or key is None:
            raise TypeError(f'a key of {type(object_).__name__} must be str, not '
                            f'{type(key).__name__}: {key!r}')
        path = f'{prefix}.{key}' if prefix else str(key)
        deeper = members(value)
        if deeper is None:
            yield path, leaf(path, value)
        else:
            yield from walk(path, value, deeper, depth + 1)


def flatten(params: object) -> dict[str, Text]:
    """Keys joined by '.', with text, or a float that is still to be written."""
    inner = members(params)
    if inner is None:
        raise TypeError('params must be a mapping, a dataclass, a Namespace or another object with '
                        f'named settings, not {type(params).__name__}')
    flat: dict[str, Text] = {}
    for key, value in walk('', params, inner, 1):
        if key in flat:
            raise InvalidError(f'parameter {key!r}: twice in one set of parameters')
        check(key, value)
        flat[key] = value
    return flat


def check(key: str, value: Text, what: str = 'parameter') -> None:
    """Refuses what libtrack would refuse, with the key's name, before anything is set."""
    try:
        size, name = len(str(value).encode()), len(key.encode())
    except UnicodeEncodeError as bad:
        raise InvalidError(f'{what} {key!r}: not valid Unicode ({bad.reason})') from None
    if size > 64 << 10:
        raise InvalidError(f'{what} {key!r}: a text of {size} bytes, at most 65536; log it as an '
                           'artifact')
    if not 1 <= name <= 2048 or any(c < ' ' or c == '\x7f' for c in key):
        raise InvalidError(f'{what} {key[:80]!r}: a key has 1 to 2048 bytes of UTF-8 and no control '
                           f'characters, this one {name} bytes')
    if '\0' in str(value):
        raise InvalidError(f'{what} {key!r}: a NUL character in its text')


def pack(flat: dict[str, Text]) -> Iterator[str]:
    """JSON objects for set_params_json, each within the size of a request."""
    from json import dumps
    parts: list[str] = []
    size = 0
    for key, value in flat.items():
        if isinstance(value, float) and (value != value or value in (1e999, -1e999)):
            value = 'NaN' if value != value else 'Infinity' if value > 0 else '-Infinity'
        part = f'{dumps(key)}:{dumps(value)}'
        if parts and size + len(part) > PACK_BYTES_MAX:
            yield '{' + ','.join(parts) + '}'
            parts, size = [], 0
        parts.append(part)
        size += len(part)
    if parts:
        yield '{' + ','.join(parts) + '}'


def tag_pairs(tags: Iterable[str] | Mapping[str, object]) -> list[tuple[str, str]]:
    """(key, value) of each tag; words have the value ''."""
    if isinstance(tags, (str, bytes)):
        raise TypeError(f'tags must be a list of words or a mapping, not {type(tags).__name__}')
    mapping: Any = tags
    items = mapping.items() if hasattr(tags, 'items') else ((word, '') for word in tags)
    pairs = []
    for key, value in items:
        if not isinstance(key, str):
            raise TypeError(f'a tag must be str, not {type(key).__name__}: {key!r}')
        text = leaf(key, value, 'tag')
        check(key, text, 'tag')
        pairs.append((key, text if isinstance(text, str) else repr(text)))
    return pairs
