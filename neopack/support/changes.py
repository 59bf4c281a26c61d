"""Changes between the dated pages: versions, frameworks, targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from neopack import facts
from neopack.facts.rows import Row, facts_file
from neopack.support.matrix import NONE, class_names, rule_of
from neopack.support.names import FrameworkQuery, date_of, framework_of, kinds_of

__all__ = ["ChangesAnswer", "SupportChange", "changes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportChange:
    """A difference between the page of ``date`` and the one before it (of ``since``).

    ``before`` and ``after`` are the versions in the words of the pages, or ``not listed``. An
    event outside the pages has ``what`` instead.
    """

    date: str
    since: str
    target_class: str
    framework: str
    before: str
    after: str
    what: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesAnswer:
    first: str
    last: str
    changes: tuple[SupportChange, ...]


def changes(
    *,
    since: str | None = None,
    as_of: str | None = None,
    framework: str = "",
    target_class: str = "",
) -> ChangesAnswer:
    """Return the changes after ``since`` (default: the first page) up to ``as_of`` (the last)."""
    pages = facts.snapshots()
    date_of(as_of, pages[0])
    start = date_of(since, pages[0], option="--since") or pages[0]
    end = as_of or pages[-1]
    query, classes = framework_of(framework), class_names(kinds_of(target_class))
    changed = [*_moves(query, classes), *_events(query, classes)]
    within = sorted((c for c in changed if start < c.date <= end), key=lambda c: c.date)
    return ChangesAnswer(first=start, last=end, changes=tuple(within))


def _moves(query: FrameworkQuery, classes: tuple[str, ...]) -> Iterator[SupportChange]:
    pages = [(p.text("date"), p) for p in facts_file("support").tables("snapshot")]
    for of in classes:
        own = [(date, page) for date, page in pages if of in page.texts("classes")]
        for (before, _), (after, page) in pairwise(own):
            for row in facts.frameworks():
                old, new = rule_of(row.name, of, before), rule_of(row.name, of, after)
                if old != new and query.framework in ("", row.name):
                    yield SupportChange(
                        date=after,
                        since=before,
                        target_class=of,
                        framework=row.name,
                        before=old,
                        after=new,
                        what="",
                        source=page.text("source"),
                    )
        yield from _gone(of, pages, own, query)


def _gone(
    of: str, pages: list[tuple[str, Row]], own: list[tuple[str, Row]], query: FrameworkQuery
) -> Iterator[SupportChange]:
    """The change for a class that the newest page no longer names."""
    later = [(date, page) for date, page in pages if own and date > own[-1][0]]
    for row in facts.frameworks() if later else ():
        old = rule_of(row.name, of, own[-1][0])
        if old != NONE and query.framework in ("", row.name):
            yield SupportChange(
                date=later[0][0],
                since=own[-1][0],
                target_class=of,
                framework=row.name,
                before=old,
                after=NONE,
                what="",
                source=later[0][1].text("source"),
            )


def _events(query: FrameworkQuery, classes: tuple[str, ...]) -> Iterator[SupportChange]:
    for row in facts_file("support").tables("event"):
        if row.text("class") in classes and not query.framework:
            yield SupportChange(
                date=row.text("date"),
                since="",
                target_class=row.text("class"),
                framework="",
                before="",
                after="",
                what=row.text("what"),
                source=row.text("source"),
            )
