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
    """A model under a heading of the page, and the chips with a cross, if any.

    ``targets`` are the devices with such a chip, according to the page of devices.
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
    """``chips`` are the requested ones, or all of the page."""

    rows: tuple[EdgeRow, ...]
    chips: tuple[str, ...]
    readings: tuple[Reading, ...]
    as_of: str
    source: str


def edge(model: str = "", *, framework: str = "", chip: str = "") -> EdgeAnswer:
    """Return the rows with ``model`` in the model's name, for a framework, and for a chip of the
    page or a target with such a chip.

    Raises ``UsageError`` for a name that the page lacks, ``Unsupported`` if no row matches
    everything. A model without a row may still compile: the page is not a complete list.
    """
    data = facts_file("edge_tested")
    names, query = _models_of(model), framework_of(framework)
    chips = _chips_of(chip, data) if chip else tuple(data.lists("chips"))
    rows = [
        row
        for row in tested()
        if row.model in names
        and query.framework in ("", *row.frameworks)
        and (not chip or set(chips) & set(row.chips))
    ]
    if not rows:
        parts = (f"of {query.framework}" * bool(framework), f"on {chips[0]}" * bool(chip))
        message = " ".join(part for part in (f"no row of {model or 'a model'}", *parts) if part)
        raise Unsupported(message, hint="a model without a row may compile too")
    return EdgeAnswer(
        rows=tuple(rows),
        chips=chips,
        readings=readings(query.reading_of(framework), (chip, chips[0])),
        as_of=data.text("as_of"),
        source=data.text("source"),
    )


def _models_of(text: str) -> tuple[str, ...]:
    """The names that contain the text in any spelling; if one equals it, only that one."""
    names = tuple(dict.fromkeys(row.model for row in tested()))
    holding = tuple(name for name in names if _plain(text) in _plain(name))
    same = tuple(name for name in holding if _plain(text) == _plain(name))
    return same or holding or (one_of(text, names, "tested model"),)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", name.casefold())


def _chips_of(text: str, data: Row) -> tuple[str, ...]:
    """The chips of that name, or of the target of that name."""
    chips = data.lists("chips")
    of = {name: chip for chip, names in chips.items() for name in names}
    name = one_of(text.replace("-", "_"), [*of, *chips], "chip or target of the page")
    return (of.get(name, name),)


@cache
def tested() -> tuple[EdgeRow, ...]:
    """Return every row of the page, in its order."""
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
