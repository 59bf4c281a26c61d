"""What AWS published of compiled models: ``published.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from neopack.errors import UsageError
from neopack.facts.rows import Row, facts_file
from neopack.spelling import did_you_mean

__all__ = ["RANKING", "Figure", "Publication", "publication", "publications"]

# the publication that compares targets with each other, by one model
RANKING = "blog-2021"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One instance. ``tps`` is transactions a second, ``latency`` milliseconds; None where the
    text says neither. ``derived`` where they follow from ratios in it."""

    instance: str
    compiled: bool
    tps: float | None
    latency: float | None
    usd_per_million: float | None
    derived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    id: str
    title: str
    date: str
    source: str
    model: str
    remarks: tuple[str, ...]
    figures: tuple[Figure, ...]


@cache
def publications() -> tuple[Publication, ...]:
    return tuple(map(_publication, facts_file("published").tables("published")))


def publication(name: str) -> Publication:
    """The one of that id. Raises ``UsageError`` with those there are."""
    found = next((each for each in publications() if each.id == name), None)
    if found is None:
        ids = [each.id for each in publications()]
        hint = did_you_mean(name, ids, f"there are {', '.join(ids)}")
        raise UsageError(f"nothing was published as {name!r}", hint=hint)
    return found


def _publication(row: Row) -> Publication:
    return Publication(
        id=row.text("id"),
        title=row.text("title"),
        date=row.text("date"),
        source=row.text("source"),
        model=row.text("model"),
        remarks=row.texts("remarks"),
        figures=tuple(map(_figure, row.tables("figure"))),
    )


def _figure(row: Row) -> Figure:
    return Figure(
        instance=row.text("instance"),
        compiled=row.flag("compiled"),
        tps=row.optional_real("tps"),
        latency=row.optional_real("latency_ms"),
        usd_per_million=row.optional_real("usd_per_million"),
        derived=row.flag("derived", default=False),
    )
