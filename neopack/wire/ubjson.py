"""UBJSON, as bytes of numbers where a typed array says so: a model of millions of nodes is read
in a few slices. Format: ubjson.org, draft 12, with XGBoost's typed arrays.

A typed numeric array becomes ``Packed``: its type code and its big-endian bytes, not decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from neopack.errors import Malformed
from neopack.types import ByteSource, Json
from neopack.wire.guard import DEFAULT_LIMITS, Limits
from neopack.wire.source import Cursor

__all__ = ["Packed", "read_ubjson"]

# marker -> struct format, big-endian (draft 12, "Numeric types")
NUMBERS = {"i": ">b", "U": ">B", "I": ">h", "l": ">i", "L": ">q", "d": ">f", "D": ">d"}
INTEGERS = "iUIlL"
CONSTANTS: dict[str, Json] = {"Z": None, "T": True, "F": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """``count`` numbers of the type ``code`` (``d`` is float32, ``l`` int32), big-endian."""

    code: str
    count: int
    data: bytes

    def values(self) -> tuple[float, ...]:
        """The numbers, decoded one by one: for small arrays."""
        return struct.unpack(f">{self.count}{NUMBERS[self.code][1]}", self.data)


def read_ubjson(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> Json:
    """The value in ``source``. Raises ``Malformed`` with the offset where it breaks."""
    reader = _Reader(Cursor(source), limits)
    value = reader.value(reader.marker(), 0)
    if reader.cursor.left:
        raise reader.broken("bytes after the end of the value")
    return value


class _Reader:
    def __init__(self, cursor: Cursor, limits: Limits) -> None:
        self.cursor, self._limits, self._operations = cursor, limits, 0

    def marker(self) -> str:
        """The next marker; no-ops are passed over."""
        while (code := chr(self.cursor.byte())) == "N":
            pass
        return code

    def value(self, code: str, depth: int) -> Json:
        self._operations += 1
        self._limits.hold("operations", self._operations, where=self.cursor.name)
        self._limits.hold("depth", depth, where=self.cursor.name)
        if code in CONSTANTS:
            return CONSTANTS[code]
        if code in NUMBERS:
            return self._number(code)
        read: dict[str, Callable[[], Json]] = {
            "S": self._text,
            "C": lambda: chr(self.cursor.byte()),
            "H": self._text,
            "[": lambda: self._array(depth + 1),
            "{": lambda: dict(self._pairs(depth + 1)),
        }
        if code not in read:
            raise self.broken(f"{code!r} is no type of UBJSON")
        return read[code]()

    def _array(self, depth: int) -> Json:
        code, count = self._container("]")
        if code in NUMBERS and count is not None:
            width = struct.calcsize(NUMBERS[code])
            return Packed(code=code, count=count, data=self.cursor.take(width * count))
        if count is not None:
            return [self.value(code or self.marker(), depth) for _ in self._times(count)]
        return list(self._until("]", depth))

    def _pairs(self, depth: int) -> Iterator[tuple[str, Json]]:
        code, count = self._container("}")
        if count is not None:
            for _ in self._times(count):
                key = self._text()
                yield key, self.value(code or self.marker(), depth)
            return
        while (next_ := self.marker()) != "}":
            key = self._text(next_)
            yield key, self.value(self.marker(), depth)

    def _until(self, end: str, depth: int) -> Iterator[Json]:
        while (code := self.marker()) != end:
            yield self.value(code, depth)

    def _times(self, count: int) -> range:
        """``count`` items that take a byte each at least, or fewer where none are left."""
        if count > self.cursor.left:
            raise self.broken(f"{count} items, more than there are bytes left")
        return range(count)

    def _container(self, end: str) -> tuple[str, int | None]:
        """(type, count) of an optimized container; ("", None) of a plain one."""
        start = self.cursor.position
        code, marker = "", chr(self.cursor.byte())
        if marker == "$":
            code, marker = chr(self.cursor.byte()), chr(self.cursor.byte())
            if marker != "#":
                raise self.broken(f"a typed container up to {end!r} without a count")
        if marker == "#":
            return code, self._length(self.marker())
        self.cursor.seek(start)
        return "", None

    def _text(self, marker: str | None = None) -> str:
        length = self._length(marker or self.marker())
        self._limits.hold("record_bytes", length, where=self.cursor.name)
        return self.cursor.take(length).decode("utf-8", "replace")

    def _length(self, code: str) -> int:
        if code not in INTEGERS:
            raise self.broken(f"{code!r} where a length should be")
        length = int(self._number(code))
        if length < 0:
            raise self.broken(f"a length of {length}")
        return length

    def _number(self, code: str) -> float:
        form = NUMBERS[code]
        number: float = struct.unpack(form, self.cursor.take(struct.calcsize(form)))[0]
        return number

    def broken(self, what: str) -> Malformed:
        return Malformed(
            f"not UBJSON: {what}", offset=self.cursor.position, where=self.cursor.name
        )
