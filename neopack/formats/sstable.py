"""Read the sorted tables that index TensorFlow checkpoints: keys and small values.

LevelDB's format (google/leveldb doc/table_format.md), as tensorflow/core/lib/io/table.cc writes
it: blocks of prefix-compressed keys, an index block, a footer with a magic number. A block is as
it is, or compressed by Snappy, as some releases of TensorFlow write the tables of tensor bundles.
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack.errors import Malformed
from neopack.formats import snappy
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource

__all__ = ["MAGIC", "crc32c", "is_table", "read_table"]

MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
_FOOTER = 48
_STORED, _SNAPPY = 0, 1
_TRAILER = 5  # a byte for the compression, four for the checksum
_LONGEST_VARINT = 10
# the size up to which Python computes checksums quickly; larger tables are read without them
_CHECKED_BYTES = 1 << 20


def is_table(source: ByteSource) -> bool:
    return source.size >= _FOOTER and source.read(source.size - 8, 8) == MAGIC


def read_table(
    source: ByteSource, limits: Limits = DEFAULT_LIMITS
) -> Iterator[tuple[bytes, bytes]]:
    """Yield (key, value) in table order. Raises ``Malformed`` with the offset of damage."""
    if not is_table(source):
        raise Malformed("is not a sorted table", offset=max(0, source.size - 8), where=source.name)
    start = source.size - _FOOTER
    footer = source.read(start, _FOOTER - 8)
    at = 0
    for _ in range(2):  # the handle of the metaindex block, which TensorFlow leaves empty
        _, at = _varint(footer, at, start, source)
    index = _handle(footer, at, start, source)
    count = end = 0
    for _, handle in _entries(_block(source, index, limits), index[0], source):
        where = _handle(handle, 0, index[0], source)
        if where[0] < end:  # else a block could be read without end
            raise _broken("blocks that overlap", where[0], source)
        end = sum(where)
        for entry in _entries(_block(source, where, limits), where[0], source):
            count += 1
            limits.hold("records", count, where=source.name)
            yield entry


def _block(source: ByteSource, handle: tuple[int, int], limits: Limits) -> bytes:
    offset, size = handle
    if offset + size + _TRAILER > source.size - _FOOTER:
        raise _broken(f"a block of {size} bytes runs past its end", offset, source)
    limits.hold("record_bytes", size, where=source.name)
    data = source.read(offset, size + _TRAILER)
    if data[size] not in (_STORED, _SNAPPY):
        raise _broken(f"a block with compression {data[size]}", offset + size, source)
    stored = int.from_bytes(data[size + 1 :], "little")
    if source.size <= _CHECKED_BYTES and _masked(crc32c(data[: size + 1])) != stored:
        raise _broken("a block with a wrong checksum", offset, source)
    if data[size] == _SNAPPY:
        return snappy.decompress(data[:size], source.name, limits)
    return data[:size]


def _entries(block: bytes, base: int, source: ByteSource) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a block. Its restart points are at its end."""
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 - 4 * restarts
    if len(block) < 4 or end < 0:
        raise _broken("a block without its restart points", base, source)
    at, key = 0, b""
    while at < end:
        shared, at = _varint(block, at, base, source)
        fresh, at = _varint(block, at, base, source)
        length, at = _varint(block, at, base, source)
        if shared > len(key) or at + fresh + length > end:
            raise _broken("an entry that runs past its block", base + at, source)
        key = key[:shared] + block[at : at + fresh]
        at += fresh + length
        yield key, block[at - length : at]


def _handle(data: bytes, at: int, base: int, source: ByteSource) -> tuple[int, int]:
    offset, at = _varint(data, at, base, source)
    size, _ = _varint(data, at, base, source)
    return offset, size


def _varint(data: bytes, at: int, base: int, source: ByteSource) -> tuple[int, int]:
    value = 0
    for place in range(_LONGEST_VARINT):
        if at + place >= len(data):
            break
        byte = data[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise _broken("a number is cut short", base + at, source)


def _broken(message: str, offset: int, source: ByteSource) -> Malformed:
    return Malformed(
        message,
        offset=offset,
        where=source.name,
        hint="the file is cut short or damaged; fetch or save it again",
    )


# --- CRC-32C, which the standard library lacks ----------------------------------------------


def crc32c(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF


def _masked(value: int) -> int:
    """A checksum as it is stored (leveldb util/crc32c.h)."""
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _table() -> tuple[int, ...]:
    rows = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)  # noqa: PLW2901
        rows.append(value)
    return tuple(rows)


_TABLE = _table()
