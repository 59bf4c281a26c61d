"""What an encoder of UBJSON writes is read back alike."""

from __future__ import annotations

import contextlib
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neopack.errors import NeopackError
from neopack.formats.source import BytesSource
from neopack.formats.ubjson import NUMBERS, Packed, read_ubjson

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=20,
)


def encoded(value: Any, *, counted: bool = False) -> bytes:
    match value:
        case None:
            return b"Z"
        case bool():
            return b"T" if value else b"F"
        case int():
            return b"L" + struct.pack(">q", value)
        case float():
            return b"D" + struct.pack(">d", value)
        case str():
            return b"S" + text(value)
        case list():
            items = [encoded(item, counted=counted) for item in value]
            return container(b"[", b"]", items, counted=counted)
        case _:
            pairs = [text(k) + encoded(v, counted=counted) for k, v in value.items()]
            return container(b"{", b"}", pairs, counted=counted)


def text(value: str) -> bytes:
    data = value.encode()
    return b"U" + bytes([len(data)]) + data


def container(start: bytes, end: bytes, items: list[bytes], *, counted: bool) -> bytes:
    if counted:
        return start + b"#l" + struct.pack(">i", len(items)) + b"".join(items)
    return start + b"".join(items) + end


def read(data: bytes) -> Any:
    return read_ubjson(BytesSource("value", data))


@given(VALUES, st.booleans())
def test_any_value_reads_back(value: Any, counted: bool) -> None:
    assert read(encoded(value, counted=counted)) == value


@given(st.sampled_from("iUIlL"), st.lists(st.integers(0, 127), max_size=30))
def test_typed_arrays_stay_packed(code: str, values: list[int]) -> None:
    data = struct.pack(f">{len(values)}{NUMBERS[code].format[1]}", *values)
    found = read(b"[$" + code.encode() + b"#l" + struct.pack(">i", len(values)) + data)
    assert isinstance(found, Packed)
    assert list(found.values()) == values


@given(VALUES, st.data())
def test_no_truncation_reads(value: Any, data: st.DataObject) -> None:
    whole = encoded(value)
    end = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(NeopackError):
        read(whole[:end])


@given(st.binary(max_size=200))
def test_garbage_is_an_error_of_ours_or_a_value(data: bytes) -> None:
    with contextlib.suppress(NeopackError):
        read(data)
