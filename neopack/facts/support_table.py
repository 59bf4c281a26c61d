"""The versions listed for a framework on a target, by page: ``support.toml``, ``paths.toml``."""

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
    "Page",
    "Support",
    "SupportEvent",
    "class_names",
    "class_support",
    "compiler_path",
    "default_version",
    "events",
    "framework_versions",
    "is_listed",
    "newest",
    "pages",
    "snapshots",
    "support",
    "target_class",
]

VersionRule: TypeAlias = Literal["list", "maximum", "list or maximum", "none"]
PATHS = frozenset({"tvm", "integrated", "neuron", "eia"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """The versions that one dated page lists for a framework on a class of targets.

    A target takes a version that is one of ``listed`` or not above ``maximum``. ``compiled_with``
    are the versions of Neo's own framework, according to the page. ``tabulated`` is False if the
    page has no table and ``listed`` comes from the printed containers. ``models_by_version`` has
    the kinds of models of versions that take more than the others. ``printed`` has the page's
    words if they cannot be read as a version.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A dated page that the support table was read from, and the classes of targets on it."""

    date: str
    classes: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportEvent:
    """A change that no pair of pages shows."""

    date: str
    target_class: str
    what: str
    source: str


@cache
def pages() -> tuple[Page, ...]:
    """Oldest first."""
    return tuple(
        Page(date=row.text("date"), classes=row.texts("classes"), source=row.text("source"))
        for row in facts_file("support").tables("snapshot")
    )


def events() -> tuple[SupportEvent, ...]:
    return tuple(
        SupportEvent(
            date=row.text("date"),
            target_class=row.text("class"),
            what=row.text("what"),
            source=row.text("source"),
        )
        for row in facts_file("support").tables("event")
    )


def class_names(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The classes of the support table for kinds of target, each once."""
    named = facts_file("support").words("classes")
    return tuple(dict.fromkeys(named.get(kind, kind) for kind in kinds))


@cache
def snapshots() -> tuple[str, ...]:
    """Return the dates of the pages behind the support table, oldest first."""
    return tuple(page.date for page in pages())


def newest() -> str:
    return snapshots()[-1]


def _snapshot(target_class: str, as_of: str) -> Row:
    """The page in force at a date; the oldest one for an earlier date."""
    every = facts_file("support").tables("snapshot")
    pages = [page for page in every if target_class in page.texts("classes")]
    in_force = [page for page in pages if page.text("date") <= as_of] or pages[:1]
    return in_force[-1]


def target_class(of: Target) -> str:
    """Return the class of a target in the support table."""
    return facts_file("support").table("classes").text(of.kind, of.kind)


@cache
def support(name: str, of: Target, as_of: str | None = None) -> Support | None:
    """Return what the page in force at a date lists for the pair, or None if it lists nothing."""
    only = facts_file("support").table("only")
    if not of.documented or (of.name in only and name not in only.texts(of.name)):
        return None
    return class_support(name, target_class(of), as_of)


@cache
def class_support(name: str, of: str, as_of: str | None = None) -> Support | None:
    """Return the same for a class of targets."""
    page = _snapshot(of, as_of or newest())
    for row in facts_file("support").tables("row"):
        about = (row.text("class"), row.text("framework"))
        if about == (of, name) and page.text("date") in row.texts("as_of"):
            return _support(row, page)
    return None


def _support(row: Row, page: Row) -> Support:
    data, name = facts_file("support"), row.text("framework")
    tabulated = row.flag("tabulated", True)
    detailed = tabulated and not page.flag("versions_only", False)
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
        models=row.texts("models") if detailed else (),
        note=row.text("note", ""),
        source=page.text("source"),
        compiled_with=row.texts("compiled_with"),
        formats=own if detailed else "",
        toolkits=data.table("toolkits").texts(name) if detailed else (),
        models_by_version=row.lists("models_by_version") if detailed else {},
        printed=row.text("printed", ""),
    )


@cache
def framework_versions(name: str, of: Target, as_of: str | None = None) -> tuple[str, ...]:
    """Return the versions that the table names, oldest first; a maximum counts as one version."""
    row = support(name, of, as_of)
    if row is None:
        return ()
    names = {*row.listed, *([row.maximum] if row.maximum else [])}
    return tuple(sorted(names, key=versions.order))


@cache
def is_listed(name: str, version: str) -> bool:
    """Whether any page, for any target, names that version of a framework, or a later maximum."""
    rows = [row for row in facts_file("support").tables("row") if row.text("framework") == name]
    listed = [each for row in rows for each in row.texts("listed")]
    maxima = [row.text("maximum", "") for row in rows if row.text("maximum", "")]
    return (
        not (listed or maxima)
        or any(versions.same(version, each) for each in listed)
        or any(versions.at_most(version, each) for each in maxima)
    )


def default_version(name: str, of: Target, as_of: str | None = None) -> str:
    """Return the version to submit by default, the newest, or "" if none is listed."""
    return next(reversed(framework_versions(name, of, as_of)), "")


@cache
def compiler_path(name: str, of: Target, version: str = "") -> CompilerPath:
    """Return which of Neo's four compilers takes the pair (inferred: paths.toml)."""
    for scope, row in scoped("paths", "path"):
        floor = row.text("version_from", "")
        if scope.fits(of, name) and (not (floor and version) or versions.at_least(version, floor)):
            path: CompilerPath = row.choice("path", PATHS)
            return path
    raise facts_file("paths").wrong("path", f"stated for {name} on {of.name}")
