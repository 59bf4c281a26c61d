"""Rewrite a traced module for TVM, which compiles it on Neo's path of that name: operators that
its importer does not convert become ones that it does. What each becomes is TorchScript too, in
``rewrites_for_tvm/``.

What has no rewrite stays, and a rule names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from neopack.facts.compiler_table import (
    CompilerRelease,
    converts,
    tvm_later,
    tvm_of_neo,
)
from neopack.frameworks.pytorch.lowering import (
    functions,
    promotion,
    tvm_forms,
    tvm_types,
    value_types,
)
from neopack.frameworks.pytorch.lowering.fixed_sizes import write_numbers
from neopack.frameworks.pytorch.lowering.graphs import graphs, nodes

__all__ = ["lower_for_tvm", "wants_rewrites"]

REWRITES = "rewrites_for_tvm"
OF_VERSIONS = "rewrites"
# a rewrite may bring operators that want another
ROUNDS = 8
# what a loop that is unrolled computes has types afterwards
FOLDS = 3
LISTS = ("List[int]", "List[float]", "List[bool]")


def lower_for_tvm(module: Any, inputs: Sequence[Any] = ()) -> tuple[str, ...]:
    """Rewrite in place what TVM's importer does not convert; the names of these operators. The
    types of what is written are those for ``inputs``, or what torch knows without them."""
    import torch

    _tell_types(module, inputs)  # of what lowering for a version brought
    done = dict.fromkeys((*_negate_bools(module), *tvm_forms.rewrite(module)))
    for _ in range(ROUNDS):
        rewrites = [
            (graph, node, function)
            for graph, node in _refused(module)
            if (function := _function_for(node))
        ]
        if not rewrites:
            break
        for graph, node, function in rewrites:
            done[node.kind()] = None
            functions.replace(graph, node, function)
        for _ in range(FOLDS):
            _tell_types(module, inputs)
            functions.fold(module)
    _tell_types(module, inputs)
    done |= dict.fromkeys(tvm_forms.rewrite(module))  # of what the functions brought
    done |= dict.fromkeys(tvm_types.cast_for_tvm(module))
    for graph in graphs(module):
        _tell_result_types(graph)
        torch._C._jit_pass_constant_propagation(graph)  # noqa: SLF001
        torch._C._jit_pass_dce(graph)  # noqa: SLF001
        _spell_lists(graph)
        tvm_types.cast_constants(graph)
    tvm_types.cast_inputs(module)
    return tuple(done)


def _tell_types(module: Any, inputs: Sequence[Any]) -> None:
    import torch

    if inputs:
        value_types.tell_types(module, [each.clone() for each in inputs])
        write_numbers(module)
        return
    for graph in graphs(module):
        with suppress(RuntimeError):  # torch's own bug where a graph has lists of tensors
            torch._C._jit_pass_propagate_shapes_on_graph(graph)  # noqa: SLF001


def _negate_bools(module: Any) -> Iterator[str]:
    """TVM inverts the bits of a bool as those of an integer, and -2 is true."""
    import torch

    for graph in graphs(module):
        for node in list(nodes(graph)):
            if node.kind() == "aten::bitwise_not" and (
                promotion.dtype_of(node.output()) is torch.bool
            ):
                with graph.insert_point_guard(node):
                    negated = graph.insertNode(
                        graph.create("aten::logical_not", list(node.inputs()), 1)
                    ).output()
                negated.setType(node.output().type())
                node.output().replaceAllUsesWith(negated)
                node.destroy()
                yield "aten::bitwise_not"


def wants_rewrites(module: Any) -> bool:
    """Whether TVM's importer refuses an operator of the module that has a rewrite, or takes one of
    its inputs or arguments for another type."""
    return (
        tvm_forms.wants_rewrites(module)
        or tvm_types.wants_casts(module)
        or any(_function_for(node) for _, node in _refused(module))
    )


def _function_for(node: Any) -> functions.Function | None:
    """What is written for TVM, or else what is for old versions where no release converts it."""
    written = functions.function_for(node, REWRITES)
    if written or (_is_converted(node.kind(), tvm_later()) and not tvm_forms.is_refused(node)):
        return written
    return functions.function_for(node, OF_VERSIONS)


def _refused(module: Any) -> Iterator[tuple[Any, Any]]:
    """The operators that no release of Neo's time converts, or not as they are called, each in
    its graph."""
    for graph in graphs(module):
        for node in list(nodes(graph)):
            if node.kind().startswith("aten::") and (
                not _is_converted(node.kind()) or tvm_forms.is_refused(node)
            ):
                yield graph, node


def _is_converted(operator: str, releases: Sequence[CompilerRelease] = ()) -> bool:
    """By the last of Neo's time, or by one of others."""
    every = releases or tvm_of_neo()[-1:]
    return any(converts("PYTORCH", operator, release) for release in every)


def _tell_result_types(graph: Any) -> None:
    """The type that two tensors of one type have together."""
    for node in list(nodes(graph)):
        if node.kind() == "aten::result_type":
            one, other = map(promotion.dtype_of, node.inputs())
            if one is not None and one == other:
                with graph.insert_point_guard(node):
                    node.output().replaceAllUsesWith(graph.insertConstant(one))


def _spell_lists(graph: Any) -> None:
    """Build constant lists where they are used: TVM reads no other ones, and a file leaves out
    those that are defaults."""
    for node in list(nodes(graph)):
        value = node.output() if node.kind() == "prim::Constant" else None
        if value is None or value.type().annotation_str not in LISTS:
            continue
        with graph.insert_point_guard(node):
            items = [graph.insertConstant(item) for item in value.toIValue()]
            spelled = graph.insertNode(graph.create("prim::ListConstruct", items, 1)).output()
        spelled.setType(value.type())
        value.replaceAllUsesWith(spelled)
        node.destroy()
