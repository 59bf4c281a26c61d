"""The rules that judge a model or a request: ``errors.toml``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from neopack.errors import UsageError
from neopack.facts.rows import Row, facts_file
from neopack.facts.support_table import PATHS
from neopack.spelling import did_you_mean
from neopack.values.finding import Level
from neopack.values.target import CompilerPath

__all__ = [
    "ErrorRow",
    "error_ids",
    "error_row",
    "filled",
]

_LEVELS = frozenset({"error", "warning", "info"})
# what a rule fills in, and whether it stands where a sentence does
_PLACE = re.compile(r"\{(\w+)\}(\s+(?=[A-Z]))?")
# what the service fills in
_OF_SERVICE = re.compile(r"<[a-z][\w ]*>")
_CONFIDENCES = frozenset({"documented", "loader source", "observed", "inferred"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """A row of ``errors.toml``: everything about a rule except its code. ``told`` says that users
    see its finding also where it is information, and beside a target that takes the model."""

    id: str
    title: str
    levels: Mapping[str, Level]
    said_by_neo: str
    cause: str
    fix: str
    source: str
    date: str
    confidence: Literal["documented", "loader source", "observed", "inferred"]
    frameworks: tuple[str, ...]
    told: bool

    @property
    def said(self) -> str:
        """What Neo says, with dots for what the service fills in."""
        dotted = _OF_SERVICE.sub("...", self.said_by_neo).replace("....", "...")
        return dotted.removesuffix(" ...")

    def level(self, path: CompilerPath) -> Level:
        return self.levels.get(path, self.levels["elsewhere"])


def filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` with its ``{places}`` filled in. One without a value is left out where it is a
    sentence, and else is written as ``PLACE``."""

    def value(place: re.Match[str]) -> str:
        if place[1] in values:
            return values[place[1]] + (place[2] or "")
        return "" if place[2] else place[1].upper()

    return _PLACE.sub(value, text)


@cache
def _errors() -> dict[str, ErrorRow]:
    rows = (_error(row) for row in facts_file("errors").tables("error"))
    return {row.id: row for row in rows}


def _error(row: Row) -> ErrorRow:
    return ErrorRow(
        id=row.text("id"),
        title=row.text("title"),
        levels=dict(_levels(row)),
        said_by_neo=row.text("said_by_neo", ""),
        cause=row.text("cause"),
        fix=row.text("fix"),
        source=row.text("source"),
        date=row.text("date"),
        confidence=row.choice("confidence", _CONFIDENCES),
        frameworks=row.texts("frameworks"),
        told=row.flag("told", False),
    )


def _levels(row: Row) -> Iterator[tuple[str, Level]]:
    """Read ``level``: one word, or a table by path with ``elsewhere`` for the other paths."""
    if row.is_text("level"):
        yield "elsewhere", row.choice("level", _LEVELS)
        return
    table = row.table("level")
    table.text("elsewhere")  # required
    for path in table:
        if path not in PATHS | {"elsewhere"}:
            raise table.wrong(path, f"one of {', '.join(sorted(PATHS))} or elsewhere")
        yield path, table.choice(path, _LEVELS)


def error_ids() -> tuple[str, ...]:
    return tuple(_errors())


def error_row(id: str) -> ErrorRow:  # noqa: A002 - the word users see
    """Return the row of a rule by its id. Raises ``UsageError`` with the nearest id."""
    rows = _errors()
    if id in rows:
        return rows[id]
    hint = did_you_mean(id, rows, "ids look like NEO-PT-001")
    raise UsageError(f"{id!r} is not a rule", where="rule", hint=hint)
