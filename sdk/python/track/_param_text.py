"""One value of a parameter as text."""
from __future__ import annotations

from ._errors import InvalidError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

DEPTH_MAX = 32
ELEMENTS_MAX = 20_000  # of an array: its text would be over 64 KiB in any case
NAMES = {None: 'null', True: 'true', False: 'false'}

# Text, or a float, which libtrack writes in its shortest form.
Text = str | float


def too_deep(key: str) -> InvalidError:
    return InvalidError(f'parameter {key!r}: nested deeper than {DEPTH_MAX}, or in itself')


def members(value: Any) -> Iterable[tuple[Any, Any]] | None:
    """The members of an object that holds settings; None for a value."""
    if isinstance(value, (str, bytes, int, float, list, tuple, set, type(None), type)):
        return None
    if hasattr(value, 'items') and hasattr(value, 'keys'):  # dict, OmegaConf, HParams
        return list(value.items())
    kind = type(value)
    for fields in ('__dataclass_fields__', '__attrs_attrs__'):
        if hasattr(kind, fields):
            names = [getattr(f, 'name', f) for f in getattr(kind, fields)]
            return [(name, getattr(value, name)) for name in names if hasattr(value, name)]
    if hasattr(kind, 'model_dump'):  # pydantic 2
        return list(value.model_dump().items())
    if hasattr(kind, '__fields__') and hasattr(kind, 'dict'):  # pydantic 1
        return list(value.dict().items())
    if kind.__name__ in ('Namespace', 'SimpleNamespace'):
        return list(vars(value).items())
    return None


def leaf(key: str, value: Any, what: str = 'parameter') -> Text:
    """One value that has no members."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f'{what} {key!r}: {type(value).__name__} is no text; decode it first')
    name = _enum_name(value)
    if name is not None:
        return name
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, bool):
        return NAMES[value]
    if isinstance(value, (type, type(leaf), type(len))):
        return f'{value.__module__}.{value.__qualname__}'
    if _is_list(value) or getattr(value, 'shape', ()) != ():
        from json import dumps
        return dumps(_plain(key, value), ensure_ascii=False, separators=(',', ':'))
    return _number(key, value)


def _enum_name(value: Any) -> str | None:
    name = getattr(value, 'name', None)
    return name if hasattr(type(value), '__members__') and isinstance(name, str) else None


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple, set, frozenset)) or type(value).__name__ == 'ListConfig'


def _number(key: str, value: Any) -> Text:
    """A number of any library; anything else by its str()."""
    if hasattr(value, 'dtype') and hasattr(value, 'item'):
        item = value.item()
        return str(item) if type(item) is type(value) else leaf(key, item)
    if isinstance(value, float):
        return float(value)
    if hasattr(value, '__index__'):
        return str(value.__index__())
    return str(value)


def _array(key: str, value: Any) -> Any:
    """The lists of an array or tensor."""
    count = 1
    for size in value.shape:
        count *= int(size)
    if count > ELEMENTS_MAX or not hasattr(value, 'tolist'):
        raise InvalidError(f'parameter {key!r}: an array of {count} elements; log it as an artifact')
    return value.tolist()


def _plain(key: str, value: Any, depth: int = 0) -> Any:
    """What json.dumps takes, for lists and what is in them."""
    if value is None or isinstance(value, (bool, int)) or type(value) is str:
        return value
    if isinstance(value, float):
        return value if abs(value) < 1e999 else str(value)
    if depth > DEPTH_MAX:
        raise too_deep(key)
    if getattr(value, 'shape', ()) != ():
        value = _array(key, value)
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(key, v, depth + 1) for v in value), key=str)
    if _is_list(value):
        return [_plain(key, v, depth + 1) for v in value]
    inner = members(value)
    if inner is not None:
        return {str(k): _plain(key, v, depth + 1) for k, v in inner}
    return leaf(key, value)
