"""What Darknet and its forks read in a .cfg: ``darknet.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from neopack.facts.rows import facts_file

__all__ = ["DarknetTable", "darknet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DarknetTable:
    """``activations`` are those of TVM's importer, ``options_of_forks`` by section what changes
    numbers and only forks of Darknet read."""

    activations: tuple[str, ...]
    options_of_forks: Mapping[str, tuple[str, ...]]


@cache
def darknet() -> DarknetTable:
    table = facts_file("darknet")
    forks = table.table("options_of_forks")
    return DarknetTable(
        activations=table.texts("activations"),
        options_of_forks={name: forks.texts(name) for name in forks},
    )
