"""What of a model runs on Inferentia, and what Neuron leaves to the CPU.

Sources: the pages of the Neuron SDK, in ``facts/neuron_operators.toml`` and ``facts/neuron.toml``;
aws-neuron/aws-neuron-sdk#603 and #766.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from neopack.facts.compiler_table import tvm_canonical
from neopack.facts.neuron_table import (
    NeuronSupport,
    neuron_kinds,
    neuron_most_bytes,
    neuron_support,
)
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.model import ImportsOperators, OrdersOperators

__all__ = ["RULES", "Partition", "divided"]

MOST_NAMED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """``total`` operators, of which ``on_chip`` run on Inferentia in ``subgraphs`` rows of them;
    ``unsupported`` counts those that no list has, the others are in rows that are too short."""

    total: int
    on_chip: int
    subgraphs: int
    unsupported: Mapping[str, int]


def divided(order: Sequence[str], support: NeuronSupport) -> Partition:
    """Cut a graph into rows of operators that Neuron runs, as its partitioner does at first."""
    computing = [name for name in order if not support.is_silent(name)]
    rows = [len(list(row)) for runs, row in groupby(computing, key=support.runs) if runs]
    rows = [length for length in rows if length >= support.minimum_segment]
    longest = max(rows, default=0)
    if support.minimum_segment > 1 and longest > support.single_fusion * len(computing):
        rows = [longest]
    return Partition(
        total=len(computing),
        on_chip=sum(rows),
        subgraphs=len(rows),
        unsupported=Counter(name for name in computing if not support.runs(name)),
    )


@rule("NEO-NC-001", paths=("neuron",), needs=("info",))
def on_the_cpu(context: CheckContext) -> Iterator[Hit]:
    """How many operators run on the chip: information, not a fault."""
    support, partition = _partition(context)
    if support and partition and partition.on_chip:
        yield Hit(
            message=f"{partition.on_chip} of {partition.total} operators run on Inferentia, in "
            f"{_counted(partition.subgraphs, 'subgraph')}{_left(partition, context)}",
            values={"release": support.release.name, "date": support.release.date},
        )


@rule("NEO-NC-002", paths=("neuron",), needs=("info",))
def nothing_on_the_chip(context: CheckContext) -> Iterator[Hit]:
    """Some operators in a row run on the chip."""
    support, partition = _partition(context)
    if support and partition and partition.total and not partition.on_chip:
        yield Hit(
            message=f"none of {_counted(partition.total, 'operator')} would run on Inferentia"
            f"{_left(partition, context)}",
            values={"least": str(support.minimum_segment)},
        )


@rule("NEO-NC-003", paths=("neuron",), needs=("info",))
def large_parameters(context: CheckContext) -> Iterator[Hit]:
    """The parameters fit into what is traced by default."""
    size = (context.info.parameter_bytes or 0) if context.info else 0
    if context.target.kind in neuron_kinds() and size > neuron_most_bytes():
        yield Hit(message=f"{size / 1e9:.1f} GB of parameters")


def _partition(context: CheckContext) -> tuple[NeuronSupport | None, Partition | None]:
    """The newest list and what it makes of the model; None where either is not known."""
    model = context.info.facts if context.info else None
    support = neuron_support(context.framework)
    if support is None or context.target.kind not in neuron_kinds():
        return None, None
    if not isinstance(model, OrdersOperators) or not model.order:
        return None, None
    names = tvm_canonical(context.framework)
    return support, divided([names.get(name, name) for name in model.order], support)


def _left(partition: Partition, context: CheckContext) -> str:
    """``; on the CPU: aten::embedding twice (Net.forward)``: what is left to the CPU, and why."""
    model = context.info.facts if context.info else None
    places = model.imported if isinstance(model, ImportsOperators) else {}
    named = [_named(name, count, places) for name, count in partition.unsupported.items()]
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    short = partition.total - partition.on_chip - sum(partition.unsupported.values())
    parts = [f"{', '.join(named[:MOST_NAMED])}{more}"] if named else []
    parts += [f"{_counted(short, 'operator')} between those"] if short else []
    return f"; on the CPU: {', and '.join(parts)}" if parts else ""


def _named(name: str, count: int, places: Mapping[str, str]) -> str:
    times = f" {count} times" if count > 1 else ""
    return f"{name}{times} ({places[name]})" if places.get(name) else f"{name}{times}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


RULES: tuple[Rule, ...] = (on_the_cpu, nothing_on_the_chip, large_parameters)
