"""Files that are compressed as a whole, as joblib writes them: zlib, gzip, bzip2, LZMA and xz.

Only Python's standard library is used, which does not read LZ4.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource, BytesSource

__all__ = ["LZ4", "expanded", "head_of", "is_compressed", "is_packed"]

GZIP = b"\x1f\x8b"
LZ4 = b"\x04\x22\x4d\x18"
READ, CHUNK = 64 << 10, 1 << 20
# bzip2 gives nothing before the end of a block, of at most 900 kB
LARGEST_BLOCK = 1 << 20
MAGIC = 6
PICKLE = b"\x80"


class _Decompressor(Protocol):
    """What zlib's has under other names: at most so many bytes at once, until ``eof``."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Zlib:
    """zlib's, which gives back what it did not take, as the others have it."""

    def __init__(self, window: int) -> None:
        self._inner, self._left = zlib.decompressobj(window), b""

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._left

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = self._inner.decompress(self._left + data, max_length)
        self._left = self._inner.unconsumed_tail
        return out


_KINDS: tuple[tuple[tuple[bytes, ...], Callable[[], _Decompressor]], ...] = (
    ((b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"), lambda: _Zlib(zlib.MAX_WBITS)),
    ((GZIP,), lambda: _Zlib(zlib.MAX_WBITS | 16)),
    ((b"BZh",), bz2.BZ2Decompressor),
    ((b"\xfd7zXZ\0",), lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ)),
    (
        (b"\x5d\0\0", b"\x5d\0\x40", b"\x5d\0\x80"),
        lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE),
    ),
)
_BROKEN = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError)


def is_packed(source: ByteSource) -> bool:
    """Whether this may be a .tar.gz: a gzip of anything but a pickle, which joblib writes."""
    return source.read(0, len(GZIP)) == GZIP and not head_of(source, 1).startswith(PICKLE)


def is_compressed(source: ByteSource) -> bool:
    return _decompressor(source) is not None


def head_of(source: ByteSource, length: int) -> bytes:
    """The first bytes of what is in a compressed file; of another, its own. Empty for damage."""
    decompressor = _decompressor(source)
    if decompressor is None:
        return source.read(0, length)
    out = bytearray()
    try:
        for part in _parts(source, decompressor, min(source.size, LARGEST_BLOCK), length):
            out += part
            if len(out) >= length:
                break
    except _BROKEN:
        return b""
    return bytes(out[:length])


def expanded(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> ByteSource:
    """What is in a compressed file, in memory; another file as it is.

    Raises ``Malformed`` for damage, ``LimitExceeded`` before too much is expanded.
    """
    decompressor = _decompressor(source)
    if decompressor is None:
        return source
    out = bytearray()
    try:
        for part in _parts(source, decompressor, source.size, CHUNK):
            out += part
            limits.hold("document_bytes", len(out), where=source.name)
            limits.hold_ratio(len(out), source.size, where=source.name)
    except _BROKEN as error:
        raise Malformed(f"cannot be decompressed: {error}", where=source.name) from None
    if not decompressor.eof:
        raise Malformed("ends too early", offset=source.size, where=source.name)
    return BytesSource(source.name, bytes(out))


def _parts(
    source: ByteSource, decompressor: _Decompressor, end: int, length: int
) -> Iterator[bytes]:
    """Of the compressed bytes before ``end``, at most ``length`` at once."""
    at = 0
    while not decompressor.eof:
        data = source.read(at, min(READ, end - at)) if decompressor.needs_input else b""
        at += len(data)
        part = decompressor.decompress(data, length)
        if not data and not part:
            return
        yield part


def _decompressor(source: ByteSource) -> _Decompressor | None:
    head = source.read(0, MAGIC)
    return next((make() for magics, make in _KINDS if head.startswith(magics)), None)
