"""The models that AWS compiled for edge devices, by chip."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from neopack.errors import Unsupported
from neopack.facts.rows import Row, facts_file
from neopack.support.names import Reading, framework_of, one_of, readings

__all__ = ["EdgeAnswer", "EdgeRow", "edge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRow:
    """A model under a heading of the page, and the chips that have a cross; none: no cross.

    ``targets`` have such a chip, as neopack reads the page of devices.
    """

    section: str
    frameworks: tuple[str, ...]
    model: str
    chips: tuple[str, ...]
    targets: tuple[str, ...]
    note: str
    as_of: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeAnswer:
    """``chips`` are those asked for, or all of the page."""

    rows: tuple[EdgeRow, ...]
    chips: tuple[str, ...]
    readings: tuple[Reading, ...]
    as_of: str
    source: str


def edge(model: str = "", *, framework: str = "", chip: str = "") -> EdgeAnswer:
    """The rows whose model has ``model`` in its name, for a framework, and for a chip of the page
    or a target that has one.

    Raises ``UsageError`` for a name that the page has not, ``Unsupported`` where no row has all
    that was asked for. A model without a row may compile: the page is no list of what does.
    """
    data = facts_file("edge_tested")
    names, asked = _models_of(model), framework_of(framework)
    chips = _chips_of(chip, data) if chip else tuple(data.lists("chips"))
    rows = [
        row
        for row in tested()
        if row.model in names
        and asked.framework in ("", *row.frameworks)
        and (not chip or set(chips) & set(row.chips))
    ]
    if not rows:
        parts = (f"of {asked.framework}" * bool(framework), f"on {chips[0]}" * bool(chip))
        what = " ".join(part for part in (f"no row of {model or 'a model'}", *parts) if part)
        raise Unsupported(what, hint="the page is no list of all that compiles")
    return EdgeAnswer(
        rows=tuple(rows),
        chips=chips,
        readings=readings(asked.reading_of(framework), (chip, chips[0])),
        as_of=data.text("as_of"),
        source=data.text("source"),
    )


def _models_of(text: str) -> tuple[str, ...]:
    """The names that have the text in them, however it is spelt; that one alone which is it."""
    names = tuple(dict.fromkeys(row.model for row in tested()))
    holding = tuple(name for name in names if _plain(text) in _plain(name))
    same = tuple(name for name in holding if _plain(text) == _plain(name))
    return same or holding or (one_of(text, names, "tested model"),)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", name.casefold())


def _chips_of(text: str, data: Row) -> tuple[str, ...]:
    """A chip by its name, or that of a target."""
    chips = data.lists("chips")
    of = {name: chip for chip, names in chips.items() for name in names}
    found = one_of(text.replace("-", "_"), [*of, *chips], "chip or target of the page")
    return (of.get(found, found),)


@cache
def tested() -> tuple[EdgeRow, ...]:
    """Every row of the page, in its order."""
    data = facts_file("edge_tested")
    chips = data.lists("chips")
    return tuple(
        EdgeRow(
            section=section.text("section"),
            frameworks=section.texts("frameworks"),
            model=model,
            chips=crosses,
            targets=tuple(name for chip in crosses for name in chips[chip]),
            note=section.text("note", ""),
            as_of=data.text("as_of"),
            source=data.text("source"),
        )
        for section in data.tables("tested")
        for model, crosses in section.lists("models").items()
    )
