"""The failure reasons of jobs, beyond the rules: ``failures.toml``."""

from __future__ import annotations

from dataclasses import dataclass

from neopack.facts.rows import facts_file

__all__ = ["FailureRow", "class_of", "failures"]

_CONFIDENCES = frozenset({"documented", "loader source", "observed", "inferred"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRow:
    """``said`` is a part of FailureReason, in which the service fills in ``<names>``; ``kind`` is
    the class of failure in the guide's words."""

    said: str
    kind: str
    cause: str
    fix: str
    source: str
    confidence: str


def failures() -> tuple[FailureRow, ...]:
    data = facts_file("failures")
    return tuple(
        FailureRow(
            said=row.text("said"),
            kind=row.text("class"),
            cause=row.text("cause"),
            fix=row.text("fix"),
            source=f"{data.text('source')}, {row.text('date')}",
            confidence=row.choice("confidence", _CONFIDENCES),
        )
        for row in data.tables("failure")
    )


def class_of(reason: str) -> str:
    """Return the guide's class of a failure by the words of its reason, or ``unknown``."""
    classes = facts_file("failures").table("classes")
    for name in classes:
        if any(word.casefold() in reason.casefold() for word in classes.texts(name)):
            return name
    return "unknown"
