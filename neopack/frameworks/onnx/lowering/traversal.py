"""Walk an ONNX graph and its subgraphs, and remove the nodes that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["graphs", "graphs_of", "named", "nodes", "prune", "replace", "strip", "used"]

# fields of onnx.proto that IR 7 lacks
_NEWER_FIELDS = ("overload", "metadata_props", "device_configurations")


def graphs_of(node: Any) -> Iterator[tuple[int, int | None]]:
    """Where the subgraphs of a node are: the attribute's place, and the place in its list."""
    for place, attribute in enumerate(node.attribute):
        if attribute.HasField("g"):
            yield place, None
        for index in range(len(attribute.graphs)):
            yield place, index


def _subgraphs(node: Any) -> Iterator[Any]:
    for place, index in graphs_of(node):
        attribute = node.attribute[place]
        yield attribute.g if index is None else attribute.graphs[index]


def nodes(graph: Any) -> Iterator[Any]:
    for node in graph.node:
        yield node
        for inner in _subgraphs(node):
            yield from nodes(inner)


def graphs(graph: Any) -> Iterator[Any]:
    yield graph
    for node in graph.node:
        for inner in _subgraphs(node):
            yield from graphs(inner)


def named(graph: Any) -> Iterator[str]:
    for part in graphs(graph):
        yield from (info.name for info in (*part.input, *part.output, *part.value_info))
        yield from (tensor.name for tensor in part.initializer)
    for node in nodes(graph):
        yield node.name
        yield from node.output


def used(graph: Any) -> Iterator[str]:
    for part in graphs(graph):
        yield from (info.name for info in part.output)
    for node in nodes(graph):
        yield from node.input


def prune(graph: Any) -> None:
    """Without the constants that became attributes, and what only they were computed by."""
    needed: set[str] = {info.name for info in graph.output}
    kept: list[Any] = []
    for node in reversed(graph.node):
        if needed.isdisjoint(node.output):
            continue
        kept.append(node)
        needed.update(node.input)
        for inner in _subgraphs(node):
            needed.update(used(inner))
    kept.reverse()
    replace(graph.node, kept)
    needed |= {info.name for info in graph.input}
    replace(graph.initializer, [t for t in graph.initializer if t.name in needed])
    outputs = {name for node in kept for name in node.output}
    replace(graph.value_info, [info for info in graph.value_info if info.name in outputs])


def replace(field: Any, values: Sequence[Any]) -> None:
    del field[:]
    field.extend(values)


def strip(model: Any) -> None:
    """Without the fields that came with later IR versions, which say nothing of the numbers."""
    model.ClearField("functions")
    _clear(model, ("configuration",))
    for graph in graphs(model.graph):
        for part in (graph, *graph.node, *graph.initializer, *graph.value_info):
            _clear(part, _NEWER_FIELDS)
        for info in (*graph.input, *graph.output):
            _clear(info, _NEWER_FIELDS)


def _clear(part: Any, fields: Sequence[str]) -> None:
    for name in fields:
        if name in part.DESCRIPTOR.fields_by_name:
            part.ClearField(name)
