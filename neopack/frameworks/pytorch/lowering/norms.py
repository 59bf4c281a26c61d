"""Bound the rows of embeddings at export, where the model does so at each call: ``max_norm``.

The operator writes to the weights, which compilers do not convert, and which PyTorch before 1.7
does not do in TorchScript. A row that is bounded stays as it is, so all of them can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neopack.frameworks.pytorch.lowering.graphs import nodes
from neopack.frameworks.pytorch.lowering.method_calls import Attribute, Method, MethodCalls

__all__ = ["bound_rows"]

BOUND = "aten::embedding_renorm_"
# what may take the weights beside it, as the first argument: it takes rows that were bounded
TAKES_ROWS = ("aten::embedding", "aten::embedding_bag")


def bound_rows(module: Any) -> tuple[str, ...]:
    """In place; the name of the operator if it is gone. What else takes such weights would see
    only those rows bounded that were asked for: then they stay."""
    calls = MethodCalls.of(module)
    if calls is None:
        return ()
    bounds = _bounds(calls)
    done = [_bound(calls, weights, found) for weights, found in bounds.items()]
    return (BOUND,) if any(done) else ()


def _bounds(calls: MethodCalls) -> dict[Attribute, list[Any]]:
    found: dict[Attribute, list[Any]] = {}
    for method in calls.counts:
        for node in nodes(calls.graph(method)):
            weights = _weights(calls, method, node) if node.kind() == BOUND else None
            if weights is not None:
                found.setdefault(weights, []).append(node)
    return found


def _weights(calls: MethodCalls, method: Method, node: Any) -> Attribute | None:
    """The attribute that a node bounds."""
    detached = node.inputsAt(0).node()
    taken = detached.inputsAt(0) if detached.kind() == "aten::detach" else node.inputsAt(0)
    return calls.attribute(method, taken.node())


def _bound(calls: MethodCalls, weights: Attribute, found: list[Any]) -> bool:
    import torch

    limits = {tuple(each.inputsAt(at).toIValue() for at in (2, 3)) for each in found}
    if len(limits) > 1 or not all(_takes_rows(user) for user in _users(calls, weights)):
        return False
    way, name = weights
    with torch.no_grad():
        rows = calls.modules[way].getattr(name).detach().clone()
        torch.embedding_renorm_(rows, torch.arange(len(rows)), *limits.pop())
    calls.modules[way].setattr(name, rows)
    for node in found:
        detached = node.inputsAt(0).node()
        node.output().replaceAllUsesWith(node.inputsAt(0))
        node.destroy()
        if not detached.hasUses():
            detached.destroy()
    return True


def _users(calls: MethodCalls, weights: Attribute) -> Iterator[tuple[Any, int]]:
    """The nodes that take the weights, by this attribute or another of the same numbers."""
    for method in calls.counts:
        for node in nodes(calls.graph(method)):
            attribute = calls.attribute(method, node)
            if attribute is not None and _is_same(calls, attribute, weights):
                yield from ((use.user, use.offset) for use in node.output().uses())


def _is_same(calls: MethodCalls, one: Attribute, other: Attribute) -> bool:
    pair = [calls.modules[way].getattr(name) for way, name in (one, other)]
    return pair[0] is pair[1] or (
        hasattr(pair[0], "data_ptr") and pair[0].data_ptr() == pair[1].data_ptr()
    )


def _takes_rows(use: tuple[Any, int]) -> bool:
    user, place = use
    if user.kind() == "aten::detach":
        return all(each.user.kind() == BOUND for each in user.output().uses())
    return place == 0 and user.kind() in (*TAKES_ROWS, BOUND)
