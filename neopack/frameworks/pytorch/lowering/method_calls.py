"""Which methods of the modules in a TorchScript module call which, and with what attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from neopack.frameworks.pytorch.lowering.graphs import nodes

__all__ = ["Attribute", "Method", "MethodCalls"]

# the names on the way from the root to a module, and a method of it
Method: TypeAlias = tuple[tuple[str, ...], str]
# the way to a module, and an attribute of it
Attribute: TypeAlias = tuple[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class MethodCalls:
    """What ``forward`` of a module calls: modules, how often each method is called, and whose each
    piece of code is."""

    root: Method
    modules: dict[tuple[str, ...], Any]
    counts: dict[Method, int]
    owners: dict[tuple[str, str], set[tuple[str, ...]]]

    @classmethod
    def of(cls, module: Any) -> MethodCalls | None:
        """None where attributes change, or there is no forward."""
        script = module._c  # noqa: SLF001 - no public one
        if not script._has_method("forward"):  # noqa: SLF001
            return None
        calls = cls(((), "forward"), {(): script}, {}, {})
        return calls if calls._enter(calls.root) else None

    def graph(self, method: Method) -> Any:
        return self.modules[method[0]]._get_method(method[1]).graph  # noqa: SLF001 - no public one

    def is_called_once(self, method: Method) -> bool:
        return self.counts[method] == 1

    def is_of_one(self, method: Method) -> bool:
        """Whether no other module has the same code."""
        return len(self.owners[self._code(method)]) == 1

    def callee(self, method: Method, node: Any) -> Method | None:
        """The method that a node calls; None where others have the same code, or it is not that
        of a module by its name."""
        way = self._way(method, node.inputsAt(0))
        called = None if way is None else (way, node.s("name"))
        shared = called is None or len(self.owners[self._code(called)]) != 1
        return None if shared else called

    def attribute(self, method: Method, node: Any) -> Attribute | None:
        """What a node reads; None where that is a module, or the node does something else."""
        if node.kind() != "prim::GetAttr" or self._way(method, node.output()) is not None:
            return None
        way = self._way(method, node.inputsAt(0))
        return None if way is None else (way, node.s("name"))

    def attributes(self) -> set[Attribute]:
        """Every attribute that the code reads, but modules."""
        read = (
            self.attribute(method, node)
            for method in self.counts
            for node in nodes(self.graph(method))
        )
        return {attribute for attribute in read if attribute is not None}

    def _enter(self, method: Method) -> bool:
        self.counts[method] = self.counts.get(method, 0) + 1
        if self.counts[method] > 1:
            return True
        self.owners.setdefault(self._code(method), set()).add(method[0])
        for node in nodes(self.graph(method)):
            if node.kind() == "prim::SetAttr":
                return False
            if node.kind() == "prim::CallMethod":
                way = self._way(method, node.inputsAt(0))
                if way is not None and not self._enter((way, node.s("name"))):
                    return False
        return True

    def _code(self, method: Method) -> tuple[str, str]:
        name: str = self.modules[method[0]].qualified_name
        return name, method[1]

    def _way(self, method: Method, value: Any) -> tuple[str, ...] | None:
        """The names on the way to the module that a value is."""
        import torch

        names: list[str] = []
        while value.node().kind() == "prim::GetAttr":
            names.insert(0, value.node().s("name"))
            value = value.node().inputsAt(0)
        if value.node().kind() != "prim::Param" or value.offset() != 0:
            return None
        way = (*method[0], *names)
        for at in range(len(method[0]), len(way)):
            child = self.modules[way[:at]].getattr(way[at])
            if not isinstance(child, torch._C.ScriptModule):  # noqa: SLF001 - no public one
                return None
            self.modules[way[: at + 1]] = child
        return way
