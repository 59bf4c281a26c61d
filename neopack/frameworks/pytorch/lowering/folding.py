"""Replace what depends on weights and constants alone by its value, as a constant of the graph.

A weight that is normed at each call, tables of angles, masks, a resized embedding of positions:
their operators are gone from the file. Old versions and compilers need not have them.
"""

from __future__ import annotations

from typing import Any

from neopack.frameworks.pytorch.lowering.constant_values import (
    ConstantValues,
    Use,
    constant_values,
    storage,
)
from neopack.frameworks.pytorch.lowering.execution import READ_ONLY, tensors_in, written
from neopack.frameworks.pytorch.lowering.graphs import methods, nodes
from neopack.frameworks.pytorch.lowering.method_calls import Attribute, Method, MethodCalls
from neopack.frameworks.pytorch.lowering.promotion import dtype_of

__all__ = ["fold"]

# of a value that is larger than the weights that it comes from
MOST_BYTES = 16 << 20
# whose outputs are what goes in
PASSING = ("prim::ListConstruct", "prim::TupleConstruct", "prim::ListUnpack", "prim::TupleUnpack")
# whose values come from another graph, where what computes them is named
FROM_ELSEWHERE = ("prim::Param", "prim::CallMethod")


def fold(module: Any) -> tuple[str, ...]:
    """Replace them in place; the names of the operators that computed them."""

    known = constant_values(module)
    if known is None:
        return ()
    folding = _Folding(known)
    for use in known.uses:
        folding.replace(use)
    if folding.names:
        before = known.calls.attributes()
        _drop_computed(known)
        _drop_calls(known.calls)
        after = MethodCalls.of(module)
        if after and known.calls.owners.keys() >= methods(module):
            _forget(after, before - after.attributes())
    return tuple(folding.names)


class _Folding:
    """The constants that take the place of values, by method and number in the graph."""

    def __init__(self, known: ConstantValues) -> None:
        self.known = known
        self.names: dict[str, None] = {}
        self._constants: dict[tuple[Method, int], Any] = {}
        self._seen: set[tuple[Method, int]] = set()

    def replace(self, use: Use) -> None:
        """Give a node the constant for its argument; or where that cannot be, give constants to
        what computes the argument."""
        key = use.method, use.value.unique()
        if key not in self._constants and self._is_replaced(use):
            self._constants[key] = self._constant(use)
        if key in self._constants:
            use.node.replaceInput(use.place, self._constants[key])
        elif key not in self._seen:
            self._seen.add(key)
            for earlier in self._earlier(use):
                self.replace(earlier)

    def _earlier(self, use: Use) -> list[Use]:
        maker = use.value.node()
        if not maker.kind().startswith("aten::") and maker.kind() not in PASSING:
            return []
        uses = [Use(use.method, maker, place) for place in range(maker.inputsSize())]
        storages = {at for each in uses for at in self.known.storages(use.method, each.value)}
        # what was written later is not what was taken here
        return [] if storages & self.known.overwritten else uses

    def _is_replaced(self, use: Use) -> bool:
        import torch

        value, maker = self.known.value(use.method, use.value), use.value.node()
        if not isinstance(value, torch.Tensor) or storage(value) in self.known.weights:
            return False
        size = value.numel() * value.element_size()
        filled = storage(value) in self.known.overwritten
        from_elsewhere = maker.kind() in FROM_ELSEWHERE
        return (
            (filled or from_elsewhere or any(map(_holds_tensors, maker.inputs())))
            and value.layout == torch.strided
            and not (value.is_quantized or value.is_complex())
            and dtype_of(use.value) in (None, value.dtype)
            and size <= max(MOST_BYTES, self.known.sources.get(storage(value), 0))
        )

    def _constant(self, use: Use) -> Any:
        graph, maker = self.known.calls.graph(use.method), use.value.node()
        if maker.kind().startswith("aten::"):
            self.names[maker.kind()] = None
        value = self.known.value(use.method, use.value).detach().clone()
        with graph.insert_point_guard(next(iter(graph.nodes()))):
            return graph.insertConstant(value)


def _holds_tensors(value: Any) -> bool:
    return "Tensor" in value.type().annotation_str


def _drop_computed(known: ConstantValues) -> None:
    """Remove what computed the constants, and what wrote to it."""
    needed = {at for use in known.uses for at in known.storages(use.method, use.value)}
    for method, node, changed in reversed(known.computed):
        if node.hasUses() or changed & needed:
            for value in (*node.inputs(), *node.outputs()):
                needed |= known.storages(method, value)
        else:
            node.destroy()


def _drop_calls(calls: MethodCalls) -> None:
    """Remove calls, innermost first, of methods that do nothing more."""
    import torch

    for method in reversed(calls.counts):
        graph = calls.graph(method)
        for _ in range(2):  # what only a call takes goes with it
            torch._C._jit_pass_dce(graph)  # noqa: SLF001 - no public one
            for node in list(nodes(graph)):
                if node.kind() == "prim::CallMethod" and not node.hasUses():
                    callee = calls.callee(method, node)
                    if callee is not None and all(map(_is_idle, nodes(calls.graph(callee)))):
                        node.destroy()


def _is_idle(node: Any) -> bool:
    return node.kind() in READ_ONLY or (node.kind().startswith("aten::") and not written(node))


def _forget(calls: MethodCalls, unread: set[Attribute]) -> None:
    """Empty the weights that no code reads now."""
    import torch

    read = {
        storage(tensor)
        for way, name in calls.attributes()
        for tensor in tensors_in(calls.modules[way].getattr(name))
    }
    for way, name in sorted(unread):
        owner = _owner(calls, way)
        value = owner.getattr(name)
        if isinstance(value, torch.Tensor) and storage(value) not in read:
            owner.setattr(name, value.new_empty(0))


def _owner(calls: MethodCalls, way: tuple[str, ...]) -> Any:
    owner = calls.modules[()]
    for name in way:
        owner = owner.getattr(name)
    return owner
