"""Read an ELF shared library: the libraries it needs, the symbols it defines and imports.

Format: System V ABI, chapters 4 and 5 (https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html);
symbol versions: Linux Standard Base 5.0, chapter "Symbol Versioning". Only 64-bit little-endian
files are read. Sections are looked up by type, because patchelf leaves wrong links behind when it
moves them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource

__all__ = ["MAGIC", "X86_64", "Library", "read_library"]

# 64 bits, little-endian
MAGIC = b"\x7fELF\x02\x01"
X86_64 = 62
HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SECTION = struct.Struct("<IIQQQQIIQQ")
ENTRY = struct.Struct("<qQ")
SYMBOL = struct.Struct("<IBBHQQ")
VERSION = struct.Struct("<H")
NEEDS = struct.Struct("<HHIII")
NEEDED_VERSION = struct.Struct("<IHHII")

# types of sections
STRINGS, DYNAMIC, SYMBOLS, VERSIONS, NEEDED_VERSIONS = 3, 6, 11, 0x6FFFFFFF, 0x6FFFFFFE
# tags of .dynamic
DT_NEEDED, DT_STRTAB, DT_SONAME = 1, 5, 14
GLOBAL = 1
NO_TYPE, FUNCTION = 0, 2
CALLED = {GLOBAL << 4 | NO_TYPE, GLOBAL << 4 | FUNCTION}
# the bit of a version that hides its symbol
VISIBLE = 0x7FFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """``imported`` maps each undefined symbol that is not data to the library that its version
    names, or to "" if the symbol has no version."""

    soname: str
    machine: int
    needed: tuple[str, ...]
    defined: frozenset[str]
    imported: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    kind: int
    address: int
    offset: int
    size: int


def read_library(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> Library:
    """Raises ``Malformed`` with the offset if the file is not such a library."""
    return _Reader(source, limits).library()


class _Reader:
    """Reads one file. ``records`` bounds the symbols; the file's size bounds the sum of names."""

    def __init__(self, source: ByteSource, limits: Limits) -> None:
        self._source, self._limits = source, limits
        self._names: dict[int, str] = {}
        self._name_bytes = 0
        self._machine, self._sections = self._head()
        self._texts, self._strings = self._section(STRINGS), b""

    def library(self) -> Library:
        tags = [*ENTRY.iter_unpack(self._whole(DYNAMIC, ENTRY.size))]
        at = next((value for tag, value in tags if tag == DT_STRTAB), 0)
        self._texts = self._section(STRINGS, at)
        self._strings = self._take(self._texts.offset, self._texts.size)
        sonames = [self._name(value) for tag, value in tags if tag == DT_SONAME]
        defined, imported = self._symbols()
        return Library(
            soname=sonames[0] if sonames else "",
            machine=self._machine,
            needed=tuple(self._name(value) for tag, value in tags if tag == DT_NEEDED),
            defined=frozenset(defined),
            imported=imported,
        )

    def _head(self) -> tuple[int, list[_Section]]:
        fields = HEADER.unpack(self._take(0, HEADER.size))
        machine, at, size, count = fields[2], fields[6], fields[11], fields[12]
        if not fields[0].startswith(MAGIC):
            raise self._broken("not a library of 64 bits, little-endian, in ELF", 0)
        if size != SECTION.size:
            raise self._broken(f"section headers of {size} bytes", 58)
        table = self._take(at, count * size)
        rows = SECTION.iter_unpack(table)
        return machine, [
            _Section(kind=row[1], address=row[3], offset=row[4], size=row[5]) for row in rows
        ]

    def _symbols(self) -> tuple[set[str], dict[str, str]]:
        table = self._whole(SYMBOLS, SYMBOL.size)
        versions = [number & VISIBLE for (number,) in self._versions(len(table) // SYMBOL.size)]
        files = dict(self._version_files())
        defined, imported = set(), {}
        for index, (name, info, _, section, _, _) in enumerate(SYMBOL.iter_unpack(table)):
            if section:
                defined.add(self._name(name))
            elif info in CALLED:
                imported[self._name(name)] = files.get(versions[index], "")
        return defined, imported

    def _versions(self, count: int) -> Iterator[tuple[int]]:
        """The version number of each symbol; zeros if the library has no versions."""
        table = self._whole(VERSIONS, VERSION.size) or bytes(VERSION.size * count)
        if len(table) != VERSION.size * count:
            raise self._broken(
                f"{len(table)} bytes of versions for {count} symbols",
                self._section(VERSIONS).offset,
            )
        return VERSION.iter_unpack(table)

    def _version_files(self) -> Iterator[tuple[int, str]]:
        """Each needed version, and the library that it belongs to."""
        table, at, total = self._whole(NEEDED_VERSIONS, 4), 0, 0
        while table:
            _, count, file, first, following = self._record(NEEDS, table, at)
            total += count
            self._limits.hold("records", total, where=self._source.name)
            place = at + first
            for _ in range(count):
                *_, number, _, step = self._record(NEEDED_VERSION, table, place)
                yield number, self._name(file)
                place += step
            if not following:
                return
            at += following

    def _record(self, form: struct.Struct, table: bytes, at: int) -> tuple[int, ...]:
        if at + form.size > len(table):
            start = self._section(NEEDED_VERSIONS).offset
            raise self._broken("a needed version runs past its section", start + at)
        return form.unpack_from(table, at)

    def _whole(self, kind: int, entry: int) -> bytes:
        """The bytes of the section of that type; empty if there is none."""
        section = self._section(kind)
        if section.size % entry:
            raise self._broken(f"a section of {section.size} bytes", section.offset)
        self._limits.hold("records", section.size // entry, where=self._source.name)
        return self._take(section.offset, section.size)

    def _section(self, kind: int, address: int | None = None) -> _Section:
        """The first section of that type and address; an empty one if there is none."""
        sections = (s for s in self._sections if s.kind == kind and address in (None, s.address))
        return next(sections, _Section(kind=kind, address=0, offset=0, size=0))

    def _name(self, at: int) -> str:
        if at not in self._names:
            end = self._strings.find(b"\0", at)
            if end < 0:
                raise self._broken("a name runs past the strings", self._texts.offset + at)
            self._name_bytes += end - at + 1
            if self._name_bytes > self._source.size:
                raise self._broken("names overlap", self._texts.offset + at)
            self._names[at] = self._strings[at:end].decode("utf-8", "backslashreplace")
        return self._names[at]

    def _take(self, at: int, length: int) -> bytes:
        if at + length > self._source.size:
            raise self._broken(f"ends too early: {length} bytes expected", at)
        return self._source.read(at, length)

    def _broken(self, message: str, offset: int) -> Malformed:
        return Malformed(message, offset=offset, where=self._source.name)
