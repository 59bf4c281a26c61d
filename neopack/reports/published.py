"""What AWS published, as rows and as bars beside figures of one's own."""

from __future__ import annotations

from collections.abc import Iterator

from neopack.facts.published import Figure, Publication
from neopack.reports.svg_bars import Bar

__all__ = ["PUBLISHED_HEAD", "cost_bars", "published_notes", "published_rows", "speed_bars"]

PUBLISHED_HEAD = ("instance", "model", "a second", "ms", "USD a million")
# of bars that are not one's own
GRAY = -1


def published_rows(publication: Publication) -> Iterator[tuple[str, ...]]:
    for figure in publication.figures:
        yield (
            figure.instance,
            _form(figure),
            _number(figure.tps, figure),
            _number(figure.latency, figure),
            _number(figure.usd_per_million, figure),
        )


def _form(figure: Figure) -> str:
    return "compiled" if figure.compiled else "not compiled"


def _number(value: float | None, figure: Figure) -> str:
    if value is None:
        return "?"
    return f"about {value:g}" if figure.derived else f"{value:g}"


def published_notes(publication: Publication) -> Iterator[str]:
    yield f"{publication.title}, {publication.date}: {publication.model}"
    yield "another model, other machines and another day than what was measured here"
    yield from publication.remarks
    yield f"source: {publication.source}"


def speed_bars(publication: Publication) -> Iterator[Bar]:
    for figure in publication.figures:
        if figure.tps is not None:
            shown = _number(figure.tps, figure)
            yield Bar(name=_name(figure), value=figure.tps, shown=shown, color=GRAY)


def cost_bars(publication: Publication) -> Iterator[Bar]:
    for figure in publication.figures:
        cost = figure.usd_per_million
        if cost is not None:
            shown = f"{_number(cost, figure)} USD"
            yield Bar(name=_name(figure), value=cost, shown=shown, color=GRAY)


def _name(figure: Figure) -> str:
    return f"AWS: {figure.instance}, {_form(figure)}"
