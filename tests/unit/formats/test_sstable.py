"""Sorted tables: what TensorFlow wrote, and what damage says."""

from __future__ import annotations

from pathlib import Path

import pytest

from neopack.errors import LimitExceeded, Malformed
from neopack.formats.guard import Limits
from neopack.formats.source import BytesSource
from neopack.formats.sstable import crc32c, is_table, read_table

FIXTURES = Path(__file__).parents[3] / "fixtures" / "tensorflow"
INDEX = FIXTURES / "1.15/saved-model/variables/variables.index"


def table(data: bytes) -> list[tuple[bytes, bytes]]:
    return list(read_table(BytesSource("t", data)))


def test_the_keys_of_a_checkpoint_in_their_order() -> None:
    keys = [key for key, _ in table(INDEX.read_bytes())]
    assert keys == [b"", b"conv/bias", b"conv/kernel", b"dense/kernel"]


def test_crc_32c_by_its_published_vectors() -> None:
    """RFC 3720, B.4: 32 bytes of zeros, of ones, and counting up."""
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E


def test_a_changed_byte_in_a_block_is_seen() -> None:
    data = bytearray(INDEX.read_bytes())
    data[20] ^= 1
    with pytest.raises(Malformed, match="wrong checksum") as caught:
        table(bytes(data))
    assert caught.value.offset == 0


@pytest.mark.parametrize("length", [0, 1, 47, 48, 100])
def test_a_cut_table_is_none(length: int) -> None:
    data = INDEX.read_bytes()[:length]
    assert not is_table(BytesSource("t", data))
    with pytest.raises(Malformed, match="not a sorted table"):
        table(data)


def test_a_compressed_block_is_refused() -> None:
    data = bytearray(INDEX.read_bytes())
    first = len(data) - 48  # the trailer of the last block, the index, ends at the footer
    data[first - 5] = 1
    with pytest.raises(Malformed, match="compression 1"):
        table(bytes(data))


def test_a_block_may_not_be_larger_than_allowed() -> None:
    with pytest.raises(LimitExceeded, match="record bytes"):
        list(read_table(BytesSource("t", INDEX.read_bytes()), Limits(record_bytes=16)))
