"""The names in the tables that begin with some letters: what a shell offers after a Tab."""

from __future__ import annotations

from collections.abc import Iterable

from neopack import facts, runtimes
from neopack.facts import hosting

__all__ = ["frameworks", "instances", "rules", "runtime_names", "targets"]


def targets(beginning: str) -> list[str]:
    return _beginning(beginning, (target.name for target in facts.targets()))


def frameworks(beginning: str) -> list[str]:
    return _beginning(beginning.upper(), (row.name for row in facts.frameworks()))


def instances(beginning: str) -> list[str]:
    each = (name for target in facts.targets() for name in hosting.instances(target))
    return _beginning(beginning, dict.fromkeys(each))


def rules(beginning: str) -> list[str]:
    """Rules and their families: NEO-PT, NEO-PT-003."""
    names = facts.error_ids()
    families = dict.fromkeys(name.rpartition("-")[0] for name in names)
    return _beginning(beginning, (*families, *names))


def runtime_names(beginning: str) -> list[str]:
    return _beginning(beginning, runtimes.names())


def _beginning(beginning: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(beginning)]
