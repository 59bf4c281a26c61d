"""neopack.formats.flatbuffer: what the flatbuffers package writes, bounds and what is refused."""

from __future__ import annotations

import struct

import pytest

from neopack.errors import LimitExceeded, Malformed
from neopack.formats.flatbuffer import Flatbuffer
from neopack.formats.guard import Limits
from neopack.formats.source import BytesSource

# a vtable of three fields, the root with the last left out, a string, a vector of two int32
WHOLE = b"".join(
    [
        struct.pack("<I4s", 20, b"TEST"),
        struct.pack("<HHHHHH", 10, 12, 4, 8, 0, 0),  # at 8
        struct.pack("<iII", 12, 8, 12),  # at 20: fields 0 and 1 at 24 and 28
        struct.pack("<I4s", 2, b"hi\0\0"),  # at 32
        struct.pack("<Iii", 2, -1, 7),  # at 40
    ]
)


def buffer(data: bytes = WHOLE, limits: Limits | None = None) -> Flatbuffer:
    return Flatbuffer(BytesSource("f", data), limits or Limits())


def changed(at: int, form: str, *values: int) -> bytes:
    data = bytearray(WHOLE)
    struct.pack_into(form, data, at, *values)
    return bytes(data)


def test_fields_by_their_numbers() -> None:
    read = buffer()
    assert read.identifier == b"TEST"
    root = read.root()
    assert root.text(0) == "hi"
    assert root.numbers(1, "i") == (-1, 7)
    assert root.number(2, "i", 5) == 5
    assert root.text(9) == ""
    assert root.vector(2) is None


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_no_cut_goes_unseen(length: int) -> None:
    with pytest.raises(Malformed):  # noqa: PT012 - where it is seen depends on the cut
        root = buffer(WHOLE[:length]).root()
        root.text(0)
        root.numbers(1, "i")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (changed(0, "<I", 0), "points outside"),
        (changed(0, "<I", 4000), "points outside"),
        (changed(20, "<i", -4000), "ends too early"),
        (changed(20, "<i", 4000), "ends too early"),
        (changed(8, "<H", 9), "vtable of 9"),
        (changed(8, "<H", 0x7000), "vtable of"),
        (changed(10, "<H", 2), "table of 2"),
        (changed(10, "<H", 0x7000), "past the end"),
        (changed(12, "<H", 2), "field 0 lies outside"),
        (changed(12, "<H", 10), "field 0 lies outside"),
        (changed(32, "<I", 4000), "vector of 4000 elements"),
        (changed(36, "<H", 0xFFFF), "not UTF-8"),
    ],
)
def test_what_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=f"{words}.* at byte"):
        buffer(data).root().text(0)


def test_bounds() -> None:
    with pytest.raises(LimitExceeded, match="name bytes"):
        buffer(limits=Limits(name_bytes=1)).root().text(0)
    with pytest.raises(LimitExceeded, match="records"):
        buffer(limits=Limits(records=1)).root().numbers(1, "i")
    with pytest.raises(LimitExceeded, match="operations"):
        buffer(limits=Limits(operations=2)).root().numbers(1, "i")


def test_texts_that_lie_in_each_other_are_refused() -> None:
    read = buffer(struct.pack("<I", 32) * 16 + bytes(32))
    assert [len(read.text(at)) for at in (0, 4, 8, 8)] == [32] * 4
    with pytest.raises(Malformed, match="overlap"):
        read.text(12)
