"""Rewrite the nodes of a model in the form that an older opset has: for opset 12 as
``changed_operators`` and ``new_operators`` say, for earlier ones as ``older_opsets`` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neopack.errors import SourceError
from neopack.frameworks.onnx.lowering import changed_operators, new_operators
from neopack.frameworks.onnx.lowering.older_opsets.steps import step
from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site, UniqueNames
from neopack.frameworks.onnx.lowering.traversal import graphs_of, named
from neopack.frameworks.onnx.lowering.value_info import Values

__all__ = ["BASE", "NEWEST", "OWN", "Lowering", "opset_of", "schema", "set_opset"]

# what the rewriting goes down to: ONNX 1.7.0's
BASE = 12
OWN = ("", "ai.onnx")
NEWEST = ", the newest that Neo reads,"
TOLD = 3


class Lowering:
    """One pass over the nodes of ``model``, which is changed in place: down to opset ``to``,
    which is 12 or the one before the model's.

    ``typed`` is a copy that says the type of each value. Raises ``SourceError`` that names all
    that is in the way."""

    def __init__(self, model: Any, typed: Any, where: str, to: int = BASE) -> None:
        self.where = where
        self.to = to
        self.opset = opset_of(model)
        self.names = UniqueNames(set(named(model.graph)))
        self.notes: dict[str, int] = {}
        self.problems: dict[str, list[str]] = {}
        self.instead: dict[str, None] = {}
        self.weights: list[Any] = []
        self._graph(model.graph, typed.graph, None)
        if self.problems:
            raise self._refusal()
        model.graph.initializer.extend(self.weights)

    def told(self) -> Mapping[str, int]:
        """What was rewritten, in words, and how often."""
        return self.notes

    def _graph(self, graph: Any, typed: Any, outer: Values | None) -> None:
        values = Values(graph, typed, self.opset, outer)
        nodes: list[Any] = []
        for node, twin in zip(graph.node, typed.node, strict=True):
            for place, index in graphs_of(node):
                inner, seen = (
                    one.attribute[place].g if index is None else one.attribute[place].graphs[index]
                    for one in (node, twin)
                )
                self._graph(inner, seen, values)
            nodes += self._node(node, values)
        del graph.node[:]
        graph.node.extend(nodes)

    def _node(self, node: Any, values: Values) -> list[Any]:
        new = schema(node.op_type, self.opset) if node.domain in OWN else None
        if new is None or new.since_version <= self.to:
            return [node]
        site = Site(node, values, self.names, new.since_version)
        try:
            note = self._rewrite(site, new)
        except NotInOnnx as problem:
            return self._constants(node, values, problem)
        if note:
            self._note(f"{node.op_type}: {note}")
        self.weights += site.weights
        return site.nodes

    def _rewrite(self, site: Site, new: Any) -> str:
        operator = site.node.op_type
        if self.to < BASE:
            return step(site, new, schema(operator, self.to), self.opset)
        since, adapter = changed_operators.CHANGED.get(operator, (0, None))
        if adapter is not None and new.since_version >= since:
            return adapter(site)
        if operator in new_operators.ADDED:
            return new_operators.ADDED[operator](site)
        old = schema(operator, BASE)
        if old is None:
            raise NotInOnnx(operator, new_operators.INSTEAD.get(operator, ""))
        return changed_operators.older(site, new, old)

    def _constants(self, node: Any, values: Values, problem: NotInOnnx) -> list[Any]:
        """What can be computed here and now needs no operator."""
        from onnx import numpy_helper

        outputs = [name for name in node.output if name]
        constants = {name: values.constant(name) for name in outputs}
        resolved = {name: value for name, value in constants.items() if value is not None}
        if len(resolved) < len(outputs):
            self.problems.setdefault(problem.what, []).append(node.name or node.output[0])
            if problem.instead:
                self.instead[problem.instead] = None
            return []
        self._note(f"{node.op_type}: a constant")
        if values.outer is None:
            self.weights += [
                numpy_helper.from_array(value, name) for name, value in resolved.items()
            ]
            return []
        # what is in a branch may be called alike in another one
        site = Site(node, values, self.names, self.opset)
        for name, value in resolved.items():
            site.emit("Identity", site.weight(value, "value"), into=name)
        self.weights += site.weights
        return site.nodes

    def _note(self, note: str) -> None:
        self.notes[note] = self.notes.get(note, 0) + 1

    def _refusal(self) -> SourceError:
        listed = [
            f"{what} ({', '.join(nodes[:TOLD])}{_more(nodes)})"
            for what, nodes in self.problems.items()
        ]
        return SourceError(
            f"opset {self.to}{NEWEST if self.to == BASE else ''} has nothing for: "
            f"{'; '.join(listed[:TOLD])}{_more(listed)}",
            where=self.where,
            hint=f"use instead: {'; '.join(list(self.instead)[:TOLD])}" if self.instead else "",
        )


def _more(listed: Sequence[str]) -> str:
    return f" and {len(listed) - TOLD} more" if len(listed) > TOLD else ""


def schema(operator: str, opset: int, domain: str = "") -> Any:
    import onnx.defs

    try:
        return onnx.defs.get_schema(operator, max_inclusive_version=opset, domain=domain)
    except onnx.defs.SchemaError:
        return None


def opset_of(model: Any) -> int:
    return max((entry.version for entry in model.opset_import if entry.domain in OWN), default=1)


def set_opset(model: Any, opset: int) -> None:
    for entry in model.opset_import:
        if entry.domain in OWN:
            entry.version = opset
