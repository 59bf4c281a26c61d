"""Decode the structures of an HDF5 file: superblock, object headers, messages.

Format: The HDF Group, "HDF5 File Format Specification Version 3.0", sections II to IV. Nothing
here reads a file: functions take bytes and their offset, and return values.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from neopack.errors import Malformed
from neopack.values.json import Json

__all__ = ["Attribute", "DType", "Fields", "Header", "Linked", "Message", "Raw"]

_FLOATS = {(2, 5): "float16", (2, 8): "bfloat16", (4, 8): "float32", (8, 11): "float64"}
_INTEGER, _FLOAT, _STRING, _COMPOUND, _ENUM, _VLEN = 0, 1, 3, 6, 8, 9
_RANK_LIMIT = 32


class Message(IntEnum):
    """The kinds of header messages that are read."""

    DATASPACE = 0x01
    LINK_INFO = 0x02
    DATATYPE = 0x03
    LINK = 0x06
    EXTERNAL = 0x07
    LAYOUT = 0x08
    ATTRIBUTE = 0x0C
    CONTINUATION = 0x10
    SYMBOL_TABLE = 0x11
    ATTRIBUTE_INFO = 0x15


class Raw(NamedTuple):
    """A header message as stored in the file."""

    kind: int
    data: bytes
    offset: int
    shared: bool


class Linked(NamedTuple):
    """A link of a group. ``address`` is None if it is not followed; ``kind`` says why."""

    name: str
    address: int | None
    kind: str = "hard"


class DType(NamedTuple):
    """``name`` is numpy's name, or "" if numpy has none; ``size`` is bytes per element."""

    name: str
    size: int
    vlen_text: bool = False


class Attribute(NamedTuple):
    """``pointers`` are the (length, heap, index) of strings in a global heap."""

    name: str
    value: Json
    pointers: list[tuple[int, int, int]] | None
    scalar: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The layout of messages in an object header of version 1 or 2."""

    version: int
    where: str
    ordered: bool = False

    def continued(self, address: int, length: int) -> tuple[int, int]:
        """The (start, length) of the messages in a continuation block."""
        return (address, length) if self.version == 1 else (address + 4, max(0, length - 8))

    def messages(self, data: bytes, offset: int) -> Iterator[Raw]:
        head = 8 if self.version == 1 else 6 if self.ordered else 4
        at = 0
        while at + head <= len(data):
            if self.version == 1:
                kind, size, flags = struct.unpack_from("<HHB", data, at)
            else:
                kind, size, flags = struct.unpack_from("<BHB", data, at)
            start = at + head
            if start + size > len(data):
                raise Malformed(
                    "a header message runs past its end", offset=offset + at, where=self.where
                )
            body = data[start : start + size]
            yield Raw(kind=kind, data=body, offset=offset + start, shared=bool(flags & 2))
            at = start + size


class Fields:
    """Reads structures; the widths of addresses and lengths come from the superblock."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.o = self.l = 8

    # --- the file -----------------------------------------------------------------------

    def superblock(self, data: bytes) -> tuple[int, int]:
        """The address of the root object, and the size that the file had when written."""
        self._need(data, 0, 48, 0)
        version = data[8]
        if version in (0, 1):
            self.o, self.l = data[13], data[14]
            at = 24 + 4 * version
        elif version in (2, 3):
            self.o, self.l = data[9], data[10]
            at = 12
        else:
            raise self.broken(f"a superblock of version {version}", 8)
        if self.o not in (4, 8) or self.l not in (4, 8):
            raise self.broken(f"addresses of {self.o} and lengths of {self.l} bytes", 9)
        base = self.address(data, at, 0)
        if base:
            raise self.broken("does not start at its own beginning", at)
        end = self.address(data, at + 2 * self.o, 0)
        root = self.address(data, at + (5 if version < 2 else 3) * self.o, 0)
        return root, end

    def object_header(self, data: bytes, offset: int) -> tuple[int, int, Header]:
        """The start, length and layout of an object's messages, from its first 34 bytes."""
        self._need(data, 0, 16, offset)
        if data[:4] == b"OHDR" and data[4] == 2:
            flags, at = data[5], 6 + (16 if data[5] & 0x20 else 0) + (4 if data[5] & 0x10 else 0)
            width = 1 << (flags & 3)
            self._need(data, at, width, offset)
            size = int.from_bytes(data[at : at + width], "little")
            start = offset + at + width
            return start, size, Header(version=2, where=self.where, ordered=bool(flags & 4))
        if data[0] == 1:
            size = struct.unpack_from("<I", data, 8)[0]
            return offset + 16, size, Header(version=1, where=self.where)
        raise self.broken("no object header here", offset)

    # --- groups -------------------------------------------------------------------------

    @property
    def tree_head_size(self) -> int:
        return 8 + 2 * self.o

    def tree_head(self, data: bytes, offset: int) -> tuple[int, int]:
        """The (level, entries) of a version 1 B-tree node of a group's symbols."""
        if data[:4] != b"TREE" or data[4] != 0:
            raise self.broken("no tree of symbols here", offset)
        return data[5], struct.unpack_from("<H", data, 6)[0]

    def tree_entries_size(self, count: int) -> int:
        return count * (self.o + self.l)

    def tree_children(self, data: bytes, count: int) -> list[int]:
        step = self.o + self.l
        return [self.address(data, i * step + self.l, 0) for i in range(count)]

    @property
    def local_heap_size(self) -> int:
        return 8 + 2 * self.l + self.o

    def local_heap(self, data: bytes, offset: int) -> tuple[int, int]:
        """The (start, length) of the names."""
        if data[:4] != b"HEAP":
            raise self.broken("no heap of names here", offset)
        return self.address(data, 8 + 2 * self.l, offset), self.length(data, 8, offset)

    def symbol_count(self, data: bytes, offset: int) -> int:
        if data[:4] != b"SNOD":
            raise self.broken("no symbol node here", offset)
        return int(struct.unpack_from("<H", data, 6)[0])

    @property
    def symbol_size(self) -> int:
        return 2 * self.o + 24

    def symbols(self, data: bytes, names: bytes, offset: int) -> Iterator[Linked]:
        for at in range(0, len(data), self.symbol_size):
            start = self.address(data, at, offset)
            end = names.find(b"\0", start)
            if not 0 <= start < len(names) or end < 0:
                raise self.broken("a name outside its heap", offset + at)
            name = self.name(names[start:end], offset + at)
            cached = struct.unpack_from("<I", data, at + 2 * self.o)[0]
            address = self.address(data, at + self.o, offset)
            yield Linked(name, None, "soft") if cached == 2 else Linked(name, address)

    def link(self, data: bytes, offset: int) -> Linked:
        self._need(data, 0, 4, offset)
        version, flags = data[0], data[1]
        if version != 1:
            raise self.broken(f"a link of version {version}", offset)
        at = 2
        kind = data[at] if flags & 8 else 0
        at += bool(flags & 8) + (8 if flags & 4 else 0) + bool(flags & 16)
        width = 1 << (flags & 3)
        self._need(data, at, width, offset)
        length = int.from_bytes(data[at : at + width], "little")
        at += width
        self._need(data, at, length, offset)
        name = self.name(data[at : at + length], offset)
        if kind == 0:
            return Linked(name, self.address(data, at + length, offset))
        return Linked(name, None, {1: "soft", 64: "external"}.get(kind, "user-defined"))

    def link_info(self, raw: Raw) -> tuple[int | None, int]:
        """The addresses of the fractal heap (None if links are in the header) and its index."""
        self._need(raw.data, 0, 2, raw.offset)
        return self._dense(raw, 2 + (8 if raw.data[1] & 1 else 0))

    def attribute_info(self, raw: Raw) -> tuple[int | None, int]:
        self._need(raw.data, 0, 2, raw.offset)
        return self._dense(raw, 2 + (2 if raw.data[1] & 1 else 0))

    def _dense(self, raw: Raw, at: int) -> tuple[int | None, int]:
        heap = self.address(raw.data, at, raw.offset)
        index = self.address(raw.data, at + self.o, raw.offset)
        return (None if heap == self.undefined else heap), index

    def name(self, raw: bytes, offset: int) -> str:
        text = raw.decode("utf-8", "surrogateescape")
        if not text or "/" in text or "\0" in text:
            raise self.broken("a link without a proper name", offset)
        return text

    # --- datasets -----------------------------------------------------------------------

    def dataspace(self, data: bytes, offset: int) -> tuple[int, ...]:
        self._need(data, 0, 4, offset)
        version, rank = data[0], data[1]
        if version not in (1, 2) or rank > _RANK_LIMIT:
            raise self.broken(f"a dataspace of version {version} and rank {rank}", offset)
        at = 8 if version == 1 else 4
        if version == 2 and data[3] == 2:
            return (0,)  # no elements at all
        self._need(data, at, rank * self.l, offset)
        return tuple(self.length(data, at + i * self.l, offset) for i in range(rank))

    def datatype(self, data: bytes, offset: int) -> DType:
        self._need(data, 0, 8, offset)
        kind, bits = data[0] & 15, data[1]
        size = struct.unpack_from("<I", data, 4)[0]
        if kind == _INTEGER and size in (1, 2, 4, 8):
            return DType(f"{'' if bits & 8 else 'u'}int{8 * size}", size)
        if kind == _FLOAT:
            self._need(data, 0, 20, offset)
            return DType(_FLOATS.get((size, data[13]), ""), size)
        if kind == _STRING:
            return DType("str", size)
        if kind == _ENUM:
            return DType("bool" if size == 1 else "", size)
        return DType("", size, vlen_text=kind == _VLEN and bits & 15 == 1)

    def contiguous(self, data: bytes, offset: int) -> tuple[int, int] | None:
        """The (address, length) of a contiguous dataset; None for another layout, and if nothing
        was written yet."""
        self._need(data, 0, 2, offset)
        if data[0] not in (3, 4) or data[1] > 2:
            raise self.broken("a dataset of a layout that is not supported", offset)
        if data[1] != 1:
            return None
        address = self.address(data, 2, offset)
        length = self.length(data, 2 + self.o, offset)
        return None if address == self.undefined else (address, length)

    # --- attributes ---------------------------------------------------------------------

    def attribute(self, data: bytes, offset: int) -> Attribute:
        self._need(data, 0, 8, offset)
        version, flags = data[0], data[1]
        sizes = struct.unpack_from("<HHH", data, 2)
        if version not in (1, 2, 3) or (version > 1 and flags & 3):
            raise self.broken(f"an attribute of version {version}", offset)
        at, parts = 9 if version == 3 else 8, []
        for size in sizes:
            self._need(data, at, size, offset)
            parts.append((data[at : at + size], offset + at))
            at += -(-size // 8) * 8 if version == 1 else size
        name = parts[0][0].split(b"\0")[0].decode("utf-8", "surrogateescape")
        dtype, shape = self.datatype(*parts[1]), self.dataspace(*parts[2])
        count = 1
        for dim in shape:
            count *= dim
        length = count * dtype.size
        self._need(data, at, length, offset)
        raw = data[at : at + length]
        if dtype.vlen_text:
            return Attribute(name, None, self._pointers(raw, offset + at, dtype), not shape)
        values = self._values(raw, dtype, count)
        return Attribute(name, values if shape else values[0] if values else None, None, not shape)

    def _pointers(self, raw: bytes, offset: int, dtype: DType) -> list[tuple[int, int, int]]:
        step = 8 + self.o
        if dtype.size != step:
            raise self.broken("a pointer to a text of another size", offset)
        return [
            (
                struct.unpack_from("<I", raw, at)[0],
                self.address(raw, at + 4, offset),
                struct.unpack_from("<I", raw, at + 4 + self.o)[0],
            )
            for at in range(0, len(raw), step)
        ]

    def _values(self, raw: bytes, dtype: DType, count: int) -> list[Json]:
        """The elements as strings or numbers; None for types that Keras does not write."""
        if dtype.name == "str":
            cut = (raw[i : i + dtype.size] for i in range(0, len(raw), dtype.size or 1))
            return [item.rstrip(b"\0").decode("utf-8", "surrogateescape") for item in cut]
        codes = {"float16": "e", "float32": "f", "float64": "d", "bool": "?"}
        codes |= {f"int{8 << i}": code for i, code in enumerate("bhiq")}
        codes |= {f"uint{8 << i}": code for i, code in enumerate("BHIQ")}
        code = codes.get(dtype.name)
        return list(struct.unpack(f"<{count}{code}", raw)) if code else []

    # --- texts kept elsewhere -----------------------------------------------------------

    @property
    def global_heap_head(self) -> int:
        return 8 + self.l

    def global_heap_size(self, data: bytes, offset: int) -> int:
        if data[:4] != b"GCOL" or data[4] != 1:
            raise self.broken("no heap of texts here", offset)
        return self.length(data, 8, offset)

    def global_heap(self, data: bytes, offset: int) -> Mapping[int, bytes]:
        """The objects of a collection by number."""
        objects: dict[int, bytes] = {}
        at = self.global_heap_head
        while at + 8 + self.l <= len(data):
            number = struct.unpack_from("<H", data, at)[0]
            size = self.length(data, at + 8, offset)
            start = at + 8 + self.l
            if number == 0:
                break
            self._need(data, start, size, offset)
            objects[number] = data[start : start + size]
            at = start + -(-size // 8) * 8
        return objects

    # --- numbers ------------------------------------------------------------------------

    @property
    def undefined(self) -> int:
        return (1 << 8 * self.o) - 1

    def pair(self, raw: Raw) -> tuple[int, int]:
        """The two addresses, or the address and length, at the start of a message."""
        first = self.address(raw.data, 0, raw.offset)
        return first, self.length(raw.data, self.o, raw.offset)

    def address(self, data: bytes, at: int, offset: int) -> int:
        self._need(data, at, self.o, offset)
        return int.from_bytes(data[at : at + self.o], "little")

    def length(self, data: bytes, at: int, offset: int) -> int:
        self._need(data, at, self.l, offset)
        return int.from_bytes(data[at : at + self.l], "little")

    def _need(self, data: bytes, at: int, length: int, offset: int) -> None:
        if at + length > len(data):
            raise self.broken(
                f"{length} bytes expected, {max(0, len(data) - at)} left", offset + at
            )

    def broken(self, message: str, offset: int) -> Malformed:
        return Malformed(message, offset=offset, where=self.where)
