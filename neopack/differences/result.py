"""What differs between two archives or artifacts, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from neopack.values.json import Json

__all__ = ["ArrayChange", "Change", "Difference", "FileWeights", "Sections", "Side"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact that differs. A side that lacks it has None."""

    name: str
    first: Json
    second: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two. ``kind`` is ``archive``, or what kind of artifact it is; ``content_sha256``
    is the digest of the tar inside the gzip. ``unjudged`` says why no rules were run."""

    path: str
    kind: str
    sha256: str
    content_sha256: str
    bytes: int
    content_bytes: int
    unjudged: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayChange:
    """One array that differs. ``first`` and ``second`` are dtype and shape, "" where that side
    lacks it.

    ``differing`` counts the elements that differ, ``largest`` is the largest absolute difference,
    ``relative`` that over the largest absolute number of the first. They are None where the
    numbers cannot be compared: another dtype or shape, or values that are not plain numbers.
    """

    name: str
    first: str
    second: str
    differing: int | None = None
    largest: float | None = None
    relative: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWeights:
    """The arrays of a member of either side. ``read_as`` says what counts as an array."""

    first: str
    second: str
    read_as: str
    alike: int
    changes: tuple[ArrayChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """``by_digest`` are the members that differ and whose weights no reader gives: only their
    digests were compared. ``compiled`` is what the manifests of artifacts say of the compilation
    and its measurements; ``manifest`` is what those of archives say."""

    layout: tuple[Change, ...] = ()
    signature: tuple[Change, ...] = ()
    operators: tuple[Change, ...] = ()
    weights: tuple[FileWeights, ...] = ()
    by_digest: tuple[str, ...] = ()
    manifest: tuple[Change, ...] = ()
    findings: tuple[Change, ...] = ()
    evidence: tuple[Change, ...] = ()
    compiled: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """``alike`` is whether nothing differs but how the gzip was written."""

    first: Side
    second: Side
    alike: bool
    sections: Sections
