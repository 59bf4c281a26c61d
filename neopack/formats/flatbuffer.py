"""FlatBuffers: tables of optional fields, each read in place on request.

Format: https://flatbuffers.dev/internals. Everything is little-endian. The file begins with the
offset of its root table and four letters that name the format. A table begins with the offset back
to its vtable: 16-bit sizes of the vtable and of the table, then each field's offset in the table,
0 if the field is absent. Strings, vectors and tables are reached by unsigned offsets, relative to
the offset's own position.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource

__all__ = ["Flatbuffer", "Number", "Table", "Vector"]

PAGE = 4 << 10
MOST_PAGES = 2048  # 8 MiB
UOFFSET = struct.Struct("<I")
SOFFSET = struct.Struct("<i")
SIZES = struct.Struct("<HH")
PLACE = struct.Struct("<H")

# as struct spells them: int8, uint8, uint16, int32, uint32, uint64
Number: TypeAlias = Literal["b", "B", "H", "i", "I", "Q"]


class Flatbuffer:
    """One file. ``operations`` bounds the work, ``name_bytes`` each string, the file's size all
    strings together, and ``records`` each vector."""

    def __init__(self, source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> None:
        self.name, self.size, self.limits = source.name, source.size, limits
        self._source = source
        self._pages: dict[int, bytes] = {}
        self._budget = limits.begun(source.size)
        self._texts: dict[int, str] = {}
        self._text_bytes = 0

    @property
    def identifier(self) -> bytes:
        """The four letters that name the format."""
        return self.take(4, 4)

    def root(self) -> Table:
        return self.table(self.follow(0))

    def table(self, at: int) -> Table:
        """The table at ``at``, after a check of its vtable."""
        self.spend()
        vtable = at - self._number(SOFFSET, at)
        length, size = SIZES.unpack(self.take(vtable, SIZES.size))
        if length < SIZES.size or length % PLACE.size or vtable + length > self.size:
            raise self.broken(f"a vtable of {length} bytes", vtable)
        if size < SOFFSET.size or at + size > self.size:
            raise self.broken(f"a table of {size} bytes runs past the end", at)
        return Table(buffer=self, at=at, size=size, vtable=vtable, fields=length // PLACE.size - 2)

    def vector(self, at: int, width: int) -> Vector:
        """The vector at ``at``, of elements of ``width`` bytes."""
        self.spend()
        length = self._number(UOFFSET, at)
        if length * width > self.size - at - UOFFSET.size:
            raise self.broken(f"a vector of {length} elements runs past the end", at)
        return Vector(buffer=self, at=at + UOFFSET.size, length=length)

    def text(self, at: int) -> str:
        """The string at ``at``, as UTF-8."""
        if at not in self._texts:
            span = self.vector(at, 1)
            self.limits.hold("name_bytes", span.length, where=self.name)
            self._text_bytes += span.length
            if self._text_bytes > self.size:
                raise self.broken("strings overlap", at)
            self._texts[at] = self._decoded(span)
        return self._texts[at]

    def _decoded(self, span: Vector) -> str:
        try:
            return self.take(span.at, span.length).decode()
        except UnicodeDecodeError:
            raise self.broken("text that is not UTF-8", span.at) from None

    def follow(self, at: int) -> int:
        """The position that the offset at ``at`` points to."""
        to = at + self._number(UOFFSET, at)
        if to == at or to + UOFFSET.size > self.size:
            raise self.broken("an offset points outside the file", at)
        return to

    def take(self, at: int, length: int) -> bytes:
        """The bytes at ``at``, from cached pages: tables lie close together."""
        if at < 0 or at + length > self.size:
            raise self.broken(f"ends too early: {length} bytes expected", at)
        if length > PAGE:
            return self._read(at, length)
        page, start = divmod(at, PAGE)
        data = self._page(page)[start : start + length]
        return data + self._page(page + 1)[: length - len(data)] if len(data) < length else data

    def spend(self, count: int = 1) -> None:
        self._budget.spend(count, self.name)

    def broken(self, message: str, offset: int) -> Malformed:
        return Malformed(message, offset=max(offset, 0), where=self.name)

    def _page(self, page: int) -> bytes:
        if page not in self._pages:
            if len(self._pages) >= MOST_PAGES:
                del self._pages[next(iter(self._pages))]
            start = page * PAGE
            self._pages[page] = self._read(start, min(PAGE, self.size - start))
        return self._pages[page]

    def _read(self, at: int, length: int) -> bytes:
        data = self._source.read(at, length)
        if len(data) < length:
            raise self.broken(f"ends too early: {length} bytes expected", at)
        return data

    def _number(self, form: struct.Struct, at: int) -> int:
        value: int = form.unpack(self.take(at, form.size))[0]
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """``length`` elements from ``at``, known to lie within the file and not yet read."""

    buffer: Flatbuffer
    at: int
    length: int

    def numbers(self, form: Number) -> tuple[int, ...]:
        self._hold()
        packed = f"<{self.length}{form}"
        return struct.unpack(packed, self.buffer.take(self.at, struct.calcsize(packed)))

    def places(self) -> Sequence[int]:
        """The position of each of its tables."""
        self._hold()
        return [self.buffer.follow(self.at + i * UOFFSET.size) for i in range(self.length)]

    def first(self) -> Table:
        """Its first table."""
        if not self.length:
            raise self.buffer.broken("an empty vector", self.at)
        return self.buffer.table(self.buffer.follow(self.at))

    def _hold(self) -> None:
        self.buffer.limits.hold("records", self.length, where=self.buffer.name)
        self.buffer.spend(self.length)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The fields of a table by number; the schema counts them from 0."""

    buffer: Flatbuffer
    at: int
    size: int
    vtable: int
    fields: int

    def number(self, field: int, form: Number, default: int = 0) -> int:
        width = struct.calcsize(f"<{form}")
        at = self._place(field, width)
        if at is None:
            return default
        value: int = struct.unpack(f"<{form}", self.buffer.take(at, width))[0]
        return value

    def text(self, field: int) -> str:
        """The string, or "" if the field is absent."""
        at = self._place(field, UOFFSET.size)
        return "" if at is None else self.buffer.text(self.buffer.follow(at))

    def vector(self, field: int, width: int = UOFFSET.size) -> Vector | None:
        """The vector of elements of ``width`` bytes, or None if the field is absent."""
        at = self._place(field, UOFFSET.size)
        return None if at is None else self.buffer.vector(self.buffer.follow(at), width)

    def table(self, field: int) -> Table | None:
        """The table, or None if the field is absent."""
        at = self._place(field, UOFFSET.size)
        return None if at is None else self.buffer.table(self.buffer.follow(at))

    def numbers(self, field: int, form: Number) -> tuple[int, ...]:
        vector = self.vector(field, struct.calcsize(f"<{form}"))
        return () if vector is None else vector.numbers(form)

    def _place(self, field: int, width: int) -> int | None:
        if field >= self.fields:
            return None
        slot = self.vtable + SIZES.size + field * PLACE.size
        place = int.from_bytes(self.buffer.take(slot, PLACE.size), "little")
        if not place:
            return None
        if place < SOFFSET.size or place + width > self.size:
            raise self.buffer.broken(f"field {field} lies outside its table", slot)
        return self.at + place
