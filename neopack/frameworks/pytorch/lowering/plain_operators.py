"""The plain operator in place of one that writes to its first argument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neopack.frameworks.pytorch.lowering import promotion
from neopack.frameworks.pytorch.lowering.execution import NO_SCHEMA, execute, is_known

__all__ = ["is_in_place", "plain_of", "turn_plainly"]

PLAIN = {"aten::_index_put_impl_": "aten::index_put"}

# these change how a tensor is seen, and none of its elements
ARRANGING = frozenset(
    f"aten::{name}_"
    for name in ("t", "transpose", "swapaxes", "swapdims", "squeeze", "unsqueeze", "detach")
)


def is_in_place(node: Any) -> bool:
    kind: str = node.kind()
    return kind.startswith("aten::") and promotion.plain(kind) != kind


def turn_plainly(graph: Any) -> None:
    """A tensor whose dims are arranged otherwise in place becomes a view of it: in a trace,
    nothing takes it as it was before."""
    for node in list(graph.nodes()):
        uses = node.inputsAt(0).uses() if node.kind() in ARRANGING else ()
        if uses and not any(use.user.isAfter(node) for use in uses):
            plain = graph.create(promotion.plain(node.kind()), list(node.inputs()), 1)
            plain.insertBefore(node)
            plain.output().setType(node.output().type())
            node.output().replaceAllUsesWith(plain.output())
            node.destroy()


def plain_of(graph: Any, node: Any, arguments: Sequence[Any]) -> Any:
    """A value like that of ``node``, of nodes before it. The ``arguments`` are what it was called
    with, the first of them the tensor that it writes to. None where that cannot be had."""
    target, *others = arguments
    match node.kind():
        case "aten::zero_":
            return _full(graph, target, graph.insertConstant(0))
        case "aten::copy_" | "aten::fill_":
            return _spread(graph, node.inputsAt(1), target, others[0])
    return _plain(graph, node, arguments)


def _full(graph: Any, target: Any, number: Any) -> Any:
    import torch

    nothing, device = graph.insertConstant(None), graph.insertConstant(torch.device("cpu"))
    sizes, dtype = graph.insertConstant(list(target.shape)), graph.insertConstant(target.dtype)
    arguments = [sizes, number, dtype, nothing, device, nothing]
    return _told(_insert(graph, "aten::full", arguments), target)


def _spread(graph: Any, value: Any, target: Any, source: Any) -> Any:
    """A number or a tensor in the shape of another, and in its dtype."""
    import torch

    if isinstance(source, (bool, int, float)):
        return _full(graph, target, graph.insertConstant(source))
    if not isinstance(source, torch.Tensor):
        return None
    if source.dtype != target.dtype:
        value = _cast(graph, value, target.dtype)
    if source.shape != target.shape:
        sizes = [graph.insertConstant(list(target.shape)), graph.insertConstant(False)]
        value = _insert(graph, "aten::expand", [value, *sizes])
    return _told(value, target)


def _plain(graph: Any, node: Any, arguments: Sequence[Any]) -> Any:
    import torch

    kind = PLAIN.get(node.kind(), promotion.plain(node.kind()))
    taken = list(node.inputs())[: 4 if kind == "aten::index_put" else None]
    value = _insert(graph, kind, taken)
    plain = value.node()
    known = plain.schema() != NO_SCHEMA and is_known(list(arguments))
    result = execute(plain, list(arguments)[: len(taken)])[0] if known else None
    if not isinstance(result, torch.Tensor) or result.shape != arguments[0].shape:
        plain.destroy()
        return None
    if result.dtype != arguments[0].dtype:
        value = _cast(graph, _told(value, result), arguments[0].dtype)
    return _told(value, arguments[0])


def _cast(graph: Any, value: Any, dtype: Any) -> Any:
    arguments = [graph.insertConstant(each) for each in (dtype, False, False, None)]
    return _insert(graph, "aten::to", [value, *arguments])


def _insert(graph: Any, kind: str, arguments: Sequence[Any]) -> Any:
    return graph.insertNode(graph.create(kind, list(arguments), 1)).output()


def _told(value: Any, like: Any) -> Any:
    """The value with the type of a tensor, unless it is one that was there before."""
    if value.type().sizes() is None or value.type().dtype() is None:
        value.setType(value.type().with_dtype(like.dtype).with_sizes([*like.shape]))
    return value
