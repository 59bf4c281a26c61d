"""Inline the scripted functions that a trace calls.

A scripted function is saved whole, with all that its arguments decide against: F.interpolate
brings operators of every mode, and older versions refuse a file for want of one that never runs.
"""

from __future__ import annotations

from typing import Any

from neopack.frameworks.pytorch.lowering.graphs import graphs, nodes

__all__ = ["inline_functions"]

# what one constant decides may make another
ROUNDS = 4


def inline_functions(traced: Any) -> None:
    """In place: graphs that call functions hold what these do, less the branches that constants
    decide. What depends on data or on shapes stays as it was."""
    import torch

    for graph in graphs(traced):
        if not any(node.kind() == "prim::CallFunction" for node in nodes(graph)):
            continue
        torch._C._jit_pass_inline(graph)  # noqa: SLF001 - no public one
        # the sizes of the example are not constants
        torch._C._jit_pass_erase_shape_information(graph)  # noqa: SLF001
        for _ in range(ROUNDS):
            torch._C._jit_pass_constant_propagation(graph)  # noqa: SLF001
            _settle(graph)
            torch._C._jit_pass_dce(graph)  # noqa: SLF001


def _settle(graph: Any) -> None:
    """``A and B`` is a branch that gives B or False: where B is False, so is the whole."""
    for node in list(nodes(graph)):
        if node.kind() != "prim::If" or node.outputsSize() != 1:
            continue
        ends = [next(block.outputs()) for block in node.blocks()]
        constants = [end.toIValue() for end in ends if end.node().kind() == "prim::Constant"]
        if constants in ([True, True], [False, False]):
            with graph.insert_point_guard(node):
                node.output().replaceAllUsesWith(graph.insertConstant(constants[0]))
