"""Read UBJSON. Typed arrays of numbers stay bytes, so that millions of nodes are a few slices.

Format: ubjson.org, draft 12. A typed numeric array becomes ``Packed``: its type code and a view
of its big-endian bytes, not decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource
from neopack.values.json import AnyJson

__all__ = ["Packed", "read_ubjson", "spans"]

# marker -> its struct format, big-endian (draft 12, "Numeric types")
NUMBERS = {
    letter: struct.Struct(form)
    for letter, form in zip("iUIlLdD", (">b", ">B", ">h", ">i", ">q", ">f", ">d"), strict=True)
}
LETTERS, UNSIGNED = frozenset(b"iUIlLdD"), ord("U")
INTEGERS = dict(zip(b"iUIlL", (1, 1, 2, 4, 8), strict=True))
OBJECT, OBJECT_END, ARRAY, ARRAY_END, TYPE, COUNT = b"{}[]$#"
CHARACTER, NO_OP = b"CN"
TEXTS = frozenset(b"SH")  # a high-precision number is written as text
# the start of a typed array of numbers whose count is an int64, as XGBoost writes all of them
TYPED = struct.Struct(">4sq")
PACKED = {f"${code}#L".encode(): (code, NUMBERS[code].size) for code in NUMBERS}
CONSTANTS: dict[int, AnyJson] = {ord("Z"): None, ord("T"): True, ord("F"): False}


class Packed(NamedTuple):
    """``length`` numbers of the type ``code`` (``d`` is float32, ``l`` int32), big-endian.

    ``data`` is a view of the file's bytes, not a copy.
    """

    code: str
    length: int
    data: memoryview

    def values(self) -> tuple[float, ...]:
        """The numbers, decoded one by one; for small arrays."""
        return struct.unpack(f">{self.length}{NUMBERS[self.code].format[1]}", self.data)


def read_ubjson(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> AnyJson:
    """Read ``source`` whole and return its value. Raises ``Malformed`` with the offset."""
    limits.hold("document_bytes", source.size, where=source.name)
    reader = _Reader(source.read(0, source.size), source.name, limits)
    value = reader.value(reader.marker(), 0)
    if reader.at != reader.end:
        raise reader.broken("bytes after the end of the value")
    return value


def spans(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> dict[str, tuple[int, int]]:
    """Where the values of a plain object's keys lie. Raises ``Malformed`` with the offset."""
    limits.hold("document_bytes", source.size, where=source.name)
    reader = _Reader(source.read(0, source.size), source.name, limits)
    if reader.marker() != OBJECT:
        raise reader.broken("not an object")
    return dict(reader.spans())


class _Reader:
    """Handles markers as integers, for speed: a thousand trees have a hundred thousand of them."""

    def __init__(self, data: bytes, name: str, limits: Limits) -> None:
        self._data, self._view, self._name, self._limits = data, memoryview(data), name, limits
        self._budget = limits.begun(len(data))
        self.at, self.end = 0, len(data)

    def marker(self) -> int:
        """The next marker that is not a no-op."""
        code = self._byte()
        while code == NO_OP:
            code = self._byte()
        return code

    def value(self, code: int, depth: int) -> AnyJson:
        if code == OBJECT:
            return self._object(depth + 1)
        if code == ARRAY:
            return self._array(depth + 1)
        if code in LETTERS:
            return self._number(code)
        if code in TEXTS:
            return self._text(self.marker())
        if code in CONSTANTS:
            return CONSTANTS[code]
        if code == CHARACTER:
            return chr(self._byte())
        raise self.broken(f"{chr(code)!r} is not a UBJSON type")

    def spans(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """Of a plain object's values, from its first key on."""
        while (code := self.marker()) != OBJECT_END:
            key, start = self._text(code), self.at
            self.value(self.marker(), 1)
            yield key, (start, self.at)

    def _object(self, depth: int) -> dict[str, AnyJson]:
        self._limits.hold("depth", depth, where=self._name)
        self._budget.spend(1, self._name)
        kind, count = self._container()
        items: dict[str, AnyJson] = {}
        left, marker, text, value = self._bounded(count), self.marker, self._text, self.value
        while left != 0:
            code = marker()
            if code == OBJECT_END and count is None:
                break
            key = text(code)
            self._budget.spend(1, self._name)
            items[key] = value(kind or marker(), depth)
            left -= 1
        return items

    def _packed(self) -> Packed | None:
        """The hot path: a model of a thousand trees has fifteen thousand such arrays."""
        at = self.at + TYPED.size
        if at > self.end:
            return None
        marks, count = TYPED.unpack_from(self._data, self.at)
        if marks not in PACKED:
            return None
        code, size = PACKED[marks]
        end = at + count * size
        if count < 0 or end > self.end:
            return None  # the general path reports what is wrong
        self.at = end
        return Packed(code, count, self._view[at:end])

    def _array(self, depth: int) -> AnyJson:
        packed = self._packed()
        if packed is not None:
            return packed
        self._limits.hold("depth", depth, where=self._name)
        self._budget.spend(1, self._name)
        kind, count = self._container()
        if kind in LETTERS and count is not None:
            size = NUMBERS[chr(kind)].size * count
            return Packed(code=chr(kind), length=count, data=self._take(size))
        items: list[AnyJson] = []
        left = self._bounded(count)
        while left != 0:
            code = kind or self.marker()
            if count is None and code == ARRAY_END:
                break
            self._budget.spend(1, self._name)
            items.append(self.value(code, depth))
            left -= 1
        return items

    def _bounded(self, count: int | None) -> int:
        """The count of items; -1 if an end marker ends them. An item takes a byte at least, unless
        its type is null or a boolean, so a count cannot be larger than the rest of the file."""
        if count is not None and count > self.end - self.at:
            raise self.broken(f"{count} items, more than there are bytes left")
        return -1 if count is None else count

    def _container(self) -> tuple[int, int | None]:
        """The (type, count) of an optimized container; (0, None) for a plain one."""
        kind, code = 0, self._peek()
        if code != TYPE and code != COUNT:
            return 0, None
        if code == TYPE:
            self.at += 1
            kind = self._byte()
            if self._peek() != COUNT:
                raise self.broken("a typed container without a count")
        self.at += 1
        return kind, self._length(self.marker())

    def _text(self, code: int) -> str:
        length = self._length(code)
        start, end = self.at, self.at + length
        if end > self.end:
            raise self._cut_short(length)
        self.at = end
        return self._data[start:end].decode("utf-8", "replace")

    def _length(self, code: int) -> int:
        """The hot path: every key of every tree comes through here."""
        width = INTEGERS.get(code)
        if width is None:
            raise self.broken(f"{chr(code)!r} where a length should be")
        end = self.at + width
        length = int.from_bytes(self._data[self.at : end], "big", signed=code != UNSIGNED)
        if end > self.end or length < 0:
            raise self.broken(f"a length of {length}, or cut short")
        self.at = end
        return length

    def _number(self, code: int) -> float:
        form = NUMBERS[chr(code)]
        if self.at + form.size > self.end:
            raise self._cut_short(form.size)
        number: float = form.unpack_from(self._data, self.at)[0]
        self.at += form.size
        return number

    def _take(self, length: int) -> memoryview:
        start = self.at
        if start + length > self.end:
            raise self._cut_short(length)
        self.at = start + length
        return self._view[start : self.at]

    def _byte(self) -> int:
        if self.at >= self.end:
            raise self._cut_short(1)
        self.at += 1
        return self._data[self.at - 1]

    def _peek(self) -> int:
        return self._data[self.at] if self.at < self.end else 0

    def _cut_short(self, length: int) -> Malformed:
        return self.broken(f"{length} bytes expected, {self.end - self.at} left")

    def broken(self, reason: str) -> Malformed:
        return Malformed(f"not UBJSON: {reason}", offset=self.at, where=self._name)
