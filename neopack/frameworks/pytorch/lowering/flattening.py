"""All of a traced module in its forward: what the modules in it compute stands where they were
called, and their own methods are left without code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neopack.frameworks.pytorch.lowering import containers
from neopack.frameworks.pytorch.lowering.graphs import graphs, nodes

__all__ = ["flat_copy", "flatten"]


def flat_copy(module: Any) -> Any:
    """The graph of forward with all that it calls in it; the module stays as it is."""
    import torch

    graph = module._c._get_method("forward").graph.copy()  # noqa: SLF001 - no public one
    _inline(module, graph)
    torch._C._jit_pass_lower_all_tuples(graph)  # noqa: SLF001
    return graph


def flatten(module: Any) -> None:
    """In place."""
    import torch

    forward = module._c._get_method("forward").graph  # noqa: SLF001 - no public one
    _inline(module, forward)
    containers.open_containers(forward)
    torch._C._jit_pass_dce(forward)  # noqa: SLF001
    for graph in graphs(module):
        if graph is not forward:
            _empty(graph)


def _inline(module: Any, graph: Any) -> None:
    """Put what a method computes in place of each call of it. torch's own pass takes a method as
    it was when it ran first, not as it was rewritten since; it is left with the functions."""
    import torch

    waiting = list(_calls(graph))
    while waiting:
        call = waiting.pop()
        method = _called(module, call)
        if method is not None:
            waiting += _expand(graph, call, method)
    torch._C._jit_pass_inline(graph)  # noqa: SLF001 - no public one


def _calls(block: Any) -> Iterator[Any]:
    return (node for node in nodes(block) if node.kind() == "prim::CallMethod")


def _called(module: Any, call: Any) -> Any:
    """The graph of the method; None where its module is not reached by names from ``module``."""
    import torch

    names, value = [call.s("name")], call.inputsAt(0)
    while value.node().kind() == "prim::GetAttr":
        names.append(value.node().s("name"))
        value = value.node().inputsAt(0)
    if value.node().kind() != "prim::Param" or value.offset() != 0:
        return None
    part = module._c  # noqa: SLF001 - no public one
    for name in reversed(names[1:]):
        part = part.getattr(name)
        if not isinstance(part, torch._C.ScriptModule):  # noqa: SLF001
            return None
    return part._get_method(names[0]).graph  # noqa: SLF001


def _expand(graph: Any, call: Any, method: Any) -> list[Any]:
    """Clone the nodes of ``method`` before ``call``, which is removed; the calls among them."""
    pairs = zip(method.inputs(), call.inputs(), strict=True)
    values = {inner.unique(): outer for inner, outer in pairs}
    calls: list[Any] = []
    with graph.insert_point_guard(call):
        for node in method.nodes():
            clone = graph.insertNode(graph.createClone(node, lambda each: values[each.unique()]))
            outputs = zip(node.outputs(), clone.outputs(), strict=True)
            values.update((old.unique(), new) for old, new in outputs)
            calls += [clone] if clone.kind() == "prim::CallMethod" else []
            calls += [each for block in clone.blocks() for each in _calls(block)]
    for old, new in zip(call.outputs(), method.outputs(), strict=True):
        old.replaceAllUsesWith(values[new.unique()])
    call.destroy()
    return calls


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
