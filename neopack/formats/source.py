"""Bytes to read from: a file, bytes in memory, and a cursor that takes them forward.

All readers in ``formats`` take a ``ByteSource``; an archive gives one for each of its members.
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
    """Bytes that can be read at any place: a file, or a member inside an archive.

    Reading forward is cheap everywhere; going back may cost a pass over an archive.
    """

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    def read(self, offset: int, length: int) -> bytes:
        """The bytes at ``offset``; shorter than ``length`` only at the end."""


class FileSource:
    """A file on disk, read with ``pread``: no position is shared, nothing is read ahead."""

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
        """Give the descriptor back; reading afterwards is an error of the caller."""
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
    """Bytes in memory under a name."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.size = len(data)
        self._data = data

    def read(self, offset: int, length: int) -> bytes:
        """The bytes at ``offset``; shorter than ``length`` only at the end."""
        return self._data[offset : offset + length]


class SpanSource:
    """A stretch of another source, under a name of its own."""

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
    """A source whose last bytes are kept, for formats that have their directory at the end.

    Inside a compressed archive going back costs another pass, and what a directory points
    at often lies just before it.
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
    """A place in a source from which bytes are taken forward, reading ahead in chunks.

    Chunks start small after a jump and grow while reading goes on, so that skipping over
    tensor data costs little. It is a ``tar.Forward`` too.
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
        """Where the next byte comes from, counted from the start of the source."""
        return self._base + self._at

    @property
    def left(self) -> int:
        """How many bytes there are up to the end."""
        return self.end - self.position

    def byte(self) -> int:
        """The next byte as a number."""
        if self._at >= len(self._buffer):
            self._fill(1)
        value = self._buffer[self._at]
        self._at += 1
        return value

    def take(self, length: int) -> bytes:
        """Exactly ``length`` bytes; ``Malformed`` where the source ends before."""
        if self._at + length > len(self._buffer):
            self._fill(length)
        data = self._buffer[self._at : self._at + length]
        self._at += length
        return data

    read_exactly = take

    def line(self, longest: int) -> bytes:
        """Bytes up to a newline, which is taken and not returned."""
        found = self._buffer.find(b"\n", self._at)
        if found < 0:
            self._fill(min(longest + 1, self.left))
            found = self._buffer.find(b"\n", self._at)
        if found < 0 or found - self._at > longest:
            raise Malformed(
                f"a line longer than {longest} bytes, or without an end",
                offset=self.position,
                where=self.name,
            )
        data = self._buffer[self._at : found]
        self._at = found + 1
        return data

    def seek(self, offset: int) -> None:
        """Go to ``offset``; cheap within what was read ahead."""
        at = offset - self._base
        if 0 <= at <= len(self._buffer):
            self._at = at
            return
        self._base, self._at, self._buffer, self._chunk = offset, 0, b"", FIRST_CHUNK

    def skip(self, length: int) -> None:
        """Pass over ``length`` bytes; ``Malformed`` where the source ends before."""
        if length > self.left:
            raise self._cut_short(length)
        self.seek(self.position + length)

    def _fill(self, length: int) -> None:
        if length > self.left or length < 0:
            raise self._cut_short(length)
        start = self.position
        wanted = min(max(length, self._chunk), self.left)
        kept = self._buffer[self._at :]
        self._buffer = kept + self._source.read(start + len(kept), wanted - len(kept))
        self._base, self._at = start, 0
        self._chunk = min(self._chunk * 2, LARGEST_CHUNK)
        if len(self._buffer) < length:
            raise self._cut_short(length)

    def _cut_short(self, length: int) -> Malformed:
        return Malformed(
            f"ends too early: {length} bytes wanted, {max(self.left, 0)} left",
            offset=self.position,
            where=self.name,
            hint="the file is cut short or damaged; fetch or save it again",
        )
