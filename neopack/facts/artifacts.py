"""Kinds of compiled artifact by the names of their files: ``artifacts.toml``."""

from __future__ import annotations

import fnmatch
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


def doubled(names: Sequence[str], runtime: str) -> dict[str, tuple[str, ...]]:
    """The files of a directory of which a runtime takes one of their kind and finds more."""
    row = facts_file("artifacts").table("one_of_each")
    if not runtime.startswith(row.text("runtime")):
        return {}
    ignored = row.texts("ignored")
    counted = [name for name in _telling(names) if name.rpartition("/")[2] not in ignored]
    found = {kind: tuple(fnmatch.filter(counted, kind)) for kind in row.texts("kinds")}
    return {kind: held for kind, held in found.items() if len(held) > 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultLoader:
    """What a container looks for where no script tells it: all of ``files``, or one file with one
    of ``suffixes`` at the root."""

    wanted: str
    said: str
    files: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()

    def finds(self, names: Sequence[str]) -> bool:
        at_root = [name for name in names if "/" not in name and name.endswith(self.suffixes)]
        alone = bool(self.suffixes) and len(at_root) == 1
        return alone or set(self.files) <= set(names)


def default_loader(kind: str) -> DefaultLoader | None:
    """What loads an artifact of this kind without a script; None where nothing is known."""
    for row in facts_file("artifacts").tables("default_loader"):
        if kind in row.texts("kinds"):
            return DefaultLoader(
                wanted=row.text("wanted"),
                said=row.text("said"),
                files=row.texts("files"),
                suffixes=row.texts("suffixes"),
            )
    return None


def device_type(accelerator: str) -> str:
    """What DLR calls a target's device; empty where nothing says."""
    return facts_file("artifacts").table("device_types").text(accelerator or "CPU", "")


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
