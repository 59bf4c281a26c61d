"""Write an ELF shared library for Linux on x86-64: its name, the libraries it needs, functions.

Format: as in ``elf``. The first pages, from headers to code, are readable and executable. .dynamic
begins a page of its own because the loader writes into it. Section headers come last, for tools
that inspect the file. Without PT_GNU_STACK the loader would assume an executable stack, which
hardened systems refuse.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence

from neopack.formats.elf import (
    DT_NEEDED,
    DT_SONAME,
    DT_STRTAB,
    DYNAMIC,
    ENTRY,
    FUNCTION,
    GLOBAL,
    HEADER,
    MAGIC,
    SECTION,
    STRINGS,
    SYMBOL,
    SYMBOLS,
    X86_64,
)

__all__ = ["shared_library"]

SEGMENT = struct.Struct("<IIQQQQQQ")
PAGE = 4096
SHARED = 3

PT_LOAD, PT_DYNAMIC, PT_GNU_STACK = 1, 2, 0x6474E551
EXECUTE, WRITE, READ = 1, 2, 4
DT_NULL, DT_HASH, DT_SYMTAB, DT_STRSZ, DT_SYMENT, DT_RUNPATH = 0, 4, 6, 10, 11, 29
BESIDE = "$ORIGIN"

# name, type, flags (1 writable, 2 in memory, 4 executable), linked section, size of an entry
SECTIONS = (
    ("", 0, 0, 0, 0),
    (".dynsym", SYMBOLS, 2, 2, SYMBOL.size),
    (".dynstr", STRINGS, 2, 0, 0),
    (".text", 1, 6, 0, 0),
    (".dynamic", DYNAMIC, 3, 2, ENTRY.size),
)
# indexes of .dynstr and .text in SECTIONS
NAMES, CODE = 2, 3
SEGMENTS = 4
TRAP = b"\xcc"


def shared_library(
    soname: str, *, needed: Sequence[str] = (), functions: Mapping[str, bytes] | None = None
) -> bytes:
    """Return the bytes of the file. ``functions`` maps names to position-independent machine
    code; the loader looks for the ``needed`` libraries in the same directory."""
    codes = {name: _aligned(code, 16, TRAP) for name, code in (functions or {}).items()}
    strings, name_at = _strings([soname, BESIDE, *needed, *codes, *(row[0] for row in SECTIONS)])
    hashed = _hash_table([*codes])
    symbols_at = HEADER.size + SEGMENTS * SEGMENT.size
    hash_at = symbols_at + SYMBOL.size * (1 + len(codes))
    strings_at = hash_at + len(hashed)
    head = _aligned(bytes(strings_at) + strings, 16)
    symbols = _symbols(codes, name_at, len(head))
    loaded = len(head) + sum(map(len, codes.values()))
    dynamic_at = loaded + -loaded % PAGE
    tags = [
        (DT_SONAME, name_at[soname]),
        *((DT_NEEDED, name_at[name]) for name in needed),
        (DT_RUNPATH, name_at[BESIDE]),
        (DT_HASH, hash_at),
        (DT_STRTAB, strings_at),
        (DT_SYMTAB, symbols_at),
        (DT_STRSZ, len(strings)),
        (DT_SYMENT, SYMBOL.size),
        (DT_NULL, 0),
    ]
    dynamic = b"".join(ENTRY.pack(*tag) for tag in tags)
    spans = [
        (0, 0),
        (symbols_at, len(symbols)),
        (strings_at, len(strings)),
        (len(head), loaded - len(head)),
        (dynamic_at, len(dynamic)),
    ]
    parts = [
        _header(dynamic_at + len(dynamic)),
        _segments(loaded, dynamic_at, len(dynamic)),
        symbols,
        hashed,
        head[strings_at:],
        *codes.values(),
    ]
    return _aligned(b"".join(parts), PAGE) + dynamic + _sections(spans, name_at)


def _header(sections_at: int) -> bytes:
    sizes = (HEADER.size, SEGMENT.size, SEGMENTS, SECTION.size, len(SECTIONS), NAMES)
    return HEADER.pack(MAGIC + b"\x01", SHARED, X86_64, 1, 0, HEADER.size, sections_at, 0, *sizes)


def _segments(loaded: int, dynamic_at: int, size: int) -> bytes:
    rows = [
        (PT_LOAD, READ | EXECUTE, 0, loaded, PAGE),
        (PT_LOAD, READ | WRITE, dynamic_at, size, PAGE),
        (PT_DYNAMIC, READ | WRITE, dynamic_at, size, 8),
        (PT_GNU_STACK, READ | WRITE, 0, 0, 16),
    ]
    return b"".join(
        SEGMENT.pack(kind, flags, at, at, at, length, length, alignment)
        for kind, flags, at, length, alignment in rows
    )


def _symbols(codes: Mapping[str, bytes], name_at: Mapping[str, int], at: int) -> bytes:
    table = bytes(SYMBOL.size)
    for name, code in codes.items():
        table += SYMBOL.pack(name_at[name], GLOBAL << 4 | FUNCTION, 0, CODE, at, len(code))
        at += len(code)
    return table


def _sections(spans: Sequence[tuple[int, int]], name_at: Mapping[str, int]) -> bytes:
    return b"".join(
        # the first symbol is the empty one, and local
        SECTION.pack(name_at[name], kind, flags, at, at, size, link, kind == SYMBOLS, 8, entry)
        for (name, kind, flags, link, entry), (at, size) in zip(SECTIONS, spans, strict=True)
    )


def _strings(texts: Iterable[str]) -> tuple[bytes, dict[str, int]]:
    """The string table, and the offset of each string in it."""
    table, places = b"\0", {"": 0}
    for text in texts:
        if text not in places:
            places[text] = len(table)
            table += text.encode() + b"\0"
    return table, places


def _hash_table(names: Sequence[str]) -> bytes:
    """One bucket per name. A bucket points to the last symbol of its hash, which chains back."""
    buckets, chains = [0] * (len(names) or 1), [0]
    for index, name in enumerate(names, 1):
        bucket = _hash(name) % len(buckets)
        chains.append(buckets[bucket])
        buckets[bucket] = index
    numbers = [len(buckets), len(chains), *buckets, *chains]
    return struct.pack(f"<{len(numbers)}I", *numbers)


def _hash(name: str) -> int:
    """The hash function of the System V ABI."""
    value = 0
    for byte in name.encode():
        value = (value << 4) + byte
        value = (value ^ (value & 0xF0000000) >> 24) & 0x0FFFFFFF
    return value


def _aligned(data: bytes, to: int, filler: bytes = b"\0") -> bytes:
    return data + filler * (-len(data) % to)
