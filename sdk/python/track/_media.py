"""Arrays as files: pictures as PNG, films as animated PNG, sound as WAV, meshes as PLY, tables as
TSV.

Needs numpy, nothing else.
"""
from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np

from ._errors import InvalidError

PNG_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}  # channels: colour type
PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'


def as_array(value: Any) -> np.ndarray[Any, Any]:
    """The values of an array or tensor of any library, in the host's memory."""
    if hasattr(value, 'detach'):  # torch
        value = value.detach().cpu()
        value = value.float() if 'bfloat16' in str(value.dtype) else value
        return np.asarray(value.numpy())
    array = np.asarray(value)
    return array.astype(np.float32) if 'bfloat16' in str(array.dtype) else array


def pixels(value: Any, layout: str) -> np.ndarray[Any, Any]:
    """A picture as bytes [height, width, channels].

    layout  what the axes are, such as 'CHW', 'HW', or 'NCHW' for pictures that are put in a grid of
            eight a row.
    Values are bytes if their type is uint8, else 0..1; others are cut off there.

    InvalidError  the axes do not fit layout, or there are not 1 to 4 channels.
    """
    array, layout = as_array(value), layout.upper()
    if array.ndim != len(layout) or set(layout) not in ({*'HW'}, {*'CHW'}, {*'NHW'}, {*'NCHW'}):
        raise InvalidError(f'a picture of shape {array.shape} is not {layout!r}')
    if 'C' not in layout:
        array, layout = array[..., None], layout + 'C'
    order = 'NHWC' if 'N' in layout else 'HWC'
    array = to_bytes(array.transpose([layout.index(axis) for axis in order]))
    if not 1 <= array.shape[-1] <= 4 or 0 in array.shape:
        raise InvalidError(f'a picture of shape {array.shape} ({order}): must have 1 to 4 channels '
                           'and at least one pixel')
    return grid(array) if 'N' in layout else array


def to_bytes(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.dtype == np.uint8:
        return array
    scaled = np.nan_to_num(array.astype(np.float64)) * 255
    return np.asarray(np.clip(scaled, 0, 255), np.uint8)


def grid(pictures: np.ndarray[Any, Any], columns: int = 8) -> np.ndarray[Any, Any]:
    """[count, height, width, channels] side by side."""
    count, height, width, channels = pictures.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    canvas = np.zeros((rows * columns, height, width, channels), np.uint8)
    canvas[:count] = pictures
    tiles = canvas.reshape(rows, columns, height, width, channels)
    return np.asarray(tiles.swapaxes(1, 2).reshape(rows * height, columns * width, channels))


def resize(picture: np.ndarray[Any, Any], scale: float) -> np.ndarray[Any, Any]:
    """The nearest pixel of each."""
    if scale == 1:
        return picture
    height, width = (max(1, int(size * scale)) for size in picture.shape[:2])
    rows = np.minimum(np.arange(height) / scale, picture.shape[0] - 1).astype(int)
    columns = np.minimum(np.arange(width) / scale, picture.shape[1] - 1).astype(int)
    return np.asarray(picture[rows][:, columns])


def draw_boxes(picture: np.ndarray[Any, Any], boxes: Any) -> np.ndarray[Any, Any]:
    """Frames around boxes [count, 4] of left, top, right, bottom, in red."""
    height, width, channels = picture.shape
    if channels < 3:
        picture = np.repeat(picture[..., :1], 3, axis=-1)
    canvas = picture.copy()
    red = np.array([255, 0, 0, 255], np.uint8)[:canvas.shape[-1]]
    for box in np.atleast_2d(as_array(boxes)).reshape(-1, 4):
        left, right = np.clip(box[[0, 2]], 0, width - 1).astype(int)
        top, bottom = np.clip(box[[1, 3]], 0, height - 1).astype(int)
        canvas[[top, bottom], left:right + 1] = red
        canvas[top:bottom + 1, [left, right]] = red
    return np.asarray(canvas)


def png(picture: np.ndarray[Any, Any]) -> bytes:
    """Bytes [height, width, channels] as a PNG file."""
    return _png_file(picture[None], 0)


def animated_png(frames: np.ndarray[Any, Any], frames_a_second: float) -> bytes:
    """Bytes [count, height, width, channels] as an animated PNG, which browsers play."""
    return _png_file(frames, frames_a_second)


def _png_file(frames: np.ndarray[Any, Any], frames_a_second: float) -> bytes:
    count, height, width, channels = frames.shape
    head = struct.pack('>IIBBBBB', width, height, 8, PNG_COLOURS[channels], 0, 0, 0)
    parts = [PNG_SIGNATURE, _chunk(b'IHDR', head)]
    if frames_a_second:
        parts.append(_chunk(b'acTL', struct.pack('>II', count, 0)))
    number = 0
    for index, frame in enumerate(frames):
        if frames_a_second:
            delay = min(65535, max(1, round(1000 / frames_a_second)))
            parts.append(_chunk(b'fcTL', struct.pack(
                '>IIIIIHHBB', number, width, height, 0, 0, delay, 1000, 0, 0)))
            number += 1
        data = _scan_lines(frame)
        if index == 0:
            parts.append(_chunk(b'IDAT', data))
        else:
            parts.append(_chunk(b'fdAT', struct.pack('>I', number) + data))
            number += 1
    return b''.join([*parts, _chunk(b'IEND', b'')])


def _scan_lines(frame: np.ndarray[Any, Any]) -> bytes:
    height = frame.shape[0]
    lines = np.concatenate([np.zeros((height, 1), np.uint8), frame.reshape(height, -1)], axis=1)
    return zlib.compress(lines.tobytes())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def wav(sound: Any, sample_rate: int) -> bytes:
    """Samples of -1..1, [samples] or [1, samples] or [samples, channels], as 16-bit WAV."""
    import wave
    array = as_array(sound).astype(np.float64)
    if array.ndim == 2 and array.shape[0] == 1:
        array = array[0]
    if array.ndim not in (1, 2) or array.size == 0:
        raise InvalidError(f'a sound of shape {array.shape}: must be [samples] or '
                           '[samples, channels]')
    file = io.BytesIO()
    with wave.open(file, 'wb') as out:
        out.setnchannels(1 if array.ndim == 1 else array.shape[1])
        out.setsampwidth(2)
        out.setframerate(int(sample_rate))
        out.writeframes((np.clip(np.nan_to_num(array), -1, 1) * 32767).astype('<i2').tobytes())
    return file.getvalue()


def ply(vertices: Any, colors: Any = None, faces: Any = None) -> bytes:
    """A mesh: vertices [count, 3], colours of 0..255 [count, 3], faces [count, 3] of indices."""
    points = as_array(vertices).reshape(-1, 3)
    tints = None if colors is None else as_array(colors).reshape(-1, 3).astype(int)
    sides = None if faces is None else as_array(faces).reshape(-1, 3).astype(int)
    if tints is not None and len(tints) != len(points):
        raise InvalidError(f'{len(tints)} colours for {len(points)} vertices')
    lines = ['ply', 'format ascii 1.0', f'element vertex {len(points)}',
             *(f'property float {axis}' for axis in 'xyz')]
    if tints is not None:
        lines += [f'property uchar {name}' for name in ('red', 'green', 'blue')]
    if sides is not None:
        lines += [f'element face {len(sides)}', 'property list uchar int vertex_indices']
    lines.append('end_header')
    for index, point in enumerate(points.tolist()):
        lines.append(' '.join(map(str, point + ([] if tints is None else tints[index].tolist()))))
    for side in [] if sides is None else sides.tolist():
        lines.append(' '.join(map(str, [3, *side])))
    return ('\n'.join(lines) + '\n').encode()


def tsv(rows: Any) -> bytes:
    """Rows of values, or of single ones; a tab or an end of line in a value becomes a blank."""
    out = []
    for row in rows:
        cells = row if isinstance(row, (list, tuple)) or getattr(row, 'ndim', 0) == 1 else [row]
        out.append('\t'.join(' '.join(str(cell).split('\t')).replace('\n', ' ').replace('\r', ' ')
                             for cell in cells))
    return ('\n'.join(out) + '\n').encode()


def npy(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()
