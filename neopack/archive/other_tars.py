"""Tars that are not gzip's: what is in them is what a .tar.gz would hold."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path
from typing import BinaryIO, cast

from neopack.errors import Malformed
from neopack.formats.compressed import head_of
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import FileSource

__all__ = ["is_other_tar", "write_gzip"]

# POSIX.1-1988: a header ends in this, after the names and numbers
MARK, AT = b"ustar", 257
CHUNK = 1 << 20
FASTEST = 1
BZIP2, XZ = b"BZh", b"\xfd7zXZ"


def is_other_tar(source: FileSource) -> bool:
    """Whether it is a tar without compression, or in bzip2 or xz."""
    is_compressed = source.read(0, len(XZ)).startswith((BZIP2, XZ))
    head = head_of(source, AT + len(MARK)) if is_compressed else source.read(0, AT + len(MARK))
    return head[AT : AT + len(MARK)] == MARK


def write_gzip(path: Path, to: Path, limits: Limits = DEFAULT_LIMITS) -> None:
    """Write the same tar in gzip. Raises ``Malformed`` for damage, ``LimitExceeded`` before too
    much is expanded."""
    size, written = path.stat().st_size, 0
    try:
        with _opened(path) as content, gzip.open(to, "wb", compresslevel=FASTEST) as out:
            while chunk := content.read(CHUNK):
                written += len(chunk)
                limits.hold_ratio(written, size, where=str(path))
                out.write(chunk)
    except (EOFError, lzma.LZMAError, OSError) as error:
        raise Malformed(f"cannot be decompressed: {error}", where=str(path)) from None


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as raw:
        head = raw.read(len(XZ))
    if head.startswith(BZIP2):
        return cast("BinaryIO", bz2.BZ2File(path))
    return cast("BinaryIO", lzma.LZMAFile(path)) if head == XZ else path.open("rb")
