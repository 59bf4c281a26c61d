"""The commands that resolve the findings of a rule: ``mending.toml``."""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias

from neopack.facts.rows import facts_file

__all__ = ["Mend", "mended_by", "mends"]

Mend: TypeAlias = Literal["fix", "package", "call"]
_ALL: tuple[Mend, ...] = ("fix", "package", "call")


def mended_by(id_: str) -> tuple[Mend, ...]:
    """Return the commands that resolve a rule's findings; empty if only another model or target
    does."""
    return tuple(mend for mend in _ALL if id_ in mends(mend))


@cache
def mends(mend: Mend) -> frozenset[str]:
    """Return the ids of the rules whose findings the command resolves."""
    return frozenset(facts_file("mending").texts(mend))
