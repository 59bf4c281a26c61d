"""The arguments with which TVM does not convert an operator that it knows: ``tvm_calls.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from neopack.facts.rows import Row, facts_file

__all__ = ["CallCondition", "TvmCall", "tvm_calls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCondition:
    """What has to hold of one argument, or of how the call is written; see the file."""

    place: int
    name: str
    unless: tuple[str, ...]
    equals: tuple[str, ...]
    has: str
    most: int | None
    least: int | None
    absent: bool
    arguments: int | None
    positional: int | None
    used: int | None
    negative: bool
    fractional: bool
    number: bool
    integer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TvmCall:
    """Calls of ``operator`` that TVM does not convert as PyTorch computes them. ``does`` is
    ``refused``, ``wrong`` or ``may``."""

    operator: str
    when: tuple[CallCondition, ...]
    does: str
    words: str


@cache
def tvm_calls() -> Mapping[str, tuple[TvmCall, ...]]:
    """Return them by operator."""
    calls: dict[str, tuple[TvmCall, ...]] = {}
    for row in facts_file("tvm_calls").tables("call"):
        call = TvmCall(
            operator=row.text("operator"),
            when=tuple(map(_condition, row.tables("when"))) if "when" in row else (),
            does=row.text("does"),
            words=row.text("words"),
        )
        calls[call.operator] = (*calls.get(call.operator, ()), call)
    return calls


def _condition(row: Row) -> CallCondition:
    return CallCondition(
        place=row.number("place", 0),
        name=row.text("name", ""),
        unless=row.texts("unless"),
        equals=row.texts("is"),
        has=row.text("has", ""),
        most=row.optional_number("most"),
        least=row.optional_number("least"),
        absent=row.flag("absent", False),
        arguments=row.optional_number("arguments"),
        positional=row.optional_number("positional"),
        used=row.optional_number("used"),
        negative=row.flag("negative", False),
        fractional=row.flag("fractional", False),
        number=row.flag("number", False),
        integer=row.flag("integer", False),
    )
