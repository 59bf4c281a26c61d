"""Calls that TVM's importer does not convert though it knows the operator: which they are in a
typed graph, and those that are rewritten with what the graph tells of sizes and lists."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from neopack.frameworks.pytorch import tvm_calls
from neopack.frameworks.pytorch.lowering import (
    indexing,
    promotion,
    tvm_means,
    tvm_pools,
)
from neopack.frameworks.pytorch.lowering.graphs import graphs, nodes
from neopack.frameworks.pytorch.lowering.indexing import call

__all__ = ["is_refused", "rewrite", "wants_rewrites"]

BOOL = 11
FACTORS = 64
SPLITTING = ("chunk", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes", "tensor_split")


def is_refused(node: Any) -> bool:
    """Whether a function is wanted in place of a call that TVM does not convert as it is."""
    kind = promotion.plain(node.kind())
    if kind in TOLD_BY_TYPES:
        return TOLD_BY_TYPES[kind](node)
    return (
        bool(tvm_calls.of_node(node))
        or (kind in OF_INTEGERS and not _is_floating(node.output()))
        or (kind == "aten::add" and _is_bool(node.output()))
        or (kind == "aten::pow" and _is_short_product(node))
        or (kind == "aten::clamp" and _is_crossed(node))
    )


def _is_floating(value: Any) -> bool:
    dtype = promotion.dtype_of(value)
    return dtype is None or bool(dtype.is_floating_point)


def _is_bool(value: Any) -> bool:
    import torch

    return promotion.dtype_of(value) is torch.bool


def _is_short_product(node: Any) -> bool:
    """A power of integers that is written as a product."""
    exponent = node.inputsAt(1).toIValue()
    is_whole = isinstance(exponent, int) and not _is_floating(node.output())
    return is_whole and 0 <= exponent <= FACTORS


def _is_crossed(node: Any) -> bool:
    """Between bounds of which the lower one is the higher, where PyTorch takes the upper one."""
    low, high = (node.inputsAt(at).toIValue() for at in (1, 2))
    numbers = isinstance(low, int | float) and isinstance(high, int | float)
    return bool(numbers and low > high)


def _is_to_bool(node: Any) -> bool:
    is_dtype = node.schema().startswith("aten::to.dtype(")
    to_bool = bool(node.inputsAt(1).toIValue() == BOOL)
    return is_dtype and to_bool and not _is_bool(node.inputsAt(0))


def _is_of_vectors(node: Any) -> bool:
    """A product of two, which is one number."""
    return all(value.type().dim() == 1 for value in node.inputs())


# by types and sizes, beside what constants tell
TOLD_BY_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "aten::to": _is_to_bool,
    "aten::index": lambda node: False,
    "aten::index_put": lambda node: False,
    "aten::floor_divide": lambda node: True,
    "aten::roll": lambda node: True,
    "aten::norm": lambda node: True,
    "aten::matmul": _is_of_vectors,
}
OF_INTEGERS = frozenset({"aten::masked_fill", "aten::clamp"})


def wants_rewrites(module: Any) -> bool:
    """Whether ``rewrite`` finds something."""
    return any(_rewriting(node) for graph in graphs(module) for node in nodes(graph))


def rewrite(module: Any) -> Iterator[str]:
    """In place; the names of the operators that were rewritten."""
    for graph in graphs(module):
        indexing.open_indices(graph)
        for node in list(nodes(graph)):
            rewriting = _rewriting(node)
            with graph.insert_point_guard(node):
                value = rewriting(graph, node) if rewriting else None
            if value is not None:
                yield node.kind()
                if value.type().kind() == "TensorType" and value not in list(node.inputs()):
                    value.setType(node.output().type())
                node.output().replaceAllUsesWith(value)
                node.destroy()


Rewriting = Callable[[Any, Any], Any]


def _rewriting(node: Any) -> Rewriting | None:
    kind = node.kind()
    if kind == "aten::squeeze" and _squeezes_nothing(node):
        return lambda graph, node: node.inputsAt(0)
    if promotion.plain(kind) in ("aten::div", "aten::true_divide") and _is_by_zero(node):
        return _times_infinity
    if kind.removeprefix("aten::") in SPLITTING and _parts(node):
        return _split
    if kind == "aten::broadcast_tensors" and _unpacked(node):
        return _broadcast
    if tvm_means.axes_of(node):
        return tvm_means.write
    if tvm_pools.rounds_down(node):
        return tvm_pools.write
    return indexing.rewriting(node)


def _squeezes_nothing(node: Any) -> bool:
    """Of one dim whose size is not 1."""
    sizes = node.inputsAt(0).type().sizes()
    dim = node.inputsAt(1).toIValue() if node.inputsSize() > 1 else None
    if not sizes or not isinstance(dim, int):
        return False
    size: int | None = sizes[dim]
    return size not in (1, None)


# --- divisions by zero, which TVM folds -----------------------------------------------------


def _is_by_zero(node: Any) -> bool:
    import torch

    divisor = node.inputsAt(1).toIValue()
    if isinstance(divisor, torch.Tensor) and divisor.numel() == 1:
        divisor = divisor.item()
    is_number = isinstance(divisor, int | float) and not isinstance(divisor, bool)
    return node.inputsSize() == 2 and is_number and divisor == 0 and _is_floating(node.inputsAt(0))


def _times_infinity(graph: Any, node: Any) -> Any:
    return call(graph, "mul", node.inputsAt(0), math.inf)


# --- parts ----------------------------------------------------------------------------------


def _parts(node: Any) -> list[int]:
    """The sizes of the parts along the dim; none where that is not known, or TVM splits so."""
    dim = node.inputsAt(2).toIValue()
    parts = [each[dim] for each in _unpacked(node)] if isinstance(dim, int) else []
    return parts if None not in parts else []


def _unpacked(node: Any) -> list[list[int]]:
    """The sizes of what a list has, where it is unpacked and they are known."""
    uses = node.output().uses()
    if len(uses) != 1 or uses[0].user.kind() != "prim::ListUnpack":
        return []
    sizes = [value.type().sizes() for value in uses[0].user.outputs()]
    return sizes if all(sizes) else []


def _broadcast(graph: Any, node: Any) -> Any:
    import torch

    items = node.inputsAt(0).node()
    if items.kind() != "prim::ListConstruct":
        return None
    wide = [
        call(graph, "expand", value, list(sizes), False)
        for value, sizes in zip(items.inputs(), _unpacked(node), strict=True)
    ]
    tensors = graph.insertNode(graph.create("prim::ListConstruct", wide, 1)).output()
    tensors.setType(torch._C.ListType.ofTensors())  # noqa: SLF001 - no public one
    return tensors


def _split(graph: Any, node: Any) -> Any:
    arguments = [graph.insertConstant(_parts(node)), node.inputsAt(2)]
    parts = call(graph, "split_with_sizes", node.inputsAt(0), *arguments)
    parts.setType(node.output().type())
    return parts
