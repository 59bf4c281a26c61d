"""Numbers and fields written by the rules of the encoding are read back."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from neopack.errors import NeopackError
from neopack.formats.protobuf import FIXED32, FIXED64, LENGTH, VARINT, Walker
from neopack.formats.source import BytesSource, Cursor

U64 = st.integers(0, 2**64 - 1)
FIELDS = st.lists(
    st.tuples(st.integers(1, 2**29 - 1))
    .flatmap(
        lambda n: st.tuples(st.just(n[0]), st.sampled_from([VARINT, FIXED64, FIXED32, LENGTH]))
    )
    .flatmap(
        lambda pair: st.tuples(
            st.just(pair[0]),
            st.just(pair[1]),
            {
                VARINT: U64,
                FIXED64: U64,
                FIXED32: st.integers(0, 2**32 - 1),
                LENGTH: st.binary(max_size=300),
            }[pair[1]],
        )
    ),
    max_size=12,
)


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def encoded(fields: list[tuple[int, int, int | bytes]]) -> bytes:
    out = b""
    for number, wire, value in fields:
        out += varint(number << 3 | wire)
        if isinstance(value, bytes):
            out += varint(len(value)) + value
        elif wire == VARINT:
            out += varint(value)
        else:
            out += value.to_bytes(8 if wire == FIXED64 else 4, "little")
    return out


@given(FIELDS)
def test_fields_are_read_back(fields: list[tuple[int, int, int | bytes]]) -> None:
    walker = Walker(Cursor(BytesSource("p", encoded(fields))))
    found = [
        (f.number, f.wire, walker.raw(f) if f.wire == LENGTH else f.value) for f in walker.top()
    ]
    assert found == fields


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_packed_integers_are_read_back(numbers: list[int]) -> None:
    packed = b"".join(varint(n & 0xFFFFFFFFFFFFFFFF) for n in numbers)
    walker = Walker(Cursor(BytesSource("p", b"\x0a" + varint(len(packed)) + packed)))
    assert [n for f in walker.top() for n in walker.integers(f)] == numbers


@given(st.binary(max_size=300))
def test_noise_raises_only_our_errors(data: bytes) -> None:
    walker = Walker(Cursor(BytesSource("p", data)))
    with suppress(NeopackError):
        for field in walker.top():
            if field.wire == LENGTH:
                list(walker.message(field))
