"""Whatever the library compresses is decompressed, and damage is said."""

from __future__ import annotations

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neopack.errors import LimitExceeded, Malformed
from neopack.formats.guard import Limits
from neopack.formats.snappy import decompress

PIECES = st.lists(st.tuples(st.binary(max_size=40), st.integers(1, 90)), max_size=12)


@given(PIECES)
def test_what_the_library_compresses(pieces: list[tuple[bytes, int]]) -> None:
    data = b"".join(piece * times for piece, times in pieces)
    assert decompress(bytes(cramjam.snappy.compress_raw(data)), "s") == data


@given(PIECES, st.data())
def test_damage_gives_what_the_library_gives_or_is_said(
    pieces: list[tuple[bytes, int]], draw: st.DataObject
) -> None:
    whole = bytearray(cramjam.snappy.compress_raw(b"".join(p * n for p, n in pieces)))
    place = draw.draw(st.integers(0, len(whole) - 1))
    whole[place] = draw.draw(st.integers(0, 255))
    damaged = bytes(whole[: draw.draw(st.integers(1, len(whole)))])
    try:
        ours = decompress(damaged, "s")
    except (Malformed, LimitExceeded):
        with pytest.raises(cramjam.DecompressionError):
            cramjam.snappy.decompress_raw(damaged)
    else:
        assert ours == bytes(cramjam.snappy.decompress_raw(damaged))


def test_elements_that_the_library_does_not_write() -> None:
    """A literal with its length in two bytes, and a copy from four bytes back."""
    assert decompress(b"\x03\xf4\x02\x00abc", "s") == b"abc"
    assert decompress(b"\x06\x00a\x13\x01\x00\x00\x00", "s") == b"aaaaaa"


def test_no_more_than_a_record_may_have() -> None:
    with pytest.raises(LimitExceeded):
        decompress(b"\xff\xff\x7f", "s", Limits(record_bytes=1000))
