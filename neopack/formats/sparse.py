"""Sparse members of a tar, as ``tar -S`` writes them: the data alone, and a map of where it goes.

Formats: GNU tar manual, "Storing Sparse Files": the old GNU format, PAX 0.0, 0.1 and 1.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from neopack.errors import Malformed

__all__ = ["Extent", "SparseMap", "gnu_map", "map_of_records", "pax_map", "read_sparse"]

BLOCK = 512
# both bound what a map may cost; a real one has a few extents
MOST_EXTENTS = 1 << 16
LONGEST_LINE = 24
ZEROS = 1 << 20
_HEADER_EXTENTS, _HEADER_MORE, _REAL_SIZE = (386, 4), 482, 483
_BLOCK_EXTENTS, _BLOCK_MORE = (0, 21), 504


class Extent(NamedTuple):
    """``length`` bytes of data that stand at ``offset`` of the file, and at ``stored`` of the
    member's data in the tar. Between extents there are zeros."""

    offset: int
    length: int
    stored: int


class SparseMap(NamedTuple):
    """Where the data of a file of ``size`` bytes goes."""

    size: int
    extents: tuple[Extent, ...]


class Forward(Protocol):
    def read_exactly(self, length: int) -> bytes: ...


def gnu_map(header: bytes, stream: Forward, number: Callable[[bytes], int]) -> SparseMap:
    """The map in a header of type ``S`` and in the blocks that follow it, which are read."""
    pairs = list(_pairs(header, *_HEADER_EXTENTS, number))
    more = header[_HEADER_MORE]
    while more:
        block = stream.read_exactly(BLOCK)
        pairs += _pairs(block, *_BLOCK_EXTENTS, number)
        more = block[_BLOCK_MORE]
        if len(pairs) > MOST_EXTENTS:
            raise Malformed("a sparse member has too many pieces")
    return _map(number(header[_REAL_SIZE : _REAL_SIZE + 12]), pairs)


def _pairs(
    block: bytes, start: int, count: int, number: Callable[[bytes], int]
) -> Iterator[tuple[int, int]]:
    for at in range(start, start + 24 * count, 24):
        if block[at]:
            yield number(block[at : at + 12]), number(block[at + 12 : at + 24])


def map_of_records(records: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The map as PAX 0.1 writes it, of 0.0: there each piece repeats two records."""
    offsets = [value for key, value in records if key == "GNU.sparse.offset"]
    lengths = [value for key, value in records if key == "GNU.sparse.numbytes"]
    pairs = zip(offsets, lengths, strict=False)
    return {"GNU.sparse.map": ",".join(",".join(pair) for pair in pairs)} if offsets else {}


def pax_map(pax: Mapping[str, str], stream: Forward) -> SparseMap | None:
    """The map that pax headers tell, or that stands before the data and is read there; None for a
    member that is not sparse."""
    if pax.get("GNU.sparse.major") == "1":
        return _map_in_data(pax, stream)
    if "GNU.sparse.map" in pax:
        numbers = [_decimal(text) for text in pax["GNU.sparse.map"].split(",")]
        pairs = list(zip(numbers[::2], numbers[1::2], strict=False))
        return _map(_decimal(pax.get("GNU.sparse.size", "")), pairs)
    return None


def _map_in_data(pax: Mapping[str, str], stream: Forward) -> SparseMap:
    """Version 1.0: decimal lines before the data, padded to whole blocks."""
    lines = _Lines(stream)
    count = lines.number()
    if count > MOST_EXTENTS:
        raise Malformed("a sparse member has too many pieces")
    pairs = [(lines.number(), lines.number()) for _ in range(count)]
    return _map(_decimal(pax.get("GNU.sparse.realsize", "")), pairs)


class _Lines:
    def __init__(self, stream: Forward) -> None:
        self._stream, self._buffer = stream, b""

    def number(self) -> int:
        while b"\n" not in self._buffer:
            if len(self._buffer) > LONGEST_LINE:
                raise Malformed("the map of a sparse member is not of numbers")
            self._buffer += self._stream.read_exactly(BLOCK)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return _decimal(line.decode("ascii", "replace"))


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < LONGEST_LINE):
        raise Malformed("the map of a sparse member is not of numbers")
    return int(text)


def _map(size: int, pairs: Sequence[tuple[int, int]]) -> SparseMap:
    extents, stored, end = [], 0, 0
    for offset, length in pairs:
        if offset < end or offset + length > size:
            raise Malformed("the pieces of a sparse member overlap or lie outside of it")
        if length:
            extents.append(Extent(offset, length, stored))
        stored, end = stored + length, offset + length
    return SparseMap(size, tuple(extents))


def read_sparse(
    sparse: SparseMap, offset: int, length: int, read: Callable[[int, int], bytes]
) -> Iterator[bytes]:
    """``length`` bytes of the file from ``offset`` on, in pieces; ``read`` gives those of a place
    in the stored data."""
    at, end = offset, min(offset + length, sparse.size)
    for extent in sparse.extents:
        first, last = max(at, extent.offset), min(end, extent.offset + extent.length)
        if first < last:
            yield from _zeros(first - at)
            yield from _data(extent.stored + first - extent.offset, last - first, read)
            at = last
    yield from _zeros(end - at)


def _zeros(length: int) -> Iterator[bytes]:
    for start in range(0, length, ZEROS):
        yield bytes(min(ZEROS, length - start))


def _data(place: int, length: int, read: Callable[[int, int], bytes]) -> Iterator[bytes]:
    for start in range(0, length, ZEROS):
        yield read(place + start, min(ZEROS, length - start))
