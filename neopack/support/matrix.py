"""Neo's support matrix: frameworks and versions by class of targets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from neopack import facts, versions
from neopack.facts import Support
from neopack.support.names import Reading, date_of, framework_of, kinds_of, readings
from neopack.values.target import Target

__all__ = [
    "NONE",
    "MatrixAnswer",
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
    """Return the rows of the table in force at a date. A class is left out before the first page
    that names it and after the last one."""
    date = date_of(as_of, facts.snapshots()[0]) or facts.newest()
    query = framework_of(framework)
    rows = [
        row
        for of in facts.class_names(kinds_of(target_class))
        for framework_row in facts.frameworks()
        if query.framework in ("", framework_row.name)
        and (row := facts.class_support(framework_row.name, of, date)) is not None
    ]
    return MatrixAnswer(
        as_of=date, readings=readings(query.reading_of(framework)), rows=tuple(rows)
    )


@cache
def since(framework: str, of: str, date: str) -> str:
    """Return the date of the first page of the unbroken run with the versions of ``date``'s page.

    The versions may have been listed earlier: the time between two pages was not read.
    """
    first = date
    for earlier in reversed(facts.snapshots()):
        if earlier < date and of in _classes(earlier):
            if rule_of(framework, of, earlier) != rule_of(framework, of, date):
                break
            first = earlier
    return first


def taken_since(framework: str, target: Target, version: str, as_of: str | None = None) -> str:
    """Return the date of the first page of the unbroken run, up to the one in force, that takes a
    version (without one: that lists the framework), or "" if the page in force does not."""
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
    exact = any(versions.same(version, listed) for listed in row.listed)
    return exact or bool(row.maximum and versions.at_most(version, row.maximum))


@cache
def _classes(date: str) -> tuple[str, ...]:
    return next(page.classes for page in facts.pages() if page.date == date)


@cache
def rule_of(framework: str, of: str, date: str) -> str:
    """Return the versions in the words of a page."""
    row = facts.class_support(framework, of, date)
    return wording(row) if row else NONE


def wording(row: Support) -> str:
    """Return the versions of a row in the words of its page."""
    most = [f"{row.maximum} or earlier"] if row.maximum else []
    return row.printed or ", ".join([*row.listed, *most]) or "no version printed"
