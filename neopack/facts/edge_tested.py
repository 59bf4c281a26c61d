"""The models that AWS compiled for edge devices, by table: ``edge_tested.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from neopack.facts.rows import Row, facts_file

__all__ = ["EdgeRow", "EdgeTable", "edge_tested"]


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
class EdgeTable:
    """``chips`` are those of the page, each with the targets that have it."""

    chips: Mapping[str, tuple[str, ...]]
    rows: tuple[EdgeRow, ...]
    as_of: str
    source: str


@cache
def edge_tested() -> EdgeTable:
    """Every row of the page, in its order."""
    data = facts_file("edge_tested")
    chips = data.lists("chips")
    rows = (
        _row(section, model, crosses, chips, data)
        for section in data.tables("tested")
        for model, crosses in section.lists("models").items()
    )
    return EdgeTable(
        chips=chips, rows=tuple(rows), as_of=data.text("as_of"), source=data.text("source")
    )


def _row(
    section: Row,
    model: str,
    crosses: tuple[str, ...],
    chips: Mapping[str, tuple[str, ...]],
    data: Row,
) -> EdgeRow:
    return EdgeRow(
        section=section.text("section"),
        frameworks=section.texts("frameworks"),
        model=model,
        chips=crosses,
        targets=tuple(name for chip in crosses for name in chips[chip]),
        note=section.text("note", ""),
        as_of=data.text("as_of"),
        source=data.text("source"),
    )
