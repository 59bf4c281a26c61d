"""Outputs of strings, such as a classifier's labels: left out where others have its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from neopack.frameworks.onnx.facts import STRINGS, not_tensors
from neopack.goldens.directed import Compute
from neopack.values.artifact import Array
from neopack.values.model import ModelInfo

__all__ = ["cut_words", "without_words", "word_outputs"]


def word_outputs(info: ModelInfo, others: int) -> tuple[str, ...]:
    """Their names; none where the model has no outputs of numbers, nor ``others`` that become
    such."""
    outputs = info.signature.outputs if info.signature else ()
    words = [name for side, name, kind in not_tensors(info) if (side, kind) == ("output", STRINGS)]
    return tuple(words) if len(outputs) + others > len(words) else ()


def without_words(compute: Compute, words: Sequence[str]) -> Compute:
    """``compute`` of the file as it was, without these outputs."""

    def computed(inputs: Mapping[str, Array]) -> dict[str, Array]:
        return {name: array for name, array in compute(inputs).items() if name not in words}

    return computed


def cut_words(model: Any, words: Sequence[str]) -> None:
    """Leave out these outputs and what only they need, in place."""
    graph = model.graph
    _keep(graph.output, [info for info in graph.output if info.name not in words])
    needed = {info.name for info in graph.output}
    kept = []
    for node in reversed(graph.node):  # each stands after those that it takes from
        if needed & set(node.output):
            kept.append(node)
            needed |= set(_taken(node))
    _keep(graph.node, kept[::-1])
    _keep(graph.initializer, [each for each in graph.initializer if each.name in needed])
    domains = {node.domain for node in graph.node} | {""}
    used = [entry for entry in model.opset_import if entry.domain in domains or model.functions]
    _keep(model.opset_import, used)


def _taken(node: Any) -> Iterator[str]:
    """What a node takes, and what the graphs in it may take from around them."""
    yield from node.input
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            for inner in graph.node:
                yield from _taken(inner)
            yield from (info.name for info in graph.output)


def _keep(field: Any, values: Sequence[Any]) -> None:
    copies = [type(value).FromString(value.SerializeToString()) for value in values]
    del field[:]
    field.extend(copies)
