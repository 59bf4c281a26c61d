"""Read zip archives: the central directory and single records, stored or deflated, zip64 too.

Records may not overlap, repeat a name or lie outside the file, and each local header must agree
with the directory. Format: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3 (zip64).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource, TailSource

__all__ = ["LOCAL_MAGIC", "ZipDirectory", "ZipRecord", "first_name", "read_directory"]

LOCAL_MAGIC = b"PK\x03\x04"
STORED, DEFLATED = 0, 8
TAIL = 256 << 10

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
LOCATOR = struct.Struct("<4sIQI")
END64 = struct.Struct("<4sQ2H2I4Q")
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
WIDE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipRecord:
    """A record according to the central directory; ``offset`` is that of its local header."""

    name: str
    size: int
    compressed_size: int
    offset: int
    method: int
    crc: int
    encrypted: bool = False


class ZipDirectory:
    """The records of a zip archive by name, in directory order."""

    def __init__(
        self, source: ByteSource, records: Mapping[str, ZipRecord], end: int, limits: Limits
    ) -> None:
        self.records = records
        self._source = source
        self._limits = limits
        self._ends = _ends(records.values(), end, source.name)

    def read(self, name: str) -> bytes:
        """Return the content of one record, checked for size and CRC."""
        record = self.records[name]
        where = f"{self._source.name}: {name}"
        self._limits.hold("record_bytes", max(record.size, record.compressed_size), where=where)
        start = self.data_offset(name)
        raw = self._source.read(start, record.compressed_size)
        content = raw if record.method == STORED else _inflate(raw, record, where)
        if len(content) != record.size:
            raise Malformed(
                f"{len(content)} bytes where {record.size} were declared",
                offset=start,
                where=where,
            )
        # torch.serialization.set_crc32_options(False) writes zero instead of a CRC
        if record.crc and zlib.crc32(content) != record.crc:
            raise Malformed("the CRC is wrong: the record is damaged", offset=start, where=where)
        return content

    def read_many(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield name and content of each, in file order, because reading forward is cheap."""
        for name in sorted(names, key=lambda name: self.records[name].offset):
            yield name, self.read(name)

    def data_offset(self, name: str) -> int:
        """Return the start of the record's data, after a check of its local header."""
        record = self.records[name]
        where = f"{self._source.name}: {name}"
        if record.encrypted or record.method not in (STORED, DEFLATED):
            form = "encrypted" if record.encrypted else f"compressed by method {record.method}"
            raise Malformed(f"the record is {form}", offset=record.offset, where=where)
        header = self._source.read(record.offset, LOCAL.size)
        if len(header) < LOCAL.size or header[:4] != LOCAL_MAGIC:
            raise Malformed("no local header here", offset=record.offset, where=where)
        name_length, extra_length = LOCAL.unpack(header)[-2:]
        raw_name = self._source.read(record.offset + LOCAL.size, name_length)
        start: int = record.offset + LOCAL.size + name_length + extra_length
        if _name(raw_name) != name:
            raise Malformed("the local header has another name", offset=record.offset, where=where)
        if start + record.compressed_size > self._ends[record.offset]:
            raise Malformed("the record runs into the next", offset=record.offset, where=where)
        return start


def read_directory(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> ZipDirectory:
    """Read the central directory. Raises ``Malformed`` if it is missing or inconsistent."""
    tail = TailSource(source, TAIL)
    start, size, count = _end_of_directory(tail)
    limits.hold("zip_records", count, where=source.name)
    limits.hold("record_bytes", size, where=source.name)
    raw = tail.read(start, size)
    if len(raw) != size:
        raise Malformed("the zip directory lies outside the file", offset=start, where=source.name)
    limits.begun(source.size).spend(count, source.name)
    records: dict[str, ZipRecord] = {}
    for record in _central(raw, start, count, source.name):
        if record.name in records:
            raise Malformed(
                f"two records are called {record.name!r}",
                offset=record.offset,
                where=source.name,
            )
        limits.hold("name_bytes", len(record.name), where=source.name)
        records[record.name] = record
    return ZipDirectory(tail, records, start, limits)


def first_name(source: ByteSource) -> str:
    """Return the name in the first local header, which tells the format even without the end."""
    header = source.read(0, LOCAL.size)
    if len(header) < LOCAL.size or header[:4] != LOCAL_MAGIC:
        return ""
    return _name(source.read(LOCAL.size, LOCAL.unpack(header)[-2]))


def _end_of_directory(source: ByteSource) -> tuple[int, int, int]:
    """The offset, size and count of the central directory, from the record at the end."""
    window = min(source.size, END.size + 0xFFFF)
    base = source.size - window
    data = source.read(base, window)
    at = data.rfind(b"PK\x05\x06")
    while at >= 0 and at + END.size > len(data):
        at = data.rfind(b"PK\x05\x06", 0, at)
    if at < 0:
        raise Malformed(
            "the end of the zip directory is missing",
            offset=source.size,
            where=source.name,
            hint="the file is cut short; fetch or save it again",
        )
    _, disk, first_disk, _, count, size, start, _ = END.unpack_from(data, at)
    where = base + at
    if WIDE in (size, start) or count == 0xFFFF:
        return _end64(source, where)
    if disk or first_disk or start + size > where:
        raise Malformed("the zip directory is inconsistent", offset=where, where=source.name)
    return start, size, count


def _end64(source: ByteSource, end: int) -> tuple[int, int, int]:
    raw = source.read(max(0, end - LOCATOR.size), LOCATOR.size)
    if len(raw) == LOCATOR.size and raw[:4] == b"PK\x06\x07":
        at = LOCATOR.unpack(raw)[2]
        if at + END64.size <= end:
            fields = END64.unpack(source.read(at, END64.size))
            count, size, start = fields[7:]
            if fields[0] == b"PK\x06\x06" and start + size <= at:
                return start, size, count
    raise Malformed("the zip64 directory is inconsistent", offset=end, where=source.name)


def _central(raw: bytes, base: int, count: int, where: str) -> Iterator[ZipRecord]:
    at = 0
    for _ in range(count):
        if at + CENTRAL.size > len(raw) or raw[at : at + 4] != b"PK\x01\x02":
            raise Malformed("no zip directory entry here", offset=base + at, where=where)
        fields = CENTRAL.unpack_from(raw, at)
        name_end = at + CENTRAL.size + fields[10]
        extra_end = name_end + fields[11]
        if extra_end + fields[12] > len(raw):
            raise Malformed("a zip directory entry is cut short", offset=base + at, where=where)
        name, extra = raw[at + CENTRAL.size : name_end], raw[name_end:extra_end]
        size, packed, offset = _wide(fields[9], fields[8], fields[16], extra, base + at, where)
        record = ZipRecord(
            name=_name(name),
            size=size,
            compressed_size=packed,
            offset=offset,
            method=fields[4],
            crc=fields[7],
            encrypted=bool(fields[3] & _ENCRYPTED),
        )
        if record.method == STORED and size != packed and not record.encrypted:
            raise Malformed("a stored record has two sizes", offset=base + at, where=where)
        yield record
        at = extra_end + fields[12]


def _wide(
    size: int, packed: int, offset: int, extra: bytes, at: int, where: str
) -> tuple[int, int, int]:
    """The size, compressed size and offset; zip64 has those whose bits are all ones."""
    values = [size, packed, offset]
    if WIDE not in values:
        return size, packed, offset
    data = _extra_field(extra, 1)
    wide = [i for i, value in enumerate(values) if value == WIDE]
    if len(data) < 8 * len(wide):
        raise Malformed("a zip64 field is missing", offset=at, where=where)
    for place, i in enumerate(wide):
        values[i] = int.from_bytes(data[8 * place : 8 * place + 8], "little")
    return values[0], values[1], values[2]


def _extra_field(extra: bytes, field: int) -> bytes:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == field:
            return extra[at + 4 : at + 4 + length]
        at += 4 + length
    return b""


def _ends(records: Iterable[ZipRecord], end: int, where: str) -> dict[int, int]:
    """The end of each record, by its offset: the start of the next one or of the directory."""
    ordered = sorted(records, key=lambda record: record.offset)
    starts = [record.offset for record in ordered]
    ends = dict(zip(starts, [*starts[1:], end], strict=False))
    for record in ordered:
        least = record.offset + LOCAL.size + len(record.name) + record.compressed_size
        if len(ends) != len(ordered) or least > ends[record.offset]:
            raise Malformed(
                f"the record {record.name!r} overlaps what follows",
                offset=record.offset,
                where=where,
            )
    return ends


def _inflate(raw: bytes, record: ZipRecord, where: str) -> bytes:
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = engine.decompress(raw, record.size + 1)
    except zlib.error as error:
        raise Malformed(
            f"the record cannot be inflated ({error})", offset=record.offset, where=where
        ) from None
    if not engine.eof and len(content) <= record.size:
        raise Malformed("the record ends too early", offset=record.offset, where=where)
    return content


def _name(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
