"""The batch sizes of Training Compiler's tested models, by table: ``training.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from neopack.facts.rows import Row, facts_file

__all__ = ["BatchRow", "TrainingTable", "training_table"]

EMPTY = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """Batch sizes are per GPU. A field is "" or None if the page's cell is empty. ``smaller``
    means that the compiler needs a smaller batch than the framework alone."""

    release: str
    domain: str
    scope: str
    model: str
    dataset: str
    instance: str
    precision: str
    sequence_length: int | None
    batch_native: int | None
    batch_compiled: int
    smaller: bool
    as_of: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTable:
    """The rows, and what the page says beside them; ``unread`` names the tables left out."""

    rows: tuple[BatchRow, ...]
    families: tuple[str, ...]
    requirements: tuple[str, ...]
    unread: tuple[str, ...]
    as_of: str
    source: str


@cache
def training_table() -> TrainingTable:
    """Every row of the page's tables, in its order."""
    data = facts_file("training")
    rows = (
        _row(line.split(), table, data)
        for table in data.tables("tested")
        for line in table.texts("rows")
    )
    return TrainingTable(
        rows=tuple(rows),
        families=data.texts("families"),
        requirements=data.texts("requirements"),
        unread=data.texts("unread"),
        as_of=data.text("as_of"),
        source=data.text("source"),
    )


def _row(cells: list[str], table: Row, data: Row) -> BatchRow:
    """Read a line of the table. Raises ``ValueError`` unless it has seven cells."""
    model, dataset, instance, precision, length, native, compiled = cells
    batch = None if native == EMPTY else int(native)
    return BatchRow(
        release=table.text("release"),
        domain=table.text("domain", ""),
        scope=table.text("scope", ""),
        model=model,
        dataset="" if dataset == EMPTY else dataset,
        instance=instance,
        precision="" if precision == EMPTY else precision,
        sequence_length=None if length == EMPTY else int(length),
        batch_native=batch,
        batch_compiled=int(compiled),
        smaller=batch is not None and int(compiled) < batch,
        as_of=data.text("as_of"),
        source=data.text("source"),
    )
