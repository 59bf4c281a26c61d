"""Masks that a layer with ``mask_zero`` implies: Keras 3 writes each as an operation of its own,
``NotEqual(ids, 0)``, and passes it to the layers after. Keras 2.2.4 passes it on without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from neopack.frameworks.keras.graph import LayerGraph, Ref

__all__ = ["leave_to_layers"]

OPERATION, MASK = "NotEqual", "mask"


def leave_to_layers(graph: LayerGraph) -> frozenset[str]:
    """Take the masks that layers imply out of the graph's calls, in place. The paths of the
    operations that nothing needs any more."""
    implied = dict(_implied(graph))
    for at, call in enumerate(graph.calls):
        mask = call.kwargs.get(MASK)
        if isinstance(mask, Ref) and mask.call in implied:
            kept = {name: value for name, value in call.kwargs.items() if name != MASK}
            graph.calls[at] = replace(call, kwargs=kept)
    used = {*graph.outputs, *_used(graph)}
    return frozenset(path for at, path in implied.items() if at not in used)


def _implied(graph: LayerGraph) -> Iterator[tuple[int, str]]:
    """The calls that are masks of what an Embedding with ``mask_zero`` takes too."""
    masked = {
        _source(call.args[0])
        for call in graph.calls
        if call.args and graph.layers[call.layer].config.get("mask_zero") is True
    }
    for at, call in enumerate(graph.calls):
        layer = graph.layers[call.layer]
        zero = len(call.args) == 2 and call.args[1] == 0
        if layer.class_name == OPERATION and zero and _source(call.args[0]) in masked - {None}:
            yield at, layer.path


def _source(value: object) -> int | None:
    return value.call if isinstance(value, Ref) else None


def _used(graph: LayerGraph) -> Iterator[int]:
    waiting: list[object] = [[*call.args, *call.kwargs.values()] for call in graph.calls]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Ref):
            yield value.call
        elif isinstance(value, list | tuple):
            waiting += value
