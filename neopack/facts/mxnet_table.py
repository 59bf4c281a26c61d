"""The operators of MXNet with their attributes: ``mxnet_operators.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from neopack import versions
from neopack.facts.rows import facts_file

__all__ = ["MXNetAttribute", "MXNetOperator", "mxnet_operators"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MXNetAttribute:
    """``kind`` is int, float or bool, "" for another type; ``words`` are those that it may be.
    ``optional`` says that it may be None."""

    kind: str = ""
    words: frozenset[str] = frozenset()
    optional: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MXNetOperator:
    """``strict``: it refuses attributes that it does not know."""

    attributes: Mapping[str, MXNetAttribute]
    strict: bool


def mxnet_operators(version: str) -> Mapping[str, MXNetOperator] | None:
    """Return the operators of a version, or of the next newer one that is known, which may have
    more; None for one that is newer than those."""
    known = sorted(facts_file("mxnet_operators").table("since"), key=versions.order)
    newer = [each for each in known if versions.at_least(each, version)]
    return _operators(newer[0]) if newer else None


@cache
def _operators(release: str) -> Mapping[str, MXNetOperator]:
    table = facts_file("mxnet_operators").table("since")
    rows = set[str]()
    for each in sorted(table, key=versions.order):
        rows -= set(table.table(each).text("gone", "").splitlines())
        rows |= set(table.table(each).text("new").splitlines())
        if each == release:
            break
    return {name: _operator(rest) for name, _, rest in (row.partition(" ") for row in rows)}


def _operator(text: str) -> MXNetOperator:
    words = text.split()
    named = [(*word.rstrip("!").partition(":"), "!" in word) for word in words if word != "*"]
    attributes = {
        name: MXNetAttribute(
            kind="" if kind.startswith("{") else kind.rstrip("?"),
            words=frozenset(kind.strip("{}").split(",")) if kind.startswith("{") else frozenset(),
            optional=kind.endswith("?"),
            required=required,
        )
        for name, _, kind, required in named
    }
    return MXNetOperator(attributes=attributes, strict="*" not in words)
