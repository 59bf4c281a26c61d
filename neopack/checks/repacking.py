"""What is only packaging, put right: which members stay, under which names, in which directories.

No byte of a file changes. What wants a choice (two models, names that differ in case) or another
export stays as it is, and so does the finding on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from neopack import facts
from neopack.formats.tar import TarEntry
from neopack.frameworks import Framework
from neopack.rules.members import is_hidden, matching, normal, suffix
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["PackagingChange", "RepackingPlan", "plan"]

_DRIVE = re.compile(r"^[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DROPPED = {"symlink": "NEO-AR-005", "hardlink": "NEO-AR-005"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagingChange:
    """``member`` was left out where ``to`` is empty, added where ``member`` is; the rule says
    why. A member that is renamed twice has two changes, the second from its new name."""

    member: str
    to: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepackingPlan:
    """Entries of the archive as it was, by the names that they are to have."""

    placed: Mapping[str, TarEntry]
    directories: tuple[str, ...]
    changes: tuple[PackagingChange, ...]


def plan(
    entries: Sequence[TarEntry], framework: Framework, target: Target, model: str = ""
) -> RepackingPlan:
    """The archive that these entries would be, packed right; ``model`` is the main file, as its
    bytes told, or empty."""
    placed, changes = _cleaned(entries)
    main = next((name for name, entry in placed.items() if entry.name == model), "")
    for change in list(_lower_suffixes(placed, framework)):
        main = change.to if change.member == main else main
        changes += _moved(placed, change)
    for move in framework.tidied(tuple(placed), main):
        changes += _moved(placed, PackagingChange(member=move.member, to=move.to, rule=move.rule))
    directories = framework.layout(Signature(inputs=()), target, tuple(placed)).directories
    there = {normal(entry.name) for entry in entries if entry.kind == "directory"}
    if not any(change.to.startswith(directories) for change in changes if directories):
        changes += [
            PackagingChange(member="", to=f"{name}/", rule="NEO-TF-003")
            for name in directories
            if name not in there
        ]
    return RepackingPlan(placed=placed, directories=directories, changes=tuple(changes))


def _cleaned(entries: Sequence[TarEntry]) -> tuple[dict[str, TarEntry], list[PackagingChange]]:
    """The files by safe names, the later of two that have one name."""
    placed: dict[str, TarEntry] = {}
    changes: list[PackagingChange] = []
    for entry in entries:
        if entry.kind == "directory":
            continue
        rule = _refused(entry)
        name = "" if rule else _safe(entry.name)
        if not name:
            rule = rule or ("NEO-AR-004" if entry.name.strip() else "NEO-AR-008")
            changes.append(PackagingChange(member=entry.name, to="", rule=rule))
            continue
        if name in placed:
            changes.append(PackagingChange(member=placed[name].name, to="", rule="NEO-AR-007"))
        if name != normal(entry.name) or entry.name.startswith("/"):
            changes.append(PackagingChange(member=entry.name, to=name, rule="NEO-AR-004"))
        placed[name] = entry
    return placed, changes


def _refused(entry: TarEntry) -> str:
    """The rule by which a member cannot stay, whatever its name."""
    if entry.kind != "file":
        return _DROPPED.get(entry.kind, "NEO-AR-006")
    if is_hidden(entry.name) or "__MACOSX" in normal(entry.name).split("/"):
        return "NEO-AR-010"
    return ""


def _safe(name: str) -> str:
    """A name as tar would have packed it: relative, with slashes; empty where it leads outside."""
    plain = name.replace("\\", "/")
    if ".." in plain.split("/") or _CONTROL.search(plain):
        return ""
    while plain != (shorter := _DRIVE.sub("", normal(plain.strip()))):
        plain = shorter
    return "" if plain == "." else plain


def _lower_suffixes(
    placed: Mapping[str, TarEntry], framework: Framework
) -> Iterator[PackagingChange]:
    for group in facts.framework(framework.name).files:
        suffixes = {*group.suffixes, *group.loose}
        named = [_named(entry, name) for name, entry in placed.items()]
        for entry in matching(named, group, loose=True, any_case=True) if suffixes else ():
            end = suffix(entry.name)
            if end not in suffixes:
                to = entry.name[: -len(end)] + end.lower()
                yield PackagingChange(member=entry.name, to=to, rule="NEO-AR-011")


def _named(entry: TarEntry, name: str) -> TarEntry:
    return TarEntry(name=name, kind=entry.kind, size=entry.size, offset=entry.offset)


def _moved(placed: dict[str, TarEntry], change: PackagingChange) -> list[PackagingChange]:
    """Nothing is moved onto a file that is there."""
    if change.member not in placed or change.to in placed:
        return []
    entry = placed.pop(change.member)
    if change.to:
        placed[change.to] = entry
    return [change]
