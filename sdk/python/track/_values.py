"""What may be logged as a value beside float and int, which the extension takes itself."""
from __future__ import annotations

import warnings

from ._errors import InvalidError, TrackWarning

_copied: set[str] = set()  # devices that were told of


def _refuse(key: str, value: object, why: str = 'is no real number') -> TypeError:
    kind = f'{type(value).__module__}.{type(value).__qualname__}'.removeprefix('builtins.')
    return TypeError(f'{key!r}: a value of type {kind} {why}; it was not logged')


def _check_tensor(key: str, value: object) -> object:
    """One element of an array or tensor of any library, as it is."""
    shape = getattr(value, 'shape', None)
    if shape is None:
        return value
    count = 1
    for size in tuple(shape):
        count *= int(size)
    if count != 1:
        raise _refuse(key, value, f'and shape {tuple(shape)} has {count} elements, not one')
    if 'complex' in str(getattr(value, 'dtype', '')):
        raise _refuse(key, value, 'is complex')
    _tell_of_device(key, value)
    item = getattr(value, 'item', None)
    if callable(item):
        return item()
    numpy = getattr(value, 'numpy', None)
    return numpy().item() if callable(numpy) else value


def _tell_of_device(key: str, value: object) -> None:
    """Says once a process that a value had to be fetched from a device."""
    device = getattr(value, 'device', None)
    if callable(device):
        device = device()
    name = str(getattr(device, 'type', None) or getattr(device, 'platform', None) or device or '')
    if not name or 'cpu' in name.lower() or name in _copied:
        return
    _copied.add(name)
    warnings.warn(f'{key!r}: a tensor on {name} was copied to the host to be logged, which waits '
                  'for the device; log .item() of what you have copied already to avoid it',
                  TrackWarning, stacklevel=3)


def number(key: str, value: object) -> float:
    """The value as a float.

    TypeError     value is text, None, complex, or has more than one element.
    InvalidError  value is an int beyond what a double can hold.
    """
    if value is None or isinstance(value, (str, bytes, bytearray, complex)):
        raise _refuse(key, value)
    value = _check_tensor(key, value)
    if isinstance(value, (str, bytes, complex)):
        raise _refuse(key, value)
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        raise InvalidError(f'{key!r}: a number beyond what a double can hold; it was not '
                           'logged') from None
    except (TypeError, ValueError):
        raise _refuse(key, value) from None
