"""Write the wire format of Protocol Buffers: fields as bytes, to be joined into messages.

Format: https://protobuf.dev/programming-guides/encoding. Repeated numbers are packed.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from sys import byteorder

from neopack.formats.protobuf import FIXED32, LENGTH, VARINT

__all__ = ["floats", "integer", "integers", "single", "span", "spans"]


def integer(number: int, value: int) -> bytes:
    """A varint field, as int32, int64 and enums are written."""
    return _tag(number, VARINT) + _varint(value)


def single(number: int, value: float) -> bytes:
    """A field of one float32."""
    return _tag(number, FIXED32) + _little(array("f", [value]))


def span(number: int, content: bytes | str) -> bytes:
    """A field of bytes, text in UTF-8, or a message."""
    data = content.encode() if isinstance(content, str) else content
    return _tag(number, LENGTH) + _varint(len(data)) + data


def spans(number: int, contents: Iterable[bytes | str]) -> bytes:
    """One field for each content. What repeats is written once and copied."""
    contents = list(contents)
    written = {content: span(number, content) for content in set(contents)}
    return b"".join(map(written.__getitem__, contents))


def integers(number: int, values: Sequence[int]) -> bytes:
    """A packed field of varints."""
    written = {value: _varint(value) for value in set(values)}
    return span(number, b"".join(map(written.__getitem__, values)))


def floats(number: int, values: Iterable[float]) -> bytes:
    """A packed field of float32."""
    return span(number, _little(array("f", values)))


def _little(numbers: array[float]) -> bytes:
    if byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _tag(number: int, wire: int) -> bytes:
    return _varint(number << 3 | wire)


def _varint(value: int) -> bytes:
    value &= 0xFFFFFFFFFFFFFFFF
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
