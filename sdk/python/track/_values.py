"""What may be logged as a value beside float and int, which the extension takes itself."""
from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

from ._errors import InvalidError, TrackWarning

# Types of which every value is one real number that float() gives: the extension asks here first.
PLAIN: set[type] = set()

_told: set[str] = set()  # devices that a warning was given for


def _refuse(key: str, value: object, why: str = 'is no real number') -> TypeError:
    kind = f'{type(value).__module__}.{type(value).__qualname__}'.removeprefix('builtins.')
    return TypeError(f'{key!r}: a value of type {kind} {why}; it was not logged')


def _tell_of_device(key: str, value: object) -> None:
    """Says once a process that a value had to be fetched from a device."""
    device = getattr(value, 'device', None)
    if device is None or device == 'cpu':
        return
    if callable(device):
        device = device()
    name = str(getattr(device, 'type', None) or getattr(device, 'platform', None) or device or '')
    if not name or 'cpu' in name.lower() or name in _told:
        return
    import warnings
    _told.add(name)
    warnings.warn(f'{key!r}: a tensor on {name} was copied to the host to be logged, which waits '
                  'for the device; log a value that you have copied already to avoid it',
                  TrackWarning, stacklevel=3)


def _get_element(key: str, value: object, shape: tuple[int, ...]) -> object:
    """The one element of a scalar, array or tensor of any library, as something for float()."""
    count = 1
    for size in shape:
        count *= int(size)
    if count != 1:
        raise _refuse(key, value, f'and shape {shape} has {count} elements, not one')
    # Of numpy and those that use its types; 'V' is bfloat16 and the like, 'O' any object.
    kind = getattr(getattr(value, 'dtype', None), 'kind', None)
    if kind is not None and kind not in 'fiubVO':
        raise _refuse(key, value)
    numpy = sys.modules.get('numpy')
    if numpy and kind and kind in 'fiub' and isinstance(value, (numpy.generic, numpy.ndarray)):
        if isinstance(value, numpy.generic):
            PLAIN.add(type(value))
        array: Any = value
        return array.reshape(()) if shape else value
    _tell_of_device(key, value)
    for way in ('item', 'numpy'):
        call = getattr(value, way, None)
        if callable(call):
            return call()
    return value


def number(key: str, value: object) -> float:
    """The value as a float.

    TypeError     value is text, None, complex, or has more than one element.
    InvalidError  value is an int beyond what a double can hold.
    """
    shape = getattr(value, 'shape', None)
    element = value if shape is None else _get_element(key, value, tuple(shape))
    # float() would read a number out of text, and of whatever holds bytes.
    real = hasattr(element, '__float__') or hasattr(element, '__index__')
    if not real or isinstance(element, (str, bytes, complex)):
        raise _refuse(key, value)
    try:
        return float(element)  # type: ignore[arg-type]
    except OverflowError:
        raise InvalidError(f'{key!r}: a number beyond what a double can hold; it was not '
                           'logged') from None
    except (TypeError, ValueError) as why:
        raise _refuse(key, value) from why
