"""Read an untrusted archive: in one pass, within bounds, without extracting members by name.

``scan`` streams through the whole file once for digests, tar entries, and the head and tail of
every member. ``MemberSource`` then reads inside one member without unpacking the archive.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Self, cast

from neopack.archive.digest import ARCHIVE, CONTENT, BackgroundDigests
from neopack.errors import LimitExceeded, Malformed, SourceError
from neopack.formats import tar
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.sparse import read_sparse
from neopack.formats.tar import TarEntry
from neopack.formats.text import is_text
from neopack.outputs.atomic import settle

__all__ = [
    "ArchiveFiles",
    "ArchiveScan",
    "MemberSource",
    "extract_member",
    "extract_members",
    "scan",
]

CHUNK = 1 << 20
HEAD = 64 << 10
# torch writes everything except tensors at the end of a TorchScript file
TAIL = 4 << 20
SMALL_TEXT = 1 << 20


@dataclass(frozen=True, kw_only=True)
class ArchiveScan:
    """The result of one pass over an archive. ``tails`` has the last bytes of each file member.

    ``trailing`` counts the bytes after the end of the tar that are not zero padding.
    """

    path: Path
    archive_bytes: int
    sha256: str
    content_bytes: int
    content_sha256: str
    entries: tuple[TarEntry, ...]
    digests: Mapping[str, str] = field(default_factory=dict)
    heads: Mapping[str, bytes] = field(default_factory=dict)
    tails: Mapping[str, bytes] = field(default_factory=dict)

    def entry(self, name: str) -> TarEntry:
        """The file of that name; of two, the later one, which unpacking leaves."""
        return self._files[name]

    @cached_property
    def _files(self) -> Mapping[str, TarEntry]:
        return {entry.name: entry for entry in self.entries if entry.kind == "file"}

    def file_names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.entries if entry.kind == "file")


def scan(path: Path, limits: Limits = DEFAULT_LIMITS) -> ArchiveScan:
    """Read ``path`` to its end.

    Raises ``Malformed`` if it is truncated or not a gzip tar (the message says what it is
    instead), ``LimitExceeded`` past a limit, ``SourceError`` if it cannot be read.
    """
    settle(path)
    with _readable(path) as raw, BackgroundDigests() as digests:
        stream = GzipForward(raw, path, limits, digests)
        state = _Scanning()
        for entry in tar.entries(stream, limits):
            state.entries.append(entry)
            if entry.kind == "file":
                state.holes += entry.size - entry.stored
                content = stream.position + entry.stored + state.holes
                limits.hold_ratio(content, path.stat().st_size, where=str(path))
                _capture(stream, entry, state, digests)
        stream.drain()
        return ArchiveScan(
            path=path,
            archive_bytes=stream.compressed,
            sha256=digests.hexdigest(ARCHIVE),
            content_bytes=stream.position,
            content_sha256=digests.hexdigest(CONTENT),
            entries=tuple(state.entries),
            digests={name: digests.hexdigest(key) for name, key in state.keys.items()},
            heads=state.heads,
            tails=state.tails,
        )


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as raw:
            yield raw
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(f"cannot be read: {reason}", where=str(path)) from error
    except (Malformed, LimitExceeded) as error:
        if str(path) not in error.where:  # the tar reader does not know the path
            error.where = ": ".join(part for part in (str(path), error.where) if part)
        raise


@dataclass(slots=True)
class _Scanning:
    entries: list[TarEntry] = field(default_factory=list)
    heads: dict[str, bytes] = field(default_factory=dict)
    tails: dict[str, bytes] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    tail_bytes: int = 0
    holes: int = 0


def _content(stream: GzipForward, entry: TarEntry) -> Iterator[bytes]:
    """The bytes of a file whose data the stream is at, with the zeros of a sparse one."""
    if entry.sparse is not None:
        yield from read_sparse(
            entry.sparse, 0, entry.size, lambda _, length: stream.read_exactly(length)
        )
        return
    left = entry.size
    while left:
        chunk = stream.read_some(left)
        left -= len(chunk)
        yield chunk


def _capture(
    stream: GzipForward, entry: TarEntry, state: _Scanning, digests: BackgroundDigests
) -> None:
    left, head = entry.size, b""
    key = state.keys[entry.name] = f"{entry.name}\0{entry.offset}"
    tail = bytearray()
    # all members share one allowance of 8 tails
    allowance = min(TAIL, max(HEAD, 8 * TAIL - state.tail_bytes))
    for chunk in _content(stream, entry):
        digests.update((key,), chunk)
        left -= len(chunk)
        if len(head) < HEAD:
            head += chunk[: HEAD - len(head)]
        if left < allowance:
            tail += chunk
    del tail[: max(0, len(tail) - allowance)]
    state.tail_bytes += len(tail)
    state.heads[entry.name] = head
    state.tails[entry.name] = bytes(tail)


class GzipForward:
    """The uncompressed bytes of a .tar.gz, from start to end, within all limits."""

    def __init__(
        self,
        raw: BinaryIO,
        path: Path,
        limits: Limits,
        digests: BackgroundDigests | None = None,
    ) -> None:
        from isal import isal_zlib

        self._raw, self._path, self._limits = raw, path, limits
        self._isal = isal_zlib
        self._inflate = isal_zlib.decompressobj(31)
        # its type stubs declare the class as an instance
        self._error = cast("type[Exception]", isal_zlib.error)
        self._buffer, self._at = b"", 0
        self._pending = b""
        self.compressed = 0
        self.position = 0
        self._digests = digests
        _refuse_what_is_no_gzip(raw, path)

    def read_exactly(self, length: int) -> bytes:
        parts, left = [], length
        while left:
            part = self.read_some(left)
            parts.append(part)
            left -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def skip(self, length: int) -> None:
        while length:
            length -= len(self.read_some(length))

    def read_some(self, most: int) -> bytes:
        """Return 1 to ``most`` bytes. Raises ``Malformed`` at the end of the stream."""
        if self._at == len(self._buffer) and not self._fill():
            raise Malformed(
                "the tar inside ends too early", offset=self.position, where=str(self._path)
            )
        part = self._buffer[self._at : self._at + most]
        self._at += len(part)
        self.position += len(part)
        return part

    def drain(self) -> None:
        """Read to the end of the gzip stream, which verifies its checksum."""
        while self._at < len(self._buffer) or self._fill():
            rest = self._buffer[self._at :]
            if any(rest):
                raise Malformed(
                    "data after the end of the tar", offset=self.position, where=str(self._path)
                )
            self._at = len(self._buffer)
            self.position += len(rest)

    def _fill(self) -> bool:
        self._buffer, self._at = b"", 0
        while not self._buffer:
            if self._inflate.eof and not self._next_gzip_member():
                return False
            data = self._pending or self._read_raw()
            self._pending = b""
            if not data:
                raise Malformed(
                    "the gzip stream is cut short", offset=self.compressed, where=str(self._path)
                )
            self._decompress(data)
        if self._digests is not None:
            self._digests.update((CONTENT,), self._buffer)
        self._hold_limits()
        return True

    def _decompress(self, data: bytes) -> None:
        try:
            self._buffer = self._inflate.decompress(data, CHUNK)
        except self._error as error:
            raise Malformed(
                f"the gzip stream is damaged ({error})",
                offset=self.compressed,
                where=str(self._path),
            ) from None
        self._pending = self._inflate.unconsumed_tail

    def _next_gzip_member(self) -> bool:
        rest = self._inflate.unused_data or self._read_raw()
        while rest and not (rest := rest.lstrip(b"\0")):  # a writer may pad to whole blocks
            rest = self._read_raw()
        if not rest:
            return False
        if not rest.startswith(b"\x1f\x8b"[: len(rest)]):
            raise Malformed(
                "data after the end of the gzip stream",
                offset=self.compressed - len(rest),
                where=str(self._path),
            )
        self._inflate = self._isal.decompressobj(31)
        self._pending = rest
        return True

    def _read_raw(self) -> bytes:
        data = self._raw.read(CHUNK // 4)
        self.compressed += len(data)
        if self._digests is not None:
            self._digests.update((ARCHIVE,), data)
        return data

    def _hold_limits(self) -> None:
        limits, content = self._limits, self.position + len(self._buffer)
        limits.hold("archive_bytes", self.compressed, where=str(self._path))
        limits.hold_ratio(content, self.compressed, where=str(self._path))


def _refuse_what_is_no_gzip(raw: BinaryIO, path: Path) -> None:
    head = raw.read(512)
    raw.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return
    form = _form_of(head)
    raise Malformed(
        f"is not a gzip tar but {form}",
        where=str(path),
        hint="Neo takes one .tar.gz: neopack package writes it",
    )


def _form_of(head: bytes) -> str:
    if not head:
        return "an empty file"
    if head[257:262] == b"ustar":
        return "an uncompressed tar"
    signatures = {
        b"PK\x03\x04": "a zip (perhaps the bare model file)",
        b"\x89HDF": "a bare HDF5 file",
        b"BZh": "bzip2",
        b"\xfd7zXZ": "xz",
        b"\x28\xb5\x2f\xfd": "zstd",
    }
    for signature, form in signatures.items():
        if head.startswith(signature):
            return form
    if head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "a web page"
    return "text" if is_text(head) else "something else"


class MemberSource:
    """Random access inside one member: its tail from memory, the rest by streaming forward.

    Reading before the current position starts a new pass over the archive.
    """

    def __init__(self, scanned: ArchiveScan, name: str, limits: Limits = DEFAULT_LIMITS) -> None:
        self._entry = scanned.entry(name)
        self._scan, self._limits = scanned, limits
        self._head, self._tail = scanned.heads[name], scanned.tails[name]
        self._raw: BinaryIO | None = None
        self._stream: GzipForward | None = None

    @property
    def name(self) -> str:
        return f"{self._scan.path.name}:{self._entry.name}"

    @property
    def size(self) -> int:
        return self._entry.size

    def read(self, offset: int, length: int) -> bytes:
        length = max(0, min(length, self.size - offset))
        if offset + length <= len(self._head):
            return self._head[offset : offset + length]
        from_tail = offset - (self.size - len(self._tail))
        if from_tail >= 0:
            return self._tail[from_tail : from_tail + length]
        if self._entry.sparse is not None:
            return b"".join(read_sparse(self._entry.sparse, offset, length, self._stored))
        return self._stored(offset, length)

    def _stored(self, offset: int, length: int) -> bytes:
        return self._stream_at(offset).read_exactly(length)

    def _stream_at(self, offset: int) -> GzipForward:
        place = self._entry.offset + offset
        if self._stream is None or self._stream.position > place:
            self.close()
            self._raw = self._scan.path.open("rb")
            self._stream = GzipForward(self._raw, self._scan.path, self._limits)
        self._stream.skip(place - self._stream.position)
        return self._stream

    def close(self) -> None:
        if self._raw is not None:
            self._raw.close()
        self._raw = self._stream = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ArchiveFiles:
    """The file members of an archive, shallow ones first, each opened as a MemberSource."""

    def __init__(self, scanned: ArchiveScan, limits: Limits = DEFAULT_LIMITS) -> None:
        self.name = scanned.path.name
        self._scan, self._limits = scanned, limits

    def names(self) -> Sequence[str]:
        return sorted(self._scan.file_names(), key=lambda name: (name.count("/"), name))

    def open(self, name: str) -> MemberSource:
        return MemberSource(self._scan, name, self._limits)


def extract_member(
    scanned: ArchiveScan, name: str, to: Path, limits: Limits = DEFAULT_LIMITS
) -> Path:
    """Write one file member to ``to``, a path that does not come from the member's name."""
    with MemberSource(scanned, name, limits) as source, to.open("xb") as out:
        for offset in range(0, source.size, CHUNK):
            out.write(source.read(offset, CHUNK))
    return to


def extract_members(
    scanned: ArchiveScan, paths: Mapping[int, Path], limits: Limits = DEFAULT_LIMITS
) -> None:
    """Write the file members at these offsets in one pass, each to its path, which does not come
    from the member's name."""
    entries = {entry.offset: entry for entry in scanned.entries if entry.kind == "file"}
    with _readable(scanned.path) as raw:
        stream = GzipForward(raw, scanned.path, limits)
        for offset in sorted(paths):
            stream.skip(offset - stream.position)
            with paths[offset].open("xb") as out:
                for chunk in _content(stream, entries[offset]):
                    out.write(chunk)
