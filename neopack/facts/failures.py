"""The failure reasons of jobs, beyond the rules: ``failures.toml``; and what frameworks themselves
say: ``framework_words.toml``."""

from __future__ import annotations

from dataclasses import dataclass

from neopack.facts.rows import Row, facts_file

__all__ = ["FailureRow", "class_of", "failures", "framework_words"]

_CONFIDENCES = frozenset({"documented", "loader source", "observed", "inferred"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRow:
    """``said`` is a part of FailureReason, in which the service fills in ``<names>``; ``kind`` is
    the class of failure in the guide's words; ``rule`` is ours that finds it, if any."""

    said: str
    kind: str
    cause: str
    fix: str
    source: str
    confidence: str
    rule: str = ""


def framework_words() -> tuple[FailureRow, ...]:
    """What frameworks and containers say themselves, also inside a sentence of Neo's."""
    data = facts_file("framework_words")
    return tuple(_failure(row, data, data) for row in data.tables("words"))


def failures() -> tuple[FailureRow, ...]:
    data = facts_file("failures")
    return tuple(_failure(row, data, row) for row in data.tables("failure"))


def _failure(row: Row, data: Row, dated: Row) -> FailureRow:
    """``dated`` is what has the date and the confidence: the row, or its whole file."""
    return FailureRow(
        said=row.text("said"),
        kind=row.text("class"),
        cause=row.text("cause"),
        fix=row.text("fix"),
        source=f"{data.text('source')}, {dated.text('date')}",
        confidence=dated.choice("confidence", _CONFIDENCES),
        rule=row.text("rule", ""),
    )


def class_of(reason: str) -> str:
    """Return the guide's class of a failure by the words of its reason, or ``unknown``."""
    classes = facts_file("failures").table("classes")
    for name in classes:
        if any(word.casefold() in reason.casefold() for word in classes.texts(name)):
            return name
    return "unknown"
