"""Decompress Snappy's raw format: a length, then literals and copies of what came before.

google/snappy format_description.txt. Checkpoints of TensorFlow have blocks of it.
"""

from __future__ import annotations

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits

__all__ = ["decompress"]

_LITERAL, _COPY_1, _COPY_2 = 0, 1, 2
_LONGEST_VARINT = 5
# a literal's length is in the tag, or, from 60 on, in the bytes after it
_SHORT = 60


def decompress(data: bytes, where: str, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Raises ``Malformed`` with the offset of damage, ``LimitExceeded`` before it makes more than
    a record may have."""
    size, at = _length(data, where)
    limits.hold("record_bytes", size, where=where)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        count, offset, following = _element(data, at)
        start = at + following
        at = start + (count if tag & 3 == _LITERAL else 0)
        if at > len(data) or len(out) + count > size:
            raise _broken("runs past its end", start, where)
        if tag & 3 == _LITERAL:
            out += data[start:at]
        elif 0 < offset <= len(out):
            out += _copied(out, offset, count)
        else:
            raise _broken("copies what is not there", start, where)
    if len(out) != size:
        raise _broken(f"has {len(out)} bytes where it says {size}", at, where)
    return bytes(out)


def _length(data: bytes, where: str) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(data[:_LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, place + 1
    raise _broken("does not say its length", 0, where)


def _element(data: bytes, at: int) -> tuple[int, int, int]:
    """(bytes that it gives, how far back they are, bytes before the next or its literal)."""
    tag = data[at]
    kind, rest = tag & 3, tag >> 2
    if kind == _LITERAL:
        extra = max(0, rest - _SHORT + 1)
        count = int.from_bytes(data[at + 1 : at + 1 + extra], "little") if extra else rest
        return count + 1, 0, 1 + extra
    if kind == _COPY_1:
        low = data[at + 1] if at + 1 < len(data) else 0
        return (rest & 7) + 4, (rest >> 3) << 8 | low, 2
    width = 2 if kind == _COPY_2 else 4
    return rest + 1, int.from_bytes(data[at + 1 : at + 1 + width], "little"), 1 + width


def _copied(out: bytearray, offset: int, count: int) -> bytearray:
    """It may reach into what it gives itself: then a pattern repeats."""
    pattern = out[len(out) - offset :][:count]
    times = -(-count // len(pattern))
    return (pattern * times)[:count]


def _broken(what: str, offset: int, where: str) -> Malformed:
    return Malformed(f"a compressed block {what}", offset=offset, where=where)
