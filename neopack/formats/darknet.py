"""Bounded readers of Darknet's two files: sections of a .cfg, and the header of a .weights.

Source: pjreddie/darknet src/parser.c (read_cfg, load_weights_upto), src/option_list.c and
src/utils.c (strip), 2018-09.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource

__all__ = ["NETWORKS", "Section", "WeightsHeader", "is_cfg", "is_weights", "sections", "weights"]

NETWORKS = ("net", "network")
HEAD = 4096
COMMENTS = ("#", ";", "\0")
VERSION, WIDE, NARROW = struct.Struct("<3i"), 8, 4
NUMBER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """``[kind]`` in line ``line``, and its options as they are written; of an option that occurs
    twice, the first one counts, as in Darknet."""

    kind: str
    line: int
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsHeader:
    """``numbers`` of float32 follow the header's ``size`` bytes."""

    version: str
    size: int
    numbers: int


def is_cfg(source: ByteSource) -> bool:
    """Whether the first section is that of a network."""
    for line in source.read(0, HEAD).decode("utf-8", "replace").splitlines():
        text = _stripped(line)
        if text and not text.startswith(COMMENTS):
            return text.startswith("[") and text.strip("[]") in NETWORKS
    return False


def is_weights(source: ByteSource) -> bool:
    """Whether the header is one that Darknet has written: version 0.1 or 0.2."""
    head = source.read(0, VERSION.size)
    if len(head) < VERSION.size or (source.size - VERSION.size) % NUMBER:
        return False
    major, minor, revision = VERSION.unpack(head)
    return major == 0 and minor in (1, 2) and 0 <= revision <= 5


def sections(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> tuple[Section, ...]:
    """The sections, in order, the network's own first. Raises ``Malformed``, with the line, for
    what is not such a file, ``LimitExceeded`` for more than ``limits`` allow."""
    limits.hold("record_bytes", source.size, where=source.name)
    budget = limits.begun(source.size)
    try:
        lines = source.read(0, source.size).decode().splitlines()
    except UnicodeDecodeError as error:
        raise Malformed("is not text in UTF-8", offset=error.start, where=source.name) from None
    budget.spend(len(lines), source.name)
    found: list[tuple[str, int, dict[str, str]]] = []
    for number, line in enumerate(lines, start=1):
        text = _stripped(line)
        if not text or text.startswith(COMMENTS):
            continue
        if text.startswith("["):
            found.append((text.strip("[]").lower(), number, {}))
            limits.hold("records", len(found), where=source.name)
        else:
            _add(found, text, number, source.name)
    if not found or found[0][0] not in NETWORKS:
        raise Malformed("its first section is not [net]", where=source.name)
    return tuple(Section(kind=kind, line=at, options=options) for kind, at, options in found)


def weights(source: ByteSource) -> WeightsHeader:
    """The header, and how many numbers follow. Raises ``Malformed`` for a file that is cut off."""
    head = source.read(0, VERSION.size)
    if len(head) < VERSION.size:
        raise Malformed("ends within the header of a .weights file", where=source.name)
    major, minor, revision = VERSION.unpack(head)
    if min(major, minor, revision) < 0 or max(major, minor, revision) > 1000:
        raise Malformed("does not begin with a version of Darknet", offset=0, where=source.name)
    wide = major * 10 + minor >= 2
    size = VERSION.size + (WIDE if wide else NARROW)
    if source.size < size or (source.size - size) % NUMBER:
        raise Malformed(
            f"ends within a number: {source.size} bytes",
            offset=source.size,
            where=source.name,
            hint="fetch the file again",
        )
    return WeightsHeader(
        version=f"{major}.{minor}.{revision}", size=size, numbers=(source.size - size) // NUMBER
    )


def _add(found: list[tuple[str, int, dict[str, str]]], text: str, line: int, where: str) -> None:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise Malformed(f"line {line} is neither a section nor an option: {text:.40}", where=where)
    if not found:
        raise Malformed(f"line {line} lies before the first section", where=where)
    found[-1][2].setdefault(name, value)


def _stripped(line: str) -> str:
    """Without any blanks, as Darknet reads lines."""
    return "".join(line.split())
