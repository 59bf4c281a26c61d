"""Write a zip archive of stored records whose data can be mapped from the file.

``zipfile`` uses zip64 from 2 GiB on, but PyTorch before 1.9 refuses such offsets in an archive
below 4 GiB. Here zip64 fields are written only if a number does not fit the narrow ones (PKWARE
APPNOTE 6.3.10, section 4.5.3), as in PyTorch's own files.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from types import TracebackType
from typing import BinaryIO, Self

from neopack.formats.zip import CENTRAL, END, END64, LOCAL, LOCATOR, WIDE, ZipRecord

__all__ = ["ALIGNMENT", "StoredZip"]

# PyTorch maps tensors from the file, so data is aligned to 64 bytes
ALIGNMENT = 64
_PADDING = b"FB"
_ZIP64 = 1
_PLAIN, _SINCE_ZIP64 = 20, 45  # the version of the format that a reader must know
_UNIX = 3 << 8
_DAY = 1 << 5 | 1  # January 1, 1980, the format's earliest date
_MODE = 0o600 << 16
_CRC_AT = 14


class StoredZip:
    """Records are added one after another; leaving the ``with`` block writes the directory."""

    def __init__(self, to: BinaryIO) -> None:
        self._to = to
        self._directory: list[tuple[ZipRecord, bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._finish()

    def add(self, name: str, size: int, chunks: Iterable[bytes]) -> None:
        """Add the record ``name``; ``chunks`` are ``size`` bytes together."""
        start, raw = self._to.tell(), name.encode()
        wide = _wide(size, size) if size >= WIDE else b""
        extra = wide + _padding(start + LOCAL.size + len(raw) + len(wide))
        self._to.write(_local(raw, size, extra))
        crc = total = 0
        for chunk in chunks:
            crc = zlib.crc32(chunk, crc)
            total += self._to.write(chunk)
        if total != size:
            raise ValueError(f"{name}: {total} bytes where {size} were declared")
        end = self._to.tell()
        self._to.seek(start + _CRC_AT)
        self._to.write(crc.to_bytes(4, "little"))
        self._to.seek(end)
        record = ZipRecord(
            name=name, size=size, compressed_size=size, offset=start, method=0, crc=crc
        )
        self._directory.append((record, extra[len(wide) :]))

    def _finish(self) -> None:
        start = self._to.tell()
        for record, padding in self._directory:
            self._to.write(_central(record, padding))
        self._to.write(_end(len(self._directory), start, self._to.tell() - start))


def _local(name: bytes, size: int, extra: bytes) -> bytes:
    needed, narrow = _needed(size), min(size, WIDE)
    fields = (needed, _flags(name), 0, 0, _DAY, 0, narrow, narrow, len(name), len(extra))
    return LOCAL.pack(b"PK\x03\x04", *fields) + name + extra


def _central(record: ZipRecord, padding: bytes) -> bytes:
    name, size, offset = record.name.encode(), record.size, record.offset
    wide = [number for number in (size, size, offset) if number >= WIDE]
    extra = (_wide(*wide) if wide else b"") + padding
    narrow, needed = min(size, WIDE), _needed(size, offset)
    fields = (needed | _UNIX, needed, _flags(name), 0, 0, _DAY, record.crc, narrow, narrow)
    lengths = (len(name), len(extra), 0, 0, 0, _MODE, min(offset, WIDE))
    return CENTRAL.pack(b"PK\x01\x02", *fields, *lengths) + name + extra


def _end(count: int, start: int, size: int) -> bytes:
    end = END.pack(
        b"PK\x05\x06", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), size, min(start, WIDE), 0
    )
    if start < WIDE and count < 0xFFFF:
        return end
    needed = (_SINCE_ZIP64, _SINCE_ZIP64, 0, 0)
    body = END64.pack(b"PK\x06\x06", END64.size - 12, *needed, count, count, size, start)
    return body + LOCATOR.pack(b"PK\x06\x07", 0, start + size, 1) + end


def _needed(*numbers: int) -> int:
    return _SINCE_ZIP64 if max(numbers) >= WIDE else _PLAIN


def _flags(name: bytes) -> int:
    """Bit 11 marks a UTF-8 name."""
    return 0 if name.isascii() else 1 << 11


def _wide(*numbers: int) -> bytes:
    return struct.pack(f"<2H{len(numbers)}Q", _ZIP64, 8 * len(numbers), *numbers)


def _padding(start: int) -> bytes:
    """An extra field that moves the data after it from ``start`` to the next boundary."""
    fill = -(start + 4) % ALIGNMENT
    return _PADDING + fill.to_bytes(2, "little") + b"Z" * fill
