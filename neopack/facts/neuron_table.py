"""How Neuron divides models between Inferentia and the CPU: ``neuron.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from neopack.facts.compiler_table import CompilerRelease, compiler_operators, compiler_releases
from neopack.facts.rows import facts_file

__all__ = ["NeuronSupport", "neuron_kinds", "neuron_most_bytes", "neuron_support"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronSupport:
    """What the newest list has for a framework. ``operators`` are in lower case, as the pages
    spell some in two ways; ``silent`` compute nothing. ``single_fusion`` is a part of all."""

    release: CompilerRelease
    operators: frozenset[str]
    silent: frozenset[str]
    minimum_segment: int
    single_fusion: float

    def runs(self, operator: str) -> bool:
        return operator.casefold() in self.operators

    def is_silent(self, operator: str) -> bool:
        return operator in self.silent or operator.startswith("prim::")


@cache
def neuron_kinds() -> tuple[str, ...]:
    """Return the kinds of targets for which these lists are."""
    return facts_file("neuron").texts("kinds")


def neuron_most_bytes() -> int:
    """Return the bytes of parameters beyond which tracing needs an argument that Neo lacks."""
    return facts_file("neuron").number("most_parameter_bytes")


@cache
def neuron_support(framework: str) -> NeuronSupport | None:
    """Return what Inferentia runs of a framework; None where no list is known."""
    listed = [r for r in compiler_releases("neuron") if _operators(framework, r)]
    if not listed:
        return None
    file = facts_file("neuron")
    return NeuronSupport(
        release=listed[-1],
        operators=frozenset(name.casefold() for name in _operators(framework, listed[-1])),
        silent=frozenset(file.table("silent").texts(framework)),
        minimum_segment=file.numbers("minimum_segment").get(framework, 1),
        single_fusion=file.number("single_fusion_percent") / 100,
    )


def _operators(framework: str, release: CompilerRelease) -> frozenset[str]:
    return frozenset(compiler_operators(framework, release.name, "neuron"))
