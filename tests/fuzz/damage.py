"""Damage behind checksums: the part is damaged and the whole around it is sound."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TypeAlias

from mutation import mutated

from neopack.formats.sstable import MAGIC, _masked, crc32c

__all__ = ["Make", "anywhere", "in_gzip", "in_table", "in_tar", "in_zip", "tar_of", "zip_of"]

Make: TypeAlias = Callable[[Random], bytes]

BLOCK = 512
CHECKSUM = slice(148, 156)
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")


def anywhere(seeds: Sequence[bytes], words: Sequence[bytes] = ()) -> Make:
    """Damage anywhere in one of the seeds."""
    return lambda random: mutated(random, seeds, words)


# --- tar and gzip ---------------------------------------------------------------------------


def tar_of(
    files: Mapping[str, bytes], links: Mapping[str, str] = {}, form: int = tarfile.PAX_FORMAT
) -> bytes:
    """A tar with these members, in their order; a name that ends in a slash is a directory."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            tar.addfile(member, io.BytesIO(content))
        for name, to in links.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, to
            tar.addfile(member)
    return buffer.getvalue()


def in_tar(seeds: Sequence[bytes], words: Sequence[bytes] = ()) -> Make:
    """Tars whose headers have right checksums, whatever else they say."""
    return lambda random: _summed(mutated(random, seeds, words))


def in_gzip(make: Make) -> Make:
    """What ``make`` makes, in a sound gzip."""
    return lambda random: gzip.compress(make(random), 1)


def _summed(data: bytes) -> bytes:
    tar, at = bytearray(data), 0
    while at + BLOCK <= len(tar):
        header = tar[at : at + BLOCK]
        if not any(header):
            break
        total = sum(header) - sum(header[CHECKSUM]) + 8 * 0x20
        tar[at + 148 : at + 156] = b"%06o\0 " % total
        digits = bytes(header[124:135]).strip(b" \0")
        size = int(digits, 8) if digits and not digits.strip(b"01234567") else 0
        at += BLOCK + size + -size % BLOCK
    return bytes(tar)


# --- zip ------------------------------------------------------------------------------------


def in_zip(
    containers: Sequence[bytes], suffixes: tuple[str, ...], words: Sequence[bytes] = ()
) -> Make:
    """Zips of which one record with such a suffix is damaged, and stored with a right CRC."""
    opened = [_records(data) for data in containers]
    of_kind: dict[str, list[bytes]] = {
        suffix: [c for held in opened for name, c in held.items() if name.endswith(suffix) and c]
        for suffix in suffixes
    }

    def make(random: Random) -> bytes:
        held = dict(random.choice(opened))
        name = random.choice([name for name in held if name.endswith(suffixes) and held[name]])
        others = next(of_kind[suffix] for suffix in suffixes if name.endswith(suffix))
        held[name] = mutated(random, [held[name], held[name], random.choice(others)], words)
        return zip_of(held)

    return make


def _records(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {entry.filename: opened.read(entry) for entry in opened.infolist()}


def zip_of(records: Mapping[str, bytes]) -> bytes:
    """As zipfile writes it, ten times as fast."""
    body, directory = bytearray(), bytearray()
    for name, content in records.items():
        raw, crc, size, at = name.encode(), zlib.crc32(content), len(content), len(body)
        body += _LOCAL.pack(b"PK\3\4", 20, 0x800, 0, 0, 33, crc, size, size, len(raw), 0)
        body += raw + content
        directory += _CENTRAL.pack(
            b"PK\1\2", 20, 20, 0x800, 0, 0, 33, crc, size, size, len(raw), 0, 0, 0, 0, 0, at
        )  # fmt: skip
        directory += raw
    count = len(records)
    end = _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)


# --- sorted tables --------------------------------------------------------------------------


def in_table(tables: Sequence[bytes], words: Sequence[bytes] = ()) -> Make:
    """Sorted tables of one damaged block, which its checksum and the index agree with."""
    blocks = [_first_block(table) for table in tables]

    def make(random: Random) -> bytes:
        block = mutated(random, blocks, words)
        handle = _varint(0) + _varint(len(block))
        index = b"\0\1" + bytes((len(handle),)) + b"\xff" + handle + struct.pack("<II", 0, 1)
        if random.random() < 0.2:
            index = mutated(random, [index])
        at = len(block) + 5
        footer = _varint(0) + _varint(0) + _varint(at) + _varint(len(index))
        return _stored(block) + _stored(index) + footer.ljust(40, b"\0") + MAGIC

    return make


def _first_block(table: bytes) -> bytes:
    """Where TensorFlow writes small bundles: one block, from the start up to its restarts."""
    for end in range(8, len(table)):
        stored = int.from_bytes(table[end + 1 : end + 5], "little")
        if not table[end] and stored == _masked(crc32c(table[: end + 1])):
            return table[:end]
    raise ValueError("no block")


def _stored(block: bytes) -> bytes:
    return block + b"\0" + struct.pack("<I", _masked(crc32c(block + b"\0")))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
