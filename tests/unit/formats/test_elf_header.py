"""Headers of ELF files: whose code they hold, and what a damaged one is called."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from neopack.errors import Malformed
from neopack.formats.elf_header import read_header
from neopack.formats.source import BytesSource

IDENT = b"\x7fELF"


def header(bits: int, kind: int, machine: int, flags: int = 0, order: str = "<") -> bytes:
    ident = IDENT + bytes([bits // 32, 1 if order == "<" else 2, 1]) + bytes(9)
    form = order + ("HHIQQQI" if bits == 64 else "HHIIIII")
    return ident + struct.pack(form, kind, machine, 1, 0, 0, 0, flags)


@pytest.mark.parametrize(
    ("data", "machine", "library"),
    [
        (header(64, 3, 62), "x86-64", True),
        (header(64, 1, 183), "AArch64", False),
        (header(32, 3, 40, 0x5000400), "ARM hard-float", True),
        (header(32, 3, 40, 0x5000200), "ARM soft-float", True),
        (header(32, 2, 3), "x86", False),
        (header(64, 3, 183, order=">"), "AArch64 big-endian", True),
        (header(64, 3, 243), "machine 243", True),
    ],
)
def test_a_header_says_whose_code_it_is(data: bytes, machine: str, library: bool) -> None:
    read = read_header(BytesSource("x.so", data))
    assert (read.machine, read.is_library) == (machine, library)


def test_a_library_that_a_linker_wrote(fixtures: Path) -> None:
    data = (fixtures / "elf/framework.so").read_bytes()
    assert read_header(BytesSource("x.so", data)).machine == "x86-64"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x7fEL",
        IDENT,
        IDENT + b"\x07\x01" + bytes(60),
        header(64, 3, 62)[:40],
        b"PK\x03\x04",
    ],
)
def test_what_is_not_such_a_file_is_told(data: bytes) -> None:
    with pytest.raises(Malformed, match=r"ELF|ends in its header"):
        read_header(BytesSource("x.so", data))
