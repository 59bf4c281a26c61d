"""Changes between the dated pages: versions, frameworks, targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from neopack import facts
from neopack.facts import Page
from neopack.support.matrix import NONE, rule_of
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
    query, classes = framework_of(framework), facts.class_names(kinds_of(target_class))
    changed = [*_moves(query, classes), *_events(query, classes)]
    within = sorted((c for c in changed if start < c.date <= end), key=lambda c: c.date)
    return ChangesAnswer(first=start, last=end, changes=tuple(within))


def _moves(query: FrameworkQuery, classes: tuple[str, ...]) -> Iterator[SupportChange]:
    pages = facts.pages()
    for of in classes:
        own = [page for page in pages if of in page.classes]
        for before, after in pairwise(own):
            for row in facts.frameworks():
                old, new = rule_of(row.name, of, before.date), rule_of(row.name, of, after.date)
                if old != new and query.framework in ("", row.name):
                    yield SupportChange(
                        date=after.date,
                        since=before.date,
                        target_class=of,
                        framework=row.name,
                        before=old,
                        after=new,
                        what="",
                        source=after.source,
                    )
        yield from _gone(of, own, query)


def _gone(of: str, own: list[Page], query: FrameworkQuery) -> Iterator[SupportChange]:
    """The change for a class that the newest page no longer names."""
    later = [page for page in facts.pages() if own and page.date > own[-1].date]
    for row in facts.frameworks() if later else ():
        old = rule_of(row.name, of, own[-1].date)
        if old != NONE and query.framework in ("", row.name):
            yield SupportChange(
                date=later[0].date,
                since=own[-1].date,
                target_class=of,
                framework=row.name,
                before=old,
                after=NONE,
                what="",
                source=later[0].source,
            )


def _events(query: FrameworkQuery, classes: tuple[str, ...]) -> Iterator[SupportChange]:
    for event in facts.events():
        if event.target_class in classes and not query.framework:
            yield SupportChange(
                date=event.date,
                since="",
                target_class=event.target_class,
                framework="",
                before="",
                after="",
                what=event.what,
                source=event.source,
            )
