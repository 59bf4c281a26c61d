"""What an operator in place becomes when the plain one takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from neopack.frameworks.pytorch.lowering.promotion import plain

__all__ = ["is_seen", "written_back"]


def is_seen(node: Any) -> bool:
    """Whether ``node`` changes a tensor in place, and another one sees the change: one that it is
    a view of, or a view of it."""
    return plain(node.kind()) != node.kind() and not _is_alone(node.inputsAt(0), node)


def written_back(graph: Any, node: Any, results: Sequence[Any]) -> Sequence[Any]:
    """The results, copied into the tensor that ``node`` changed in place."""
    arguments = [node.inputsAt(0), results[0], graph.insertConstant(False)]
    copied = graph.insertNode(graph.create("aten::copy_", arguments, 1)).output()
    copied.setType(results[0].type())
    return [copied]


def _is_alone(value: Any, node: Any) -> bool:
    """Whether nothing but ``node`` uses a new tensor of an operator."""
    maker = value.node()
    others = [use.user for use in value.uses() if use.user != node]
    return not others and maker.kind().startswith("aten::") and _is_new(maker.schema())


@cache
def _is_new(schema: str) -> bool:
    import torch

    returns = torch._C.parse_schema(schema).returns  # noqa: SLF001 - no public one
    return all(value.alias_info is None for value in returns)
