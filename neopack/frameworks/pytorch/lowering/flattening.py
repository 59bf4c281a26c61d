"""All of a traced module in its forward: what the modules in it compute stands where they were
called, and their own methods are left without code."""

from __future__ import annotations

from typing import Any

from neopack.frameworks.pytorch.lowering import containers
from neopack.frameworks.pytorch.lowering.graphs import graphs

__all__ = ["flat_copy", "flatten"]


def flat_copy(module: Any) -> Any:
    """The graph of forward with all that it calls in it; the module stays as it is."""
    import torch

    graph = module._c._get_method("forward").graph.copy()  # noqa: SLF001 - no public one
    torch._C._jit_pass_inline(graph)  # noqa: SLF001
    torch._C._jit_pass_lower_all_tuples(graph)  # noqa: SLF001
    return graph


def flatten(module: Any) -> None:
    """In place."""
    import torch

    forward = module._c._get_method("forward").graph  # noqa: SLF001 - no public one
    torch._C._jit_pass_inline(forward)  # noqa: SLF001
    containers.open_containers(forward)
    torch._C._jit_pass_dce(forward)  # noqa: SLF001
    for graph in graphs(module):
        if graph is not forward:
            _empty(graph)


def _empty(graph: Any) -> None:
    """Let a method, which nobody calls, return zeros."""
    import torch

    for place, output in enumerate(list(graph.outputs())):
        value = _zeros(graph, output.type())
        if value is None:
            return
        graph.return_node().replaceInput(place, value)
    torch._C._jit_pass_dce_allow_deleting_nodes_with_side_effects(graph)  # noqa: SLF001


def _zeros(graph: Any, kind: Any) -> Any:
    """A value of a type, of tensors and tuples of them; None of any other."""
    import torch

    if kind.kind() == "TensorType":
        return graph.insertConstant(torch.zeros(()))
    if kind.kind() != "TupleType":
        return None
    parts = [_zeros(graph, each) for each in kind.elements()]
    if None in parts:
        return None
    whole = graph.insertNode(graph.create("prim::TupleConstruct", parts, 1)).output()
    whole.setType(torch._C.TupleType([part.type() for part in parts]))  # noqa: SLF001
    return whole
