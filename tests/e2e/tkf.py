"""Frames TKF1 written from schema/formats.md alone, for tests that speak to the server as a sender."""
import struct

CRC_TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    CRC_TABLE.append(n)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def zigzag(n):
    return varint(n << 1 if n >= 0 else (-n << 1) - 1)


def frame(writer, seq, content=b'', kind=1, flags=0, epoch=0, points=0, plain=0, keys=0, blocks=0,
          content_crc=None):
    """A frame around content that is encoded already."""
    tail = writer + struct.pack('<QIIIHHqII', seq, epoch, points, plain, keys, blocks, 0,
                                crc32c(content) if content_crc is None else content_crc, 0) + content
    return b'TKF1' + struct.pack('<BBHII', 1, kind, flags, 16 + len(tail), crc32c(tail)) + tail


def points(writer, seq, key, steps, values, define=None, context=b'', time_us=1764000000000000, **more):
    """A frame with points of one key; steps must be a range.  define: name of the key, if it is new."""
    step = steps[1] - steps[0] if len(steps) > 1 else 0
    assert step == 0 or list(steps) == list(range(steps[0], steps[0] + step * len(steps), step))
    content = varint(key if define else 0)
    if define:
        content += varint(len(define)) + define + varint(len(context)) + context
    content += varint(1) + varint(len(steps)) + zigzag(key) + b'\x01'
    content += b'\x00' + struct.pack('<q', steps[0]) + zigzag(step)
    content += b'\x00\x00' + struct.pack('<q', time_us) + zigzag(0)
    raw = struct.pack(f'<{len(values)}d', *values)
    for plane in range(8):
        content += b'\x01' + raw[plane::8]
    return frame(writer, seq, content, points=len(steps), plain=8 * len(values), keys=1 if define else 0,
                 blocks=1, **more)


def heartbeat(writer):
    return frame(writer, 0, kind=3)
