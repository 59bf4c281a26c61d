"""What a trace calls that was scripted, put in its place.

A scripted function is saved whole, with all that its arguments decide against: F.interpolate
brings operators of every mode, and older versions refuse a file for want of one that never runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["inline_functions"]

# what one constant decides may make another
ROUNDS = 4


def inline_functions(traced: Any) -> None:
    """In place: graphs that call functions hold what these do, less the branches that constants
    decide. What depends on data or on shapes stays as it was."""
    import torch

    for graph in _graphs(traced):
        if not any(node.kind() == "prim::CallFunction" for node in _nodes(graph)):
            continue
        torch._C._jit_pass_inline(graph)  # noqa: SLF001 - no public one
        # the sizes of the example are no constants
        torch._C._jit_pass_erase_shape_information(graph)  # noqa: SLF001
        for _ in range(ROUNDS):
            torch._C._jit_pass_constant_propagation(graph)  # noqa: SLF001
            _settle(graph)
            torch._C._jit_pass_dce(graph)  # noqa: SLF001
        _raise_plainly(graph)


def _raise_plainly(graph: Any) -> None:
    """Old versions know an exception's message and not, beside it, its class: without one that is
    how it is written."""
    for node in list(_nodes(graph)):
        if node.kind() == "prim::RaiseException" and node.inputsSize() > 1:
            with graph.insert_point_guard(node):
                node.replaceInput(1, graph.insertConstant(None))


def _settle(graph: Any) -> None:
    """``A and B`` is a branch that gives B or False: where B is False, so is the whole."""
    for node in list(_nodes(graph)):
        if node.kind() != "prim::If" or node.outputsSize() != 1:
            continue
        ends = [next(block.outputs()) for block in node.blocks()]
        known = [end.toIValue() for end in ends if end.node().kind() == "prim::Constant"]
        if known in ([True, True], [False, False]):
            with graph.insert_point_guard(node):
                node.output().replaceAllUsesWith(graph.insertConstant(known[0]))


def _graphs(module: Any) -> Iterator[Any]:
    for part in module.modules():
        script = part._c  # noqa: SLF001 - no public way to the graphs of submodules
        for name in script._method_names():  # noqa: SLF001
            yield script._get_method(name).graph  # noqa: SLF001


def _nodes(block: Any) -> Iterator[Any]:
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from _nodes(inner)
