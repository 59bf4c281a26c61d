"""Walk the wire format of Protocol Buffers: tags and spans; payloads are read on request.

Format: https://protobuf.dev/programming-guides/encoding (varints, tags, packed fields). The
deprecated groups (wire types 3 and 4) are refused: neither ONNX nor TensorFlow uses them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import Cursor

__all__ = ["FIXED32", "FIXED64", "LENGTH", "VARINT", "Field", "Walker", "signed"]

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
LONGEST_VARINT = 10
_SIZES = {FIXED64: 8, FIXED32: 4}


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``value`` is the number, or the length of a span; ``offset`` is the start of the
    value or of the span's content."""

    number: int
    wire: int
    value: int
    offset: int

    @property
    def end(self) -> int:
        """The offset at which a span ends."""
        return self.offset + self.value


class Walker:
    """The fields of nested messages, over one cursor. Spans are skipped unless they are walked.

    Walk or read a field before the next one, because only moving forward is cheap. The number of
    fields and the depth are bounded.
    """

    def __init__(self, cursor: Cursor, limits: Limits = DEFAULT_LIMITS) -> None:
        self.cursor = cursor
        self.limits = limits
        self._depth = 0
        self._budget = limits.begun(cursor.end)

    def top(self) -> Iterator[Field]:
        """The fields of the message that fills the source."""
        return self._fields(self.cursor.position, self.cursor.end)

    def message(self, field: Field) -> Iterator[Field]:
        """The fields of the message in ``field``'s span."""
        self._must_be(field, LENGTH)
        return self._fields(field.offset, field.end)

    def raw(self, field: Field) -> bytes:
        """The content of a span, of at most ``record_bytes``."""
        self._must_be(field, LENGTH)
        self.limits.hold("record_bytes", field.value, where=self.cursor.name)
        self.cursor.seek(field.offset)
        return self.cursor.take(field.value)

    def text(self, field: Field) -> str:
        """A span as UTF-8 text, of at most ``name_bytes``."""
        self._must_be(field, LENGTH)
        self.limits.hold("name_bytes", field.value, where=self.cursor.name)
        try:
            return self.raw(field).decode()
        except UnicodeDecodeError:
            raise self._broken("text that is not UTF-8", field.offset) from None

    def integer(self, field: Field) -> int:
        """A varint read as an int32, int64 or enum."""
        self._must_be(field, VARINT)
        return signed(field.value)

    def integers(self, field: Field) -> Iterator[int]:
        """The values of a repeated int64 field, packed or not."""
        if field.wire == VARINT:
            yield signed(field.value)
            return
        self._must_be(field, LENGTH)
        self.cursor.seek(field.offset)
        while self.cursor.position < field.end:
            self.spend()
            yield signed(self._varint(field.end))

    def spend(self, operations: int = 1) -> None:
        """Count work: each field and message, and what its reader does with it."""
        self._budget.spend(operations, self.cursor.name)

    def _fields(self, start: int, end: int) -> Iterator[Field]:
        self._depth += 1
        self.limits.hold("depth", self._depth, where=self.cursor.name)
        self.spend()
        at = start
        try:
            while at < end:
                self.spend()
                self.cursor.seek(at)
                field = self._field(at, end)
                at = field.end if field.wire == LENGTH else self.cursor.position
                yield field
        finally:
            self._depth -= 1

    def _field(self, at: int, end: int) -> Field:
        tag = self._varint(end)
        number, wire = tag >> 3, tag & 7
        if not 1 <= number < 1 << 29:
            raise self._broken(f"field number {number} is invalid", at)
        offset = self.cursor.position
        if wire == VARINT:
            return Field(number, wire, self._varint(end), offset)
        if wire == LENGTH:
            length = self._varint(end)
            offset = self.cursor.position
            if offset + length > end:
                raise self._broken(f"a field of {length} bytes runs past its end", at)
            return Field(number, wire, length, offset)
        if wire not in _SIZES or offset + _SIZES[wire] > end:
            raise self._broken(f"wire type {wire} is not supported", at)
        raw = self.cursor.take(_SIZES[wire])
        return Field(number, wire, int.from_bytes(raw, "little"), offset)

    def _varint(self, end: int) -> int:
        value = shift = 0
        start = self.cursor.position
        for _ in range(LONGEST_VARINT):
            if self.cursor.position >= end:
                raise self._broken("a number is cut short", start)
            byte = self.cursor.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFFFFFFFFFFFFFF
            shift += 7
        raise self._broken("a number of more than 10 bytes", start)

    def _must_be(self, field: Field, wire: int) -> None:
        if field.wire != wire:
            raise self._broken(f"field {field.number} has wire type {field.wire}", field.offset)

    def _broken(self, message: str, offset: int) -> Malformed:
        return Malformed(message, offset=offset, where=self.cursor.name)


def signed(value: int) -> int:
    """Read a 64-bit varint as two's complement, as int32, int64 and enums are written."""
    return value - (1 << 64) if value >= 1 << 63 else value
