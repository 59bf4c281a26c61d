"""Links and attributes of HDF5's newer form, in a fractal heap indexed by a version 2 B-tree.

Format: The HDF Group, "HDF5 File Format Specification Version 3.0", III.A.2 and III.G. Only
uncompressed objects in the heap's own blocks are read; larger objects are not links or attributes.
"""

from __future__ import annotations

import struct
from collections.abc import Generator
from dataclasses import dataclass

from neopack.formats.hdf5_messages import Fields

__all__ = ["objects"]

DEPTH = 16
_LINKS_BY_NAME, _ATTRIBUTES_BY_NAME = 5, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heap:
    """The heap's doubling table: rows of ``width`` blocks, which double in size from the third
    row on."""

    id_length: int
    offset_bytes: int
    length_bytes: int
    width: int
    first_size: int
    largest_direct: int
    root: int
    rows: int
    checksummed: bool

    def row(self, place: int) -> int:
        """The row whose blocks hold the byte ``place`` of the heap."""
        row_bytes, row = self.width * self.first_size, 0
        while place >= row_bytes:
            row_bytes, row = row_bytes * 2, row + 1
        return row

    def block_size(self, row: int) -> int:
        return self.first_size << max(0, row - 1)

    def row_start(self, row: int) -> int:
        return self.width * self.first_size << (row - 1) if row else 0


def objects(
    fields: Fields, heap: int, index: int
) -> Generator[tuple[int, int], bytes, list[tuple[bytes, int]]]:
    """The (bytes, offset) of every object in the index."""
    head = yield heap, 22 + 12 * fields.l + 3 * fields.o + 4
    table = _heap_header(fields, head, heap)
    ids = yield from _index(fields, index, table.id_length)
    if any(number[0] & 0x30 for number in ids):
        raise fields.broken("an object outside its heap's blocks", heap)
    split = 1 + table.offset_bytes
    objects = []
    for place, raw in sorted((int.from_bytes(i[1:split], "little"), i[split:]) for i in ids):
        length = int.from_bytes(raw[: table.length_bytes], "little")
        at = yield from _locate(fields, table, place)
        data = yield at, length
        objects.append((data, at))
    return objects


def _heap_header(fields: Fields, data: bytes, offset: int) -> _Heap:
    if data[:4] != b"FRHP" or data[4] != 0:
        raise fields.broken("no fractal heap here", offset)
    id_length, filters, flags, largest = struct.unpack_from("<HHBI", data, 5)
    at = 14 + 10 * fields.l + 2 * fields.o
    width = struct.unpack_from("<H", data, at)[0]
    first = fields.length(data, at + 2, offset)
    direct = fields.length(data, at + 2 + fields.l, offset)
    bits = struct.unpack_from("<H", data, at + 2 + 2 * fields.l)[0]
    root = fields.address(data, at + 6 + 2 * fields.l, offset)
    rows = struct.unpack_from("<H", data, at + 6 + 2 * fields.l + fields.o)[0]
    if filters or not width or not first or not 0 < bits <= 64 or rows > 64:
        raise fields.broken("a fractal heap of a form that is not supported", offset)
    return _Heap(
        id_length=id_length,
        offset_bytes=-(-bits // 8),
        length_bytes=_bytes_for(min(direct, largest)),
        width=width,
        first_size=first,
        largest_direct=direct,
        root=root,
        rows=rows,
        checksummed=bool(flags & 2),
    )


def _bytes_for(value: int) -> int:
    return max(1, -(-value.bit_length() // 8))


def _locate(fields: Fields, heap: _Heap, place: int) -> Generator[tuple[int, int], bytes, int]:
    """The offset in the file of byte ``place`` of the heap."""
    block, rows = heap.root, heap.rows
    start = 0
    for _ in range(DEPTH):
        if not rows:
            return block + place - start
        row = heap.row(place - start)
        size = heap.block_size(row)
        column = (place - start - heap.row_start(row)) // size
        if row >= rows:
            break
        head = 5 + fields.o + heap.offset_bytes
        at = block + head + (row * heap.width + column) * fields.o
        data = yield at, fields.o
        block = fields.address(data, 0, at)
        start += heap.row_start(row) + column * size
        rows = 0 if size <= heap.largest_direct else heap.row(size - 1) + 1
    raise fields.broken("a fractal heap without an end", heap.root)


def _index(
    fields: Fields, address: int, id_length: int
) -> Generator[tuple[int, int], bytes, list[bytes]]:
    """The heap IDs of all records of a B-tree of version 2."""
    head = yield address, 22 + fields.o + fields.l
    if head[:4] != b"BTHD" or head[5] not in (_LINKS_BY_NAME, _ATTRIBUTES_BY_NAME):
        raise fields.broken("no index of names here", address)
    node, record, depth = struct.unpack_from("<IHH", head, 6)
    root = fields.address(head, 16, address)
    count = struct.unpack_from("<H", head, 16 + fields.o)[0]
    # a link's record begins with the hash of its name, an attribute's with the heap ID
    skip = 4 if head[5] == _LINKS_BY_NAME else 0
    if depth > DEPTH or record < skip + id_length or node < 16 + record:
        raise fields.broken("an index that does not add up", address)
    tree = _Tree(node_bytes=node, record=record, skip=skip, id_length=id_length)
    ids: list[bytes] = []
    if count:
        yield from _records(fields, tree, root, count, depth, ids)
    return ids


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tree:
    node_bytes: int
    record: int
    skip: int
    id_length: int

    def most(self, depth: int, fields: Fields) -> int:
        """How many records a node of this depth can hold."""
        if depth == 0:
            return (self.node_bytes - 10) // self.record
        pointer = self.pointer(depth, fields)
        return (self.node_bytes - 10 - pointer) // (self.record + pointer)

    def total(self, depth: int, fields: Fields) -> int:
        """How many records a tree of this depth can hold."""
        most = self.most(depth, fields)
        return most if depth == 0 else most + (most + 1) * self.total(depth - 1, fields)

    def pointer(self, depth: int, fields: Fields) -> int:
        widths = _bytes_for(self.most(depth - 1, fields))
        if depth > 1:
            widths += _bytes_for(self.total(depth - 1, fields))
        return fields.o + widths


def _records(
    fields: Fields, tree: _Tree, address: int, count: int, depth: int, ids: list[bytes]
) -> Generator[tuple[int, int], bytes, None]:
    data = yield address, 6 + count * tree.record
    if data[:4] != (b"BTIN" if depth else b"BTLF"):
        raise fields.broken("no node of an index here", address)
    for i in range(count):
        at = 6 + i * tree.record + tree.skip
        ids.append(data[at : at + tree.id_length])
    if depth:
        step = tree.pointer(depth, fields)
        pointers = yield address + len(data), (count + 1) * step
        width = _bytes_for(tree.most(depth - 1, fields))
        for i in range(count + 1):
            at = i * step + fields.o
            child = fields.address(pointers, i * step, address)
            size = int.from_bytes(pointers[at : at + width], "little")
            yield from _records(fields, tree, child, size, depth - 1, ids)
