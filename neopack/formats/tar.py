"""Read tar archives forward in one pass: ustar, GNU long names and pax headers.

Names and links are reported unchanged, even unsafe ones: the rules judge them.
Format: POSIX.1-2001 ustar and pax; GNU tar manual, "Basic Tar Format".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.sparse import SparseMap, gnu_map, map_of_records, pax_map

__all__ = ["BLOCK", "EntryKind", "Forward", "TarEntry", "entries"]

BLOCK = 512
MOST_INHERITED = 256  # they are copied to every member
# operations of a header; characters of a name that rules look at in one; bytes of a pax record
HEADER, NAME, RECORD = 4, 32, 200
EntryKind = Literal["file", "directory", "symlink", "hardlink", "device", "fifo", "other"]

_KINDS: dict[bytes, EntryKind] = {
    b"0": "file", b"\0": "file", b"7": "file", b"1": "hardlink", b"2": "symlink",
    b"S": "file", b"3": "device", b"4": "device", b"5": "directory", b"6": "fifo",
}  # fmt: skip
_EXTENSIONS = (b"x", b"X", b"g", b"L", b"K")


@dataclass(frozen=True, slots=True, kw_only=True)
class TarEntry:
    """A member according to its header. ``offset`` is the start of its data in the tar, of which
    there are ``stored`` bytes; ``size`` of them unless the member is ``sparse``."""

    name: str
    kind: EntryKind
    size: int
    offset: int
    mode: int = 0o644
    link: str = ""
    pax: dict[str, str] = field(default_factory=dict)
    sparse: SparseMap | None = None

    @property
    def stored(self) -> int:
        if self.sparse is None:
            return self.size
        return sum(extent.length for extent in self.sparse.extents)

    @property
    def is_root(self) -> bool:
        """Whether it is the directory that the archive is unpacked in: ``./``, or ``/`` as the
        SageMaker SDK writes it."""
        return self.kind == "directory" and not set(self.name.split("/")) - {"", "."}


class Forward(Protocol):
    """A stream that is read once, from start to end."""

    def read_exactly(self, length: int) -> bytes: ...
    def skip(self, length: int) -> None: ...
    @property
    def position(self) -> int: ...


def entries(stream: Forward, limits: Limits = DEFAULT_LIMITS) -> Iterator[TarEntry]:
    """Yield each member with the stream at the start of its data, which the caller may read.

    Raises ``Malformed`` for a broken header and ``LimitExceeded`` past the member limit.
    """
    budget = limits.begun(0)
    pending: dict[str, str] = {}
    inherited: dict[str, str] = {}
    count = extended = 0
    while (header := _header(stream)) is not None:
        start, kind = stream.position - BLOCK, header[156:157]
        size = _number(header[124:136], start + 124)
        budget.spend(HEADER, "tar")
        if kind in _EXTENSIONS:
            extended += size
            limits.hold("pax_bytes", extended, where=f"tar header at byte {start}")
            body = stream.read_exactly(size)
            budget.spend(2 * body.count(b"="), "tar")
            budget.hold(size + RECORD * body.count(b"="), "tar")
            stream.skip(-size % BLOCK)
            (inherited if kind == b"g" else pending).update(_extension(kind, body, start))
            if len(inherited) > MOST_INHERITED:
                raise Malformed("a global pax header with too many fields", offset=start)
            continue
        count += 1
        limits.hold("members", count)
        entry = _entry(header, kind, size, stream.position, {**inherited, **pending})
        if entry.kind == "file":
            entry = _with_map(entry, kind, header, stream)
        limits.hold("name_bytes", len(entry.name), where="member name")
        budget.spend(len(entry.name) // NAME, "tar")
        pending = {}
        yield entry
        end = entry.offset + entry.stored + (-entry.stored % BLOCK)
        stream.skip(end - stream.position)


def _with_map(entry: TarEntry, kind: bytes, header: bytes, stream: Forward) -> TarEntry:
    """The entry with what a sparse member's headers, or the start of its data, say of it."""
    start = stream.position
    sparse: SparseMap | None
    if kind == b"S":
        sparse = gnu_map(header, stream, lambda digits: _number(digits, start))
    else:
        sparse = pax_map(entry.pax, stream)
    if sparse is None:
        return entry
    name = entry.pax.get("GNU.sparse.name", entry.name)
    return replace(entry, name=name, size=sparse.size, sparse=sparse, offset=stream.position)


def _header(stream: Forward) -> bytes | None:
    """The next header block, or None at the two zero blocks that end a tar, or at its end."""
    start = stream.position
    block = stream.read_exactly(BLOCK)
    if not any(block):
        return None
    claimed = _number(block[148:156], start + 148)
    summed = sum(block) - sum(block[148:156]) + 8 * 0x20
    if claimed != summed:
        raise Malformed("not a tar header: its checksum is wrong", offset=start)
    return block


def _entry(header: bytes, kind: bytes, size: int, offset: int, pax: dict[str, str]) -> TarEntry:
    name = _text(header[:100])
    if header[257:263] == b"ustar\0" and header[345] != 0:
        name = f"{_text(header[345:500])}/{name}"
    if "size" in pax:
        size = _decimal(pax["size"], offset)
    entry_kind = _KINDS.get(kind, "other")
    if entry_kind == "file" and name.endswith("/") and "path" not in pax:
        entry_kind = "directory"  # pre-POSIX tars mark directories by the slash alone
    return TarEntry(
        name=pax.get("path", name),
        kind=entry_kind,
        size=size if entry_kind in ("file", "other") else 0,
        offset=offset,
        mode=_number(header[100:108], offset - BLOCK + 100),
        link=pax.get("linkpath", _text(header[157:257])),
        pax=pax,
    )


def _extension(kind: bytes, body: bytes, start: int) -> dict[str, str]:
    if kind == b"L":
        return {"path": _text(body)}
    if kind == b"K":
        return {"linkpath": _text(body)}
    records = list(_pax_records(body, start + BLOCK))
    return {**dict(records), **map_of_records(records)}


def _pax_records(body: bytes, start: int) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(body) and body[at] != 0:
        space = body.find(b" ", at, at + 20)
        digits = body[at:space] if space > at else b""
        length = int(digits) if digits.isdigit() else 0
        end = at + length
        key, equals, value = body[space + 1 : end - 1].partition(b"=")
        if length <= len(digits) + 1 or end > len(body) or body[end - 1] != 0x0A or not equals:
            raise Malformed("a pax record does not add up", offset=start + at)
        yield _text(key), value.decode("utf-8", "surrogateescape")
        at = end


def _number(digits: bytes, offset: int) -> int:
    """Octal digits, or base-256 where the top bit is set (GNU)."""
    if digits[0] in (0x80, 0xFF):
        value = int.from_bytes(digits[1:], "big")
        if digits[0] == 0xFF:
            raise Malformed("a negative number in a tar header", offset=offset)
        return value
    text = digits.split(b"\0", 1)[0].strip()
    if text.strip(b"01234567"):  # int() would take signs and underscores too
        raise Malformed("a number in a tar header is not octal", offset=offset)
    return int(text or b"0", 8)


def _decimal(text: str, offset: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 20):
        raise Malformed("a pax size is not a number", offset=offset)
    return int(text)


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
