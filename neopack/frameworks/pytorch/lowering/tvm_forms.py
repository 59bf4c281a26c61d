"""Calls that TVM's importer does not convert though it knows the operator: which they are in a
typed graph, and those that are rewritten with what the graph tells of sizes and lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from neopack.frameworks.pytorch import tvm_calls
from neopack.frameworks.pytorch.lowering import indexing, promotion
from neopack.frameworks.pytorch.lowering.graphs import graphs, nodes
from neopack.frameworks.pytorch.lowering.indexing import call

__all__ = ["is_refused", "rewrite", "wants_rewrites"]

BOOL = 11
SPLITTING = ("chunk", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes", "tensor_split")


def is_refused(node: Any) -> bool:
    """Whether a function is wanted in place of a call that TVM does not convert as it is."""
    kind = promotion.plain(node.kind())
    if kind in TOLD_BY_TYPES:
        return TOLD_BY_TYPES[kind](node)
    return bool(tvm_calls.of_node(node)) or (
        kind in OF_INTEGERS and not _is_floating(node.output())
    )


def _is_floating(value: Any) -> bool:
    dtype = promotion.dtype_of(value)
    return dtype is None or bool(dtype.is_floating_point)


def _is_to_bool(node: Any) -> bool:
    import torch

    is_dtype = node.schema().startswith("aten::to.dtype(")
    is_bool = promotion.dtype_of(node.inputsAt(0)) is torch.bool
    return is_dtype and bool(node.inputsAt(1).toIValue() == BOOL) and not is_bool


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
                if value.type().kind() == "TensorType":
                    value.setType(node.output().type())
                node.output().replaceAllUsesWith(value)
                node.destroy()


Rewriting = Callable[[Any, Any], Any]


def _rewriting(node: Any) -> Rewriting | None:
    kind = node.kind()
    if kind == "aten::squeeze" and _squeezes_nothing(node):
        return lambda graph, node: node.inputsAt(0)
    if kind.removeprefix("aten::") in SPLITTING and _parts(node):
        return _split
    if kind == "aten::broadcast_tensors" and _unpacked(node):
        return _broadcast
    return indexing.rewriting(node)


def _squeezes_nothing(node: Any) -> bool:
    """Of one dim whose size is not 1."""
    sizes = node.inputsAt(0).type().sizes()
    dim = node.inputsAt(1).toIValue() if node.inputsSize() > 1 else None
    if not sizes or not isinstance(dim, int):
        return False
    size: int | None = sizes[dim]
    return size not in (1, None)


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
