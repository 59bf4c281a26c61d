"""The kinds of compiled artifacts, by file names: ``artifacts.toml``."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from neopack.facts.rows import Row, facts_file

__all__ = ["ArtifactKind", "artifact_kind", "has_sign", "kind_of"]

# the runtime that some kinds include; it does not tell the kind
_RUNTIME = frozenset({"libdlr.so", "dlr.h", "manifest"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactKind:
    """A kind, its runtime, and the files that the runtime needs but are missing."""

    name: str
    runtime: str = ""
    lacking: tuple[str, ...] = ()


def doubled(names: Sequence[str], runtime: str) -> dict[str, tuple[str, ...]]:
    """Return the files of a directory, by kind, of which a runtime takes one but finds several."""
    row = facts_file("artifacts").table("one_of_each")
    if not runtime.startswith(row.text("runtime")):
        return {}
    ignored = row.texts("ignored")
    counted = [name for name in _telling(names) if name.rpartition("/")[2] not in ignored]
    files = {kind: tuple(fnmatch.filter(counted, kind)) for kind in row.texts("kinds")}
    return {kind: names for kind, names in files.items() if len(names) > 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultLoader:
    """The files that a container looks for without a script: all of ``files``, or one file with
    one of ``suffixes`` at the root."""

    wanted: str
    said: str
    files: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()

    def finds(self, names: Sequence[str]) -> bool:
        at_root = [name for name in names if "/" not in name and name.endswith(self.suffixes)]
        alone = bool(self.suffixes) and len(at_root) == 1
        return alone or set(self.files) <= set(names)


def default_loader(kind: str) -> DefaultLoader | None:
    """Return what loads an artifact of this kind without a script, or None if that is unknown."""
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
    """Return DLR's name for a target's device, or "" if it is unknown."""
    return facts_file("artifacts").table("device_types").text(accelerator or "CPU", "")


def kind_of(names: Sequence[str]) -> str:
    """Return the kind of an artifact with these file names, or "" if it is unknown."""
    telling = _telling(names)
    rows = facts_file("artifacts").tables("kind")
    return next((row.text("name") for row in rows if _fits(row, telling)), "")


def artifact_kind(names: Sequence[str]) -> ArtifactKind | None:
    """Like ``kind_of``, but recognize a kind by its sign too, even if files are missing."""
    telling = _telling(names)
    rows = tuple(facts_file("artifacts").tables("kind"))
    # compiled.so alone is a tree; with parameters, a graph that lost its .json
    kind = next((row for row in rows[:-1] if _fits(row, telling)), None)
    kind = kind or next((row for row in rows if _signed(row, telling)), None)
    if kind is None:
        return None
    missing = tuple(need for need in kind.texts("needs") if not _any(telling, need))
    return ArtifactKind(name=kind.text("name"), runtime=kind.text("runtime", ""), lacking=missing)


def has_sign(names: Sequence[str]) -> bool:
    """Whether a name occurs only in artifacts; ``model.pth`` occurs in archives too."""
    telling = _telling(names)
    return any(_signed(row, telling) for row in facts_file("artifacts").tables("kind"))


def _telling(names: Sequence[str]) -> list[str]:
    plain = [name.removeprefix("./") for name in names]
    return [name for name in plain if name not in _RUNTIME and not name.startswith("code/")]


def _fits(row: Row, names: Sequence[str]) -> bool:
    required, options = row.texts("has"), row.texts("any")
    return all(_any(names, pattern) for pattern in required) and (
        not options or any(_any(names, pattern) for pattern in options)
    )


def _signed(row: Row, names: Sequence[str]) -> bool:
    sign = row.text("sign", "")
    return bool(sign) and _any(names, sign)


def _any(names: Iterable[str], pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in names)
