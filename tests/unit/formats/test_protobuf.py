"""neopack.formats.protobuf: spans, bounds and what is refused."""

from __future__ import annotations

import pytest

from neopack.errors import LimitExceeded, Malformed
from neopack.formats.guard import Limits
from neopack.formats.protobuf import FIXED32, FIXED64, LENGTH, VARINT, Field, Walker, signed
from neopack.formats.source import BytesSource, Cursor


def walker(data: bytes, limits: Limits | None = None) -> Walker:
    return Walker(Cursor(BytesSource("p.pb", data)), limits or Limits())


def test_fields_and_spans() -> None:
    data = b"\x08\x96\x01" + b"\x12\x03abc" + b"\x19" + bytes(7) + b"\x01" + b"\x25\x02\0\0\0"
    fields = list(walker(data).top())
    assert fields == [
        Field(1, VARINT, 150, 1),
        Field(2, LENGTH, 3, 5),
        Field(3, FIXED64, 1 << 56, 9),
        Field(4, FIXED32, 2, 18),
    ]
    assert walker(data).text(fields[1]) == "abc"


def test_a_span_may_be_walked_or_left() -> None:
    data = b"\x0a\x04\x0a\x02hi" + b"\x10\x07"
    one = walker(data)
    texts = [
        one.text(inner)
        for field in one.top()
        if field.wire == LENGTH
        for inner in one.message(field)
    ]
    assert texts == ["hi"]
    assert [field.number for field in walker(data).top()] == [1, 2]


def test_payloads_are_not_read() -> None:
    class Holey(BytesSource):
        read_bytes = 0

        def read(self, offset: int, length: int) -> bytes:
            self.read_bytes += length
            return super().read(offset, length)

    big = 10 << 20
    source = Holey("h", b"\x0a\x80\x80\x80\x05" + bytes(big) + b"\x10\x01")
    assert [field.number for field in Walker(Cursor(source)).top()] == [1, 2]
    assert source.read_bytes < 20_000


def test_repeated_integers_packed_and_not() -> None:
    minus_one = b"\xff" * 9 + b"\x01"
    packed = walker(b"\x0a\x0d\x01\xac\x02" + minus_one)
    assert [n for f in packed.top() for n in packed.integers(f)] == [1, 300, -1]
    single = walker(b"\x08\x01\x08" + minus_one)
    assert [n for f in single.top() for n in single.integers(f)] == [1, -1]
    assert signed((1 << 64) - 2) == -2


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b"\x08", 1),
        (b"\x08\x80", 1),
        (b"\x08" + b"\x80" * 10 + b"\x01", 1),
        (b"\x08\x01\x12\x05abc", 2),
        (b"\x0b", 0),
        (b"\x0c", 0),
        (b"\x0f", 0),
        (b"\x00\x01", 0),
        (b"\x0d\x01\x02", 0),
        (b"\x09\x01\x02", 0),
        (b"\x12" + b"\xff" * 9 + b"\x01", 0),
    ],
)
def test_malformed(data: bytes, offset: int) -> None:
    with pytest.raises(Malformed) as caught:
        list(walker(data).top())
    assert (caught.value.offset, caught.value.where) == (offset, "p.pb")


def test_a_field_stays_inside_its_message() -> None:
    one = walker(b"\x0a\x02\x0a\x03abcd")
    with pytest.raises(Malformed, match="runs past"):
        [list(one.message(field)) for field in one.top()]


def test_wire_types_are_checked_where_they_are_read() -> None:
    one = walker(b"\x08\x01")
    field = next(one.top())
    for read in (one.text, one.raw, one.message):
        with pytest.raises(Malformed, match="wire type 0"):
            read(field)
    one = walker(b"\x0a\x01\xff")
    field = next(one.top())
    with pytest.raises(Malformed, match="wire type 2"):
        one.integer(field)
    with pytest.raises(Malformed, match="UTF-8"):
        one.text(field)


def test_depth_count_and_text_are_bounded() -> None:
    nested = b""
    for _ in range(10):
        nested = b"\x0a" + bytes([len(nested)]) + nested
    one = walker(nested, Limits(depth=5))

    def descend(field: Field) -> None:
        for inner in one.message(field):
            descend(inner)

    with pytest.raises(LimitExceeded, match="depth"):
        descend(next(one.top()))
    with pytest.raises(LimitExceeded, match="operations"):
        list(walker(b"\x08\x01" * 20, Limits(operations=10)).top())
    packed = walker(b"\x0a\x14" + b"\x01" * 20, Limits(operations=10))
    field = next(packed.top())
    with pytest.raises(LimitExceeded, match="operations"):
        list(packed.integers(field))
    long = walker(b"\x0a\x03abc", Limits(name_bytes=2))
    field = next(long.top())
    with pytest.raises(LimitExceeded, match="name bytes"):
        long.text(field)
    raw = walker(b"\x0a\x03abc", Limits(record_bytes=2))
    field = next(raw.top())
    with pytest.raises(LimitExceeded, match="record bytes"):
        raw.raw(field)


def test_depth_is_given_back() -> None:
    one = walker(b"\x0a\x02\x08\x01" * 50, Limits(depth=2))
    for field in one.top():
        next(one.message(field))
