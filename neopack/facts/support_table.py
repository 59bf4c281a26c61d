"""What was listed for a framework on a target, page by page: ``support.toml``, ``paths.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, TypeAlias

from neopack import versions
from neopack.facts.rows import Row, facts_file, scoped
from neopack.values.target import CompilerPath, Target

__all__ = [
    "PATHS",
    "Support",
    "class_support",
    "compiler_path",
    "default_version",
    "framework_versions",
    "newest",
    "snapshots",
    "support",
    "target_class",
]

VersionRule: TypeAlias = Literal["list", "maximum", "list or maximum", "none"]
PATHS = frozenset({"tvm", "integrated", "neuron", "eia"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What one dated page lists for a framework on a class of targets.

    A version is taken if it is one of ``listed`` or not above ``maximum``; ``compiled_with`` are
    the versions that Neo's own framework is said to have. ``tabulated`` is False where the page
    lists nothing and ``listed`` comes from the printed containers. ``models_by_version`` names
    the kinds of model of the versions that take more than the others, ``printed`` has the
    page's words where they cannot be taken as they are.
    """

    target_class: str
    framework: str
    as_of: str
    listed: tuple[str, ...]
    maximum: str
    tabulated: bool
    models: tuple[str, ...]
    note: str
    source: str
    compiled_with: tuple[str, ...] = ()
    formats: str = ""
    toolkits: tuple[str, ...] = ()
    models_by_version: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    printed: str = ""

    @property
    def rule(self) -> VersionRule:
        if self.listed:
            return "list or maximum" if self.maximum else "list"
        return "maximum" if self.maximum else "none"


@cache
def snapshots() -> tuple[str, ...]:
    """The dates of the pages that the support table was read from, oldest first."""
    return tuple(row.text("date") for row in facts_file("support").tables("snapshot"))


def newest() -> str:
    return snapshots()[-1]


def _snapshot(target_class: str, as_of: str) -> Row:
    """The page in force; the oldest there is for a date before it."""
    every = facts_file("support").tables("snapshot")
    pages = [page for page in every if target_class in page.texts("classes")]
    in_force = [page for page in pages if page.text("date") <= as_of] or pages[:1]
    return in_force[-1]


def target_class(of: Target) -> str:
    """The class whose rows of the support table a target is served by."""
    return facts_file("support").table("classes").text(of.kind, of.kind)


@cache
def support(name: str, of: Target, as_of: str | None = None) -> Support | None:
    """What the page in force at a date lists; None where it lists nothing for the pair."""
    only = facts_file("support").table("only")
    if not of.documented or (of.name in only and name not in only.texts(of.name)):
        return None
    return class_support(name, target_class(of), as_of)


@cache
def class_support(name: str, of: str, as_of: str | None = None) -> Support | None:
    """The same for a class of targets."""
    page = _snapshot(of, as_of or newest())
    for row in facts_file("support").tables("row"):
        about = (row.text("class"), row.text("framework"))
        if about == (of, name) and page.text("date") in row.texts("as_of"):
            return _support(row, page)
    return None


def _support(row: Row, page: Row) -> Support:
    data, name = facts_file("support"), row.text("framework")
    tabulated = row.flag("tabulated", True)
    known = tabulated and not page.flag("versions_only", False)
    formats = data.table("formats").text(name, "")
    own = (
        data.table("edge_formats").text(name, formats) if row.text("class") == "edge" else formats
    )
    return Support(
        target_class=row.text("class"),
        framework=name,
        as_of=page.text("date"),
        listed=row.texts("listed"),
        maximum=row.text("maximum", ""),
        tabulated=tabulated,
        models=row.texts("models") if known else (),
        note=row.text("note", ""),
        source=page.text("source"),
        compiled_with=row.texts("compiled_with"),
        formats=own if known else "",
        toolkits=data.table("toolkits").texts(name) if known else (),
        models_by_version=row.lists("models_by_version") if known else {},
        printed=row.text("printed", ""),
    )


@cache
def framework_versions(name: str, of: Target, as_of: str | None = None) -> tuple[str, ...]:
    """The versions that the table names, oldest first; for a maximum that one alone."""
    row = support(name, of, as_of)
    if row is None:
        return ()
    named = {*row.listed, *([row.maximum] if row.maximum else [])}
    return tuple(sorted(named, key=versions.order))


def default_version(name: str, of: Target, as_of: str | None = None) -> str:
    """The version to submit unless the user says otherwise: the newest; empty where none is."""
    return next(reversed(framework_versions(name, of, as_of)), "")


@cache
def compiler_path(name: str, of: Target, version: str = "") -> CompilerPath:
    """Which of Neo's four compilers takes the pair (inferred: paths.toml)."""
    for scope, row in scoped("paths", "path"):
        floor = row.text("version_from", "")
        if scope.fits(of, name) and (not (floor and version) or versions.at_least(version, floor)):
            path: CompilerPath = row.choice("path", PATHS)
            return path
    raise facts_file("paths").wrong("path", f"stated for {name} on {of.name}")
