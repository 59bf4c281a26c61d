"""Write a shared library in ELF, for Linux on x86-64: its name, what it needs, and functions.

Format: as in ``elf``. The first pages, headers to code, are read and executed; .dynamic begins a
page of its own, for the loader writes into it; section headers come last, for tools that look at
the file. PT_GNU_STACK is there since without it the loader takes the stack to be executable,
which hardened systems refuse.
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

# name, type, flags (written, in memory, executed), the section it belongs to, size of an entry
SECTIONS = (
    ("", 0, 0, 0, 0),
    (".dynsym", SYMBOLS, 2, 2, SYMBOL.size),
    (".dynstr", STRINGS, 2, 0, 0),
    (".text", 1, 6, 0, 0),
    (".dynamic", DYNAMIC, 3, 2, ENTRY.size),
)
# places of .dynstr and .text among them
NAMES, CODE = 2, 3
SEGMENTS = 4
TRAP = b"\xcc"


def shared_library(
    soname: str, *, needed: Sequence[str] = (), functions: Mapping[str, bytes] | None = None
) -> bytes:
    """The bytes of the file. A function is machine code that runs wherever it lies; what is
    ``needed`` is looked for beside the library."""
    codes = {name: _aligned(code, 16, TRAP) for name, code in (functions or {}).items()}
    strings, named = _strings([soname, BESIDE, *needed, *codes, *(row[0] for row in SECTIONS)])
    hashed = _hash_table([*codes])
    symbols_at = HEADER.size + SEGMENTS * SEGMENT.size
    hash_at = symbols_at + SYMBOL.size * (1 + len(codes))
    strings_at = hash_at + len(hashed)
    head = _aligned(bytes(strings_at) + strings, 16)
    symbols = _symbols(codes, named, len(head))
    loaded = len(head) + sum(map(len, codes.values()))
    dynamic_at = loaded + -loaded % PAGE
    tags = [
        (DT_SONAME, named[soname]),
        *((DT_NEEDED, named[name]) for name in needed),
        (DT_RUNPATH, named[BESIDE]),
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
    return _aligned(b"".join(parts), PAGE) + dynamic + _sections(spans, named)


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


def _symbols(codes: Mapping[str, bytes], named: Mapping[str, int], at: int) -> bytes:
    table = bytes(SYMBOL.size)
    for name, code in codes.items():
        table += SYMBOL.pack(named[name], GLOBAL << 4 | FUNCTION, 0, CODE, at, len(code))
        at += len(code)
    return table


def _sections(spans: Sequence[tuple[int, int]], named: Mapping[str, int]) -> bytes:
    return b"".join(
        # the first symbol is no one's, and local
        SECTION.pack(named[name], kind, flags, at, at, size, link, kind == SYMBOLS, 8, entry)
        for (name, kind, flags, link, entry), (at, size) in zip(SECTIONS, spans, strict=True)
    )


def _strings(texts: Iterable[str]) -> tuple[bytes, dict[str, int]]:
    """The table, and where in it each text lies."""
    table, places = b"\0", {"": 0}
    for text in texts:
        if text not in places:
            places[text] = len(table)
            table += text.encode() + b"\0"
    return table, places


def _hash_table(names: Sequence[str]) -> bytes:
    """As many buckets as names; each leads to the last symbol of its hash, that to one before."""
    buckets, chains = [0] * (len(names) or 1), [0]
    for index, name in enumerate(names, 1):
        bucket = _hash(name) % len(buckets)
        chains.append(buckets[bucket])
        buckets[bucket] = index
    numbers = [len(buckets), len(chains), *buckets, *chains]
    return struct.pack(f"<{len(numbers)}I", *numbers)


def _hash(name: str) -> int:
    """The ABI's own function."""
    value = 0
    for byte in name.encode():
        value = (value << 4) + byte
        value = (value ^ (value & 0xF0000000) >> 24) & 0x0FFFFFFF
    return value


def _aligned(data: bytes, to: int, filler: bytes = b"\0") -> bytes:
    return data + filler * (-len(data) % to)
