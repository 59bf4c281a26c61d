"""The models that AWS compiled for edge devices, by chip."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from neopack.errors import Unsupported
from neopack.facts.edge_tested import EdgeRow, edge_tested
from neopack.support.names import Reading, framework_of, one_of, readings

__all__ = ["EdgeAnswer", "EdgeRow", "edge"]


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
    table = edge_tested()
    names, query = _models_of(model), framework_of(framework)
    chips = _chips_of(chip, table.chips) if chip else tuple(table.chips)
    rows = [
        row
        for row in table.rows
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
        as_of=table.as_of,
        source=table.source,
    )


def _models_of(text: str) -> tuple[str, ...]:
    """The names that contain the text in any spelling; if one equals it, only that one."""
    names = tuple(dict.fromkeys(row.model for row in edge_tested().rows))
    holding = tuple(name for name in names if _plain(text) in _plain(name))
    same = tuple(name for name in holding if _plain(text) == _plain(name))
    return same or holding or (one_of(text, names, "tested model"),)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", name.casefold())


def _chips_of(text: str, chips: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The chips of that name, or of the target of that name."""
    of = {name: chip for chip, names in chips.items() for name in names}
    name = one_of(text.replace("-", "_"), [*of, *chips], "chip or target of the page")
    return (of.get(name, name),)
