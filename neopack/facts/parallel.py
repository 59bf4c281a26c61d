"""The releases of the model parallel library, by table: ``parallel.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from neopack.facts.rows import Row, facts_file

__all__ = ["ParallelRow", "ParallelTable", "parallel_table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelRow:
    """A framework version and the library in its container, ``image`` with its tag; ``wheel`` is
    "" if the page prints no address."""

    framework: str
    version: str
    library: str
    image: str
    wheel: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelTable:
    rows: tuple[ParallelRow, ...]
    instances: tuple[str, ...]
    notes: tuple[str, ...]
    as_of: str
    source: str


@cache
def parallel_table() -> ParallelTable:
    data = facts_file("parallel")
    return ParallelTable(
        rows=tuple(_row(row) for row in data.tables("release")),
        instances=data.texts("instances"),
        notes=data.texts("notes"),
        as_of=data.text("as_of"),
        source=data.text("source"),
    )


def _row(row: Row) -> ParallelRow:
    return ParallelRow(
        framework=row.text("framework"),
        version=row.text("version"),
        library=row.text("library"),
        image=row.text("image"),
        wheel=row.text("wheel", ""),
        note=row.text("note", ""),
    )
