"""Kinds of compiled artifact by the names of their files: ``artifacts.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from neopack.facts.rows import Row, facts_file

__all__ = ["ArtifactKind", "artifact_kind", "has_sign", "kind_of"]

# the runtime that comes along with some kinds and tells nothing of them
_RUNTIME = frozenset({"libdlr.so", "dlr.h", "manifest"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactKind:
    """A kind, what loads it, and the files that its runtime wants and that are not there."""

    name: str
    runtime: str = ""
    lacking: tuple[str, ...] = ()


def kind_of(names: Sequence[str]) -> str:
    """The kind of an artifact with files of these names; empty where it is none we know."""
    telling = _telling(names)
    rows = facts_file("artifacts").tables("kind")
    return next((row.text("name") for row in rows if _fits(row, telling)), "")


def artifact_kind(names: Sequence[str]) -> ArtifactKind | None:
    """As ``kind_of``, but a kind is told by its sign too, where files of it are missing."""
    telling = _telling(names)
    rows = tuple(facts_file("artifacts").tables("kind"))
    # compiled.so alone is a tree; with parameters, a graph that lost its .json
    found = next((row for row in rows[:-1] if _fits(row, telling)), None)
    found = found or next((row for row in rows if _signed(row, telling)), None)
    if found is None:
        return None
    lacking = tuple(want for want in found.texts("needs") if not _any(telling, want))
    return ArtifactKind(
        name=found.text("name"), runtime=found.text("runtime", ""), lacking=lacking
    )


def has_sign(names: Sequence[str]) -> bool:
    """Whether some name is one that only artifacts have; ``model.pth`` may be either."""
    telling = _telling(names)
    return any(_signed(row, telling) for row in facts_file("artifacts").tables("kind"))


def _telling(names: Sequence[str]) -> list[str]:
    plain = [name.removeprefix("./") for name in names]
    return [name for name in plain if name not in _RUNTIME and not name.startswith("code/")]


def _fits(row: Row, names: Sequence[str]) -> bool:
    each, one = row.texts("has"), row.texts("any")
    return all(_any(names, want) for want in each) and (
        not one or any(_any(names, want) for want in one)
    )


def _signed(row: Row, names: Sequence[str]) -> bool:
    sign = row.text("sign", "")
    return bool(sign) and _any(names, sign)


def _any(names: Iterable[str], pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in names)
