"""Read the header of an ELF file, of 32 or 64 bits: whose code it holds, and in which form.

Format: System V ABI, chapter 4 (https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html);
the flag of hard floats: ELF for the Arm Architecture, EF_ARM_ABI_FLOAT_HARD.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from neopack.errors import Malformed
from neopack.formats.source import ByteSource

__all__ = ["ElfHeader", "read_header"]

SIGN = b"\x7fELF"
BITS = {1: 32, 2: 64}
ORDERS = {1: "<", 2: ">"}
IDENT = 16
# type, machine, version, then entry, two offsets, and the flags
FIELDS = {32: "HHIIIII", 64: "HHIQQQI"}
SHARED = 3
KINDS = {1: "an object", 2: "a program", SHARED: "a shared library", 4: "a core dump"}
MACHINES = {3: "x86", 40: "ARM", 62: "x86-64", 183: "AArch64"}
ARM, HARD_FLOATS = 40, 0x400


@dataclass(frozen=True, slots=True, kw_only=True)
class ElfHeader:
    """``machine`` is "x86-64", "AArch64", "ARM hard-float" and the like, or a number in words."""

    machine: str
    kind: str

    @property
    def is_library(self) -> bool:
        return self.kind == KINDS[SHARED]


def read_header(source: ByteSource) -> ElfHeader:
    """Raises ``Malformed`` if the file does not start with a header of ELF."""
    ident = source.read(0, IDENT)
    if not ident.startswith(SIGN):
        raise Malformed("is not a file in ELF", offset=0, where=source.name)
    ident = ident.ljust(IDENT, b"\0")
    bits, order = BITS.get(ident[4]), ORDERS.get(ident[5])
    if bits is None or order is None:
        raise Malformed("is ELF of no known size or byte order", offset=4, where=source.name)
    form = struct.Struct(order + FIELDS[bits])
    rest = source.read(IDENT, form.size)
    if len(rest) < form.size:
        raise Malformed("ends in its header", offset=IDENT, where=source.name)
    kind, machine, *_, flags = form.unpack(rest)
    return ElfHeader(
        machine=_machine(machine, flags, order), kind=KINDS.get(kind, f"ELF of type {kind}")
    )


def _machine(number: int, flags: int, order: str) -> str:
    name = MACHINES.get(number, f"machine {number}")
    if number == ARM:
        name += " hard-float" if flags & HARD_FLOATS else " soft-float"
    return name if order == "<" else f"{name} big-endian"
