"""Indices of several dims, in operators of one dim: TVM's importer takes no index after a dim
without one, and no values of other sizes than those of the indices."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neopack.frameworks.pytorch.lowering import promotion
from neopack.frameworks.pytorch.lowering.graphs import nodes

__all__ = ["call", "open_indices", "rewriting"]

INDEXED = ("aten::index", "aten::index_put")
Rewriting = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class _Indices:
    """Those of dims beside each other, from ``first`` on; ``shape`` is what they make together."""

    first: int
    values: list[Any]
    shape: list[int]


def open_indices(graph: Any) -> None:
    """Build constant lists of indices where they are used."""
    import torch

    for node in list(nodes(graph)):
        indices = node.inputsAt(1) if node.kind() in INDEXED else None
        if indices is None or indices.node().kind() != "prim::Constant":
            continue
        with graph.insert_point_guard(node):
            items = [graph.insertConstant(each) for each in indices.toIValue()]
            spelled = graph.insertNode(graph.create("prim::ListConstruct", items, 1)).output()
        optional = torch._C.OptionalType(torch._C.TensorType.get())  # noqa: SLF001
        spelled.setType(torch._C.ListType(optional))  # noqa: SLF001 - no public one
        node.replaceInput(1, spelled)


def rewriting(node: Any) -> Rewriting | None:
    """What writes a node otherwise, if it is one with indices and the sizes are known."""
    if node.kind() == "aten::index" and _indices(node):
        return _index
    if node.kind() != "aten::index_put":
        return None
    return _put if _indices(node) else _put_by_mask if _mask(node) else None


def _items(node: Any) -> list[Any]:
    maker = node.inputsAt(1).node()
    return list(maker.inputs()) if maker.kind() == "prim::ListConstruct" else []


def _indices(node: Any) -> _Indices | None:
    import torch

    items = list(enumerate(_items(node)))
    items = [(dim, each) for dim, each in items if each.type().kind() != "NoneType"]
    dims, values = [dim for dim, _ in items], [each for _, each in items]
    beside = bool(dims) and dims == list(range(dims[0], dims[0] + len(dims)))
    numbers = all(promotion.dtype_of(each) in (torch.int64, torch.int32) for each in values)
    shapes = [each.type().sizes() for each in values] if numbers else [None]
    if not beside or None in shapes or not node.inputsAt(0).type().sizes():
        return None
    return _Indices(dims[0], values, list(torch.broadcast_shapes(*shapes)))


@dataclass(frozen=True, slots=True)
class _Flat:
    """The tensor with the indexed dims as one, and the places in that."""

    source: Any
    places: Any
    before: list[int]
    after: list[int]


def _flat(graph: Any, node: Any, indices: _Indices) -> _Flat:
    sizes = list(node.inputsAt(0).type().sizes())
    end = indices.first + len(indices.values)
    before, along, after = sizes[: indices.first], sizes[indices.first : end], sizes[end:]
    places = None
    for at, (value, size) in enumerate(zip(indices.values, along, strict=True)):
        own = call(graph, "expand", _from_the_start(graph, value, size), indices.shape, False)
        scaled = call(graph, "mul", own, math.prod(along[at + 1 :]))
        places = scaled if places is None else call(graph, "add", places, scaled, 1)
    source = call(graph, "reshape", node.inputsAt(0), [*before, math.prod(along), *after])
    return _Flat(source, call(graph, "reshape", places, [-1]), before, after)


def _from_the_start(graph: Any, index: Any, size: int) -> Any:
    """Places that count from the end, from the start."""
    import torch

    known = index.toIValue() if index.node().kind() == "prim::Constant" else None
    if isinstance(known, torch.Tensor):
        return graph.insertConstant(torch.where(known < 0, known + size, known))
    ahead = call(graph, "add", index, size, 1)
    return call(graph, "where", call(graph, "lt", index, 0), ahead, index)


def _index(graph: Any, node: Any) -> Any:
    indices = _indices(node)
    if indices is None:
        return None
    flat = _flat(graph, node, indices)
    taken = call(graph, "index_select", flat.source, indices.first, flat.places)
    return call(graph, "reshape", taken, [*flat.before, *indices.shape, *flat.after])


def _put(graph: Any, node: Any) -> Any:
    indices = _indices(node)
    if indices is None:
        return None
    source, adds = node.inputsAt(0), bool(node.inputsAt(3).toIValue())
    flat = _flat(graph, node, indices)
    wide = [*flat.before, math.prod(indices.shape), *flat.after]
    along = [1] * len(flat.before) + [-1] + [1] * len(flat.after)
    spread = call(graph, "expand", call(graph, "reshape", flat.places, along), wide, False)
    shape = [*flat.before, *indices.shape, *flat.after]
    values = call(graph, "reshape", _spread(graph, node.inputsAt(2), shape, source), wide)
    name = "scatter_add" if adds else "scatter"
    filled = call(graph, name, flat.source, indices.first, spread, values)
    return call(graph, "reshape", filled, list(source.type().sizes()))


def _mask(node: Any) -> Any:
    """The mask that alone tells which elements get one number."""
    import torch

    items, value = _items(node), node.inputsAt(2)
    is_alone = len(items) == 1 and promotion.dtype_of(items[0]) is torch.bool
    is_one = value.type().sizes() is not None and all(size == 1 for size in value.type().sizes())
    replaces = node.inputsAt(3).toIValue() is False
    known = is_alone and items[0].type().sizes() and node.inputsAt(0).type().sizes()
    return items[0] if known and is_one and replaces else None


def _put_by_mask(graph: Any, node: Any) -> Any:
    source, mask = node.inputsAt(0), _mask(node)
    sizes, shape = list(source.type().sizes()), mask.type().sizes()
    wide = call(graph, "reshape", mask, [*shape, *[1] * (len(sizes) - len(shape))])
    spread = call(graph, "expand", wide, sizes, False)
    return call(graph, "where", spread, _spread(graph, node.inputsAt(2), [1], source), source)


def _spread(graph: Any, value: Any, sizes: list[int], like: Any) -> Any:
    """A value in these sizes and in the type of another: TVM has constants of one element as
    numbers, of which it makes no tensors."""
    import torch

    known = value.toIValue() if value.node().kind() == "prim::Constant" else None
    dtype = promotion.dtype_of(like)
    if isinstance(known, torch.Tensor):
        return graph.insertConstant(known.to(dtype or known.dtype).expand(sizes).clone())
    if dtype is not None and promotion.dtype_of(value) != dtype:
        value = call(graph, "to", value, dtype, False, False, None)
    return call(graph, "expand", value, sizes, False)


def call(graph: Any, name: str, *arguments: Any) -> Any:
    """The result of a new node; what is not a value of the graph becomes a constant."""
    import torch

    values = [
        each if isinstance(each, torch._C.Value) else graph.insertConstant(each)  # noqa: SLF001
        for each in arguments
    ]
    return graph.insertNode(graph.create(f"aten::{name}", values, 1)).output()
