"""Neo's support matrix: frameworks and versions by class of targets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from neopack import facts, versions
from neopack.facts import Support
from neopack.facts.rows import facts_file
from neopack.support.names import Reading, date_of, framework_of, kinds_of, readings
from neopack.values.target import Target

__all__ = [
    "NONE",
    "MatrixAnswer",
    "class_names",
    "neo",
    "rule_of",
    "since",
    "taken_since",
    "takes",
    "wording",
]

NONE = "not listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixAnswer:
    as_of: str
    readings: tuple[Reading, ...]
    rows: tuple[Support, ...]


def neo(*, framework: str = "", as_of: str | None = None, target_class: str = "") -> MatrixAnswer:
    """The rows of the table in force at a date; a class that its page does not name is left out
    before its first page and after its last."""
    date = date_of(as_of, facts.snapshots()[0]) or facts.newest()
    asked = framework_of(framework)
    rows = [
        row
        for of in class_names(kinds_of(target_class))
        for known in facts.frameworks()
        if asked.framework in ("", known.name)
        and (row := facts.class_support(known.name, of, date)) is not None
    ]
    return MatrixAnswer(
        as_of=date, readings=readings(asked.reading_of(framework)), rows=tuple(rows)
    )


def class_names(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The classes of the support table for kinds of target, each once."""
    named = facts_file("support").words("classes")
    return tuple(dict.fromkeys(named.get(kind, kind) for kind in kinds))


@cache
def since(framework: str, of: str, date: str) -> str:
    """The first page of the unbroken run, up to that of ``date``, that has the same versions.

    It was so at that date at the latest: what lies between two pages was not read.
    """
    first = date
    for earlier in reversed(facts.snapshots()):
        if earlier < date and of in _classes(earlier):
            if rule_of(framework, of, earlier) != rule_of(framework, of, date):
                break
            first = earlier
    return first


def taken_since(framework: str, target: Target, version: str, as_of: str | None = None) -> str:
    """The first page of the unbroken run, up to the one in force, that takes a version; empty
    where that one does not. No version: that lists the framework."""
    first, of = "", facts.target_class(target)
    for date in reversed(facts.snapshots()):
        if date > (as_of or facts.newest()) or of not in _classes(date):
            continue
        row = facts.support(framework, target, date)
        if row is None or (version and not takes(row, version)):
            break
        first = date
    return first


def takes(row: Support, version: str) -> bool:
    exact = any(versions.same(version, each) for each in row.listed)
    return exact or bool(row.maximum and versions.at_most(version, row.maximum))


@cache
def _classes(date: str) -> tuple[str, ...]:
    pages = facts_file("support").tables("snapshot")
    return next(page.texts("classes") for page in pages if page.text("date") == date)


@cache
def rule_of(framework: str, of: str, date: str) -> str:
    """The versions as a page words them."""
    row = facts.class_support(framework, of, date)
    return wording(row) if row else NONE


def wording(row: Support) -> str:
    """The versions of a row as its page words them."""
    most = [f"{row.maximum} or earlier"] if row.maximum else []
    return row.printed or ", ".join([*row.listed, *most]) or "no version printed"
