"""Sorted tables: what TensorFlow wrote, and what damage says."""

from __future__ import annotations

from pathlib import Path

import cramjam
import pytest

from neopack.errors import LimitExceeded, Malformed
from neopack.formats.guard import Limits
from neopack.formats.source import BytesSource
from neopack.formats.sstable import MAGIC, _masked, crc32c, is_table, read_table

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


def test_an_unknown_compression_is_refused() -> None:
    data = bytearray(INDEX.read_bytes())
    first = len(data) - 48  # the trailer of the last block, the index, ends at the footer
    data[first - 5] = 2
    with pytest.raises(Malformed, match="compression 2"):
        table(bytes(data))


def varint(value: int) -> bytes:
    low = bytes([value & 0x7F | (0x80 if value > 0x7F else 0)])
    return low + (varint(value >> 7) if value > 0x7F else b"")


def compressed(handles: int = 1) -> bytes:
    """The index of a fixture as TensorFlow writes it with Snappy: a block of data, which
    ``handles`` entries name, an empty metaindex, an index."""
    whole = INDEX.read_bytes()
    data = whole[: int.from_bytes(whole[-48:-47], "little")]  # up to the metaindex and its trailer
    block = trailed(bytes(cramjam.snappy.compress_raw(data[:-5])), 1)
    meta = trailed(bytes(4) + (1).to_bytes(4, "little"), 0)
    handle = varint(0) + varint(len(block) - 5)
    entries = b"".join(varint(0) + varint(1) + varint(len(handle)) + bytes([at]) + handle
                       for at in range(100, 100 + handles))  # fmt: skip
    last = trailed(
        bytes(cramjam.snappy.compress_raw(entries + bytes(4) + (1).to_bytes(4, "little"))), 1
    )
    footer = varint(len(block)) + varint(len(meta) - 5)
    footer += varint(len(block) + len(meta)) + varint(len(last) - 5)
    return block + meta + last + footer.ljust(40, b"\0") + MAGIC


def trailed(block: bytes, compression: int) -> bytes:
    kind = bytes([compression])
    return block + kind + _masked(crc32c(block + kind)).to_bytes(4, "little")


def test_a_table_that_snappy_compressed(tmp_path: Path) -> None:
    import tensorflow as tf

    assert table(compressed()) == table(INDEX.read_bytes())
    (tmp_path / "v.index").write_bytes(compressed())
    names = [name for name, _ in tf.train.list_variables(str(tmp_path / "v"))]
    assert names == ["conv/bias", "conv/kernel", "dense/kernel"]


def test_a_block_that_is_named_again_and_again() -> None:
    with pytest.raises(Malformed, match="overlap"):
        table(compressed(2))


def test_a_compressed_block_may_not_be_larger_than_allowed() -> None:
    with pytest.raises(LimitExceeded, match="record bytes"):
        list(read_table(BytesSource("t", compressed()), Limits(record_bytes=90)))


def test_a_block_may_not_be_larger_than_allowed() -> None:
    with pytest.raises(LimitExceeded, match="record bytes"):
        list(read_table(BytesSource("t", INDEX.read_bytes()), Limits(record_bytes=16)))
