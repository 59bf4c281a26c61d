"""Sources of bytes: a file, bytes in memory, and a cursor that reads forward.

All readers in ``formats`` take a ``ByteSource``. An archive has one for each of its members.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from neopack.errors import Malformed

__all__ = ["ByteSource", "BytesSource", "Cursor", "FileSource", "SpanSource", "TailSource"]

FIRST_CHUNK = 4 << 10
LARGEST_CHUNK = 64 << 10


class ByteSource(Protocol):
    """Bytes that can be read at any offset: a file, or a member inside an archive.

    Reading forward is always cheap. Going back may cost a pass over an archive.
    """

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    def read(self, offset: int, length: int) -> bytes:
        """The bytes at ``offset``; shorter than ``length`` only at the end."""


class FileSource:
    """A file on disk, read with ``pread``: no shared position, no read-ahead."""

    def __init__(self, path: Path | str) -> None:
        self.name = str(path)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._descriptor).st_size

    def read(self, offset: int, length: int) -> bytes:
        """The bytes at ``offset``; shorter than ``length`` only at the end."""
        length = max(0, min(length, self.size - offset))
        data = os.pread(self._descriptor, length, offset)
        if len(data) == length or not data:
            return data
        return data + self.read(offset + len(data), length - len(data))

    def close(self) -> None:
        """Close the descriptor. Do not read afterwards."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class BytesSource:
    """Bytes in memory, with a name."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.size = len(data)
        self._data = data

    def read(self, offset: int, length: int) -> bytes:
        """The bytes at ``offset``; shorter than ``length`` only at the end."""
        return self._data[offset : offset + length]


class SpanSource:
    """A part of another source, with a name of its own."""

    def __init__(self, name: str, source: ByteSource, start: int, length: int) -> None:
        self.name = name
        self.size = length
        self._source = source
        self._start = start

    def read(self, offset: int, length: int) -> bytes:
        """The bytes at ``offset``; shorter than ``length`` only at the end."""
        length = max(0, min(length, self.size - offset))
        return self._source.read(self._start + offset, length)


class TailSource:
    """A source whose last bytes are cached, for formats with a directory at the end.

    Inside a compressed archive, going back costs another pass, and a directory often points to
    bytes just before it.
    """

    def __init__(self, source: ByteSource, length: int) -> None:
        self.name = source.name
        self.size = source.size
        self._source = source
        self._start = max(0, source.size - length)
        self._tail = source.read(self._start, source.size - self._start)

    def read(self, offset: int, length: int) -> bytes:
        """The bytes at ``offset``; shorter than ``length`` only at the end."""
        if offset < self._start:
            return self._source.read(offset, length)
        at = offset - self._start
        return self._tail[at : at + length]


class Cursor:
    """A position in a source that moves forward, with read-ahead in chunks.

    Chunks start small after a jump and grow with continued reading, so that skipping tensor data
    is cheap. A cursor is also a ``tar.Forward``.
    """

    def __init__(self, source: ByteSource, start: int = 0, end: int | None = None) -> None:
        self.name = source.name
        self.end = source.size if end is None else min(end, source.size)
        self._source = source
        self._buffer = b""
        self._base = start
        self._at = 0
        self._chunk = FIRST_CHUNK

    @property
    def position(self) -> int:
        """The offset of the next byte, from the start of the source."""
        return self._base + self._at

    @property
    def left(self) -> int:
        """The count of bytes up to the end."""
        return self.end - self.position

    def byte(self) -> int:
        """The next byte as a number."""
        if self._at >= len(self._buffer):
            self._fill(1)
        value = self._buffer[self._at]
        self._at += 1
        return value

    def take(self, length: int) -> bytes:
        """Return exactly ``length`` bytes. Raises ``Malformed`` if the source ends before."""
        if self._at + length > len(self._buffer):
            self._fill(length)
        data = self._buffer[self._at : self._at + length]
        self._at += length
        return data

    read_exactly = take

    def line(self, longest: int) -> bytes:
        """Return the bytes up to a newline, without it."""
        newline = self._buffer.find(b"\n", self._at)
        if newline < 0:
            self._fill(min(longest + 1, self.left))
            newline = self._buffer.find(b"\n", self._at)
        if newline < 0 or newline - self._at > longest:
            raise Malformed(
                f"a line longer than {longest} bytes, or without an end",
                offset=self.position,
                where=self.name,
            )
        data = self._buffer[self._at : newline]
        self._at = newline + 1
        return data

    def seek(self, offset: int) -> None:
        """Move to ``offset``; cheap within the bytes that were read ahead."""
        at = offset - self._base
        if 0 <= at <= len(self._buffer):
            self._at = at
            return
        self._base, self._at, self._buffer, self._chunk = offset, 0, b"", FIRST_CHUNK

    def skip(self, length: int) -> None:
        """Skip ``length`` bytes. Raises ``Malformed`` if the source ends before."""
        if length > self.left:
            raise self._cut_short(length)
        self.seek(self.position + length)

    def _fill(self, length: int) -> None:
        if length > self.left or length < 0:
            raise self._cut_short(length)
        start = self.position
        target = min(max(length, self._chunk), self.left)
        rest = self._buffer[self._at :]
        self._buffer = rest + self._source.read(start + len(rest), target - len(rest))
        self._base, self._at = start, 0
        self._chunk = min(self._chunk * 2, LARGEST_CHUNK)
        if len(self._buffer) < length:
            raise self._cut_short(length)

    def _cut_short(self, length: int) -> Malformed:
        return Malformed(
            f"ends too early: {length} bytes expected, {max(self.left, 0)} left",
            offset=self.position,
            where=self.name,
            hint="the file is cut short or damaged; fetch or save it again",
        )
