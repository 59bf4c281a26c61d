"""The types and sizes of tensors in a module that was loaded, which its file does not hold: those
of its values for one input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neopack.frameworks.pytorch.lowering.constant_values import ConstantValues
from neopack.frameworks.pytorch.lowering.graphs import nodes
from neopack.frameworks.pytorch.lowering.method_calls import MethodCalls

__all__ = ["tell", "tell_types"]


def tell_types(module: Any, inputs: Sequence[Any]) -> None:
    """Give the values of the graphs their types, but in loops, and in branches that values of
    tensors decide for."""
    calls = MethodCalls.of(module)
    if calls is None:
        return
    known = ConstantValues(calls, frozenset(), for_types=True)
    known.run(calls.root, inputs)
    tell(known)


def tell(known: ConstantValues) -> None:
    """The types of the values of a module that was computed."""
    import torch

    calls = known.calls
    for method in calls.counts:
        graph = calls.graph(method)
        for value in (*graph.inputs(), *(each for n in nodes(graph) for each in n.outputs())):
            tensor = known.values.get((method, value.unique()))
            if isinstance(tensor, torch.Tensor) and value.type().kind() == "TensorType":
                value.setType(value.type().with_dtype(tensor.dtype).with_sizes([*tensor.shape]))
