"""Tuples and lists that a graph makes and takes apart again: compilers convert few of them."""

from __future__ import annotations

from typing import Any

from neopack.frameworks.pytorch.lowering.execution import written
from neopack.frameworks.pytorch.lowering.graphs import nodes

__all__ = ["open_containers"]

OPENED = {
    ("prim::TupleUnpack", "prim::TupleConstruct"),
    ("prim::ListUnpack", "prim::ListConstruct"),
}


def open_containers(graph: Any) -> None:
    """What a container was made of takes the place of what is taken from it."""
    for node in list(nodes(graph)):
        maker = node.inputsAt(0).node() if node.inputsSize() else None
        if maker is None:
            continue
        if _is_sum(node):
            _join(graph, node)
        elif (node.kind(), maker.kind()) in OPENED and _is_kept(maker.output()):
            for old, new in zip(node.outputs(), maker.inputs(), strict=True):
                old.replaceAllUsesWith(new)


def _is_sum(node: Any) -> bool:
    """Whether two lists, of which all values are known, become one."""
    is_list = node.kind() == "aten::add" and node.output().type().kind() == "ListType"
    return is_list and all(_values(each) is not None for each in node.inputs())


def _join(graph: Any, node: Any) -> None:
    values = [one for each in node.inputs() for one in _values(each) or ()]
    with graph.insert_point_guard(node):
        joined = graph.insertNode(graph.create("prim::ListConstruct", values, 1)).output()
    joined.setType(node.output().type())
    node.output().replaceAllUsesWith(joined)


def _values(items: Any) -> list[Any] | None:
    """What is in a list; None where that is not known."""
    maker = items.node()
    if maker.kind() == "prim::Constant":
        return None if items.toIValue() else []
    return (
        list(maker.inputs()) if maker.kind() == "prim::ListConstruct" and _is_kept(items) else None
    )


def _is_kept(items: Any) -> bool:
    """Whether nothing changes it."""
    return not any(
        use.offset in written(use.user) for use in items.uses() if _has_schema(use.user)
    )


def _has_schema(node: Any) -> bool:
    return bool(node.kind().startswith("aten::"))
