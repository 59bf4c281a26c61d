"""A file of opset 6 or below as one of opset 7, and without the operators that ONNX removed.

Neither today's ONNX Runtime nor 1.4.0 has kernels for the forms that operators had before opset 7,
so such a file would have no proof. The compiler of Neo takes both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from neopack.errors import SourceError, first_line
from neopack.frameworks.onnx.lowering.lower import list_weights
from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site, UniqueNames
from neopack.frameworks.onnx.lowering.rewriting import OWN, opset_of, schema, set_opset
from neopack.frameworks.onnx.lowering.traversal import graphs_of, named, nodes, prune
from neopack.frameworks.onnx.lowering.value_info import Values
from neopack.frameworks.onnx.raising.older_forms import CHANGED, plain
from neopack.frameworks.onnx.raising.removed_operators import REMOVED
from neopack.values.signature import Shape

__all__ = ["LOWEST", "check", "is_older_form", "needs_raising", "raise_file"]

# the lowest opset that ONNX Runtime computes
LOWEST = 7
# the first IR version with opsets
FIRST_IR = 3
# the first in which weights need not be inputs: ONNX Runtime 1.4 makes weights of the constants in
# graphs of nodes, and then misses them among the inputs
WITHOUT_INPUTS = 4


def needs_raising(model: Any) -> bool:
    """Whether an operator has a form that changed by opset 7, or was removed."""
    opset = opset_of(model)
    return any(is_older_form(node, opset) for node in nodes(model.graph))


def is_older_form(node: Any, opset: int) -> bool:
    if node.domain not in OWN:
        return False
    written = schema(node.op_type, opset)
    if written is None:
        return node.op_type in REMOVED
    return bool(written.since_version < _version(node.op_type))


def _version(operator: str) -> int:
    """Of an operator's form in opset 7, 0 for one that came later."""
    newest = schema(operator, LOWEST)
    return 0 if newest is None else int(newest.since_version)


def raise_file(path: Path, shapes: Mapping[str, Shape], where: str) -> tuple[str, ...]:
    """Rewrite the file in place; returns what was rewritten, in words. ``shapes`` are those of the
    inputs. Raises ``SourceError`` that names the operators in the way and what to use instead."""
    import onnx

    model = onnx.load(str(path))
    opset = opset_of(model)
    notes = _Raising(model, shapes, where).told()
    prune(model.graph)
    if opset < LOWEST:
        _import(model, LOWEST)
        notes.insert(0, f"opset {opset} to {LOWEST}")
    list_weights(model)
    check(model, where)
    path.write_bytes(model.SerializeToString(deterministic=True))
    return tuple(notes)


def check(model: Any, where: str) -> None:
    """Raise ``SourceError`` for a model that is not valid. ``model`` may be a path."""
    import onnx.checker

    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise SourceError(f"is not a valid ONNX model: {first_line(error)}", where=where) from None


def _import(model: Any, opset: int) -> None:
    """Say the opset, which files did not before IR version 3."""
    from onnx import helper

    if not any(entry.domain in OWN for entry in model.opset_import):
        model.opset_import.append(helper.make_opsetid("", opset))
    set_opset(model, opset)
    inner = any(True for node in model.graph.node for _ in graphs_of(node))
    model.ir_version = max(model.ir_version, WITHOUT_INPUTS if inner else FIRST_IR)


class _Raising:
    """One pass over the nodes of ``model``, in place. The type of each value is inferred from the
    nodes that are written, for inference of the older forms tells little."""

    def __init__(self, model: Any, shapes: Mapping[str, Shape], where: str) -> None:
        self.opset = opset_of(model)
        self.to = max(self.opset, LOWEST)
        self.names = UniqueNames(set(named(model.graph)))
        self.notes = Counter[str]()
        self.problems: dict[str, str] = {}
        self.weights: list[Any] = []
        self._graph(model.graph, _typed(model.graph, shapes), None)
        if self.problems:
            raise SourceError(
                f"opset {self.to} has nothing for: {'; '.join(self.problems)}",
                where=where,
                hint=f"use instead: {'; '.join(dict.fromkeys(self.problems.values()))}",
            )
        model.graph.initializer.extend(self.weights)

    def told(self) -> list[str]:
        return [f"{note} ({count})" for note, count in self.notes.items()]

    def _graph(self, graph: Any, typed: Any, outer: Values | None) -> None:
        values = Values(graph, typed, self.to, outer)
        written: list[Any] = []
        for node in graph.node:
            for place, index in graphs_of(node):
                attribute = node.attribute[place]
                inner = attribute.g if index is None else attribute.graphs[index]
                self._graph(inner, inner, values)
            for new in self._node(node, values):
                _learn(new, values, self.to)
                written.append(new)
        del graph.node[:]
        graph.node.extend(written)

    def _node(self, node: Any, values: Values) -> list[Any]:
        if not is_older_form(node, self.opset):
            return [node]
        removed = schema(node.op_type, self.opset) is None
        rewrite = REMOVED[node.op_type] if removed else CHANGED.get(node.op_type, plain)
        site = Site(node, values, self.names, self.opset)
        try:
            note = rewrite(site)
        except NotInOnnx as problem:
            label = f"{problem.what} ({node.name or next(iter(node.output), '')})"
            self.problems[label] = problem.instead
            return []
        if note:
            self.notes[f"{node.op_type}: {note}"] += 1
        for weight in site.weights:
            values.hold(weight)
        self.weights += site.weights
        return site.nodes


def _typed(graph: Any, shapes: Mapping[str, Shape]) -> Any:
    """The inputs of ``graph`` with the shapes that they will have, as a graph of their own."""
    import onnx

    typed = onnx.GraphProto()
    typed.input.extend(graph.input)
    for info in typed.input:
        if info.name in shapes:
            kind = info.type.tensor_type
            del kind.shape.dim[:]
            for size in shapes[info.name]:
                kind.shape.dim.add().dim_value = size
    return typed


def _learn(node: Any, values: Values, opset: int) -> None:
    types = dict(_inferred(node, values, opset))
    for name in node.output:
        if name:
            values.learn(name, types.get(name), node)


def _inferred(node: Any, values: Values, opset: int) -> Iterator[tuple[str, Any]]:
    """What ONNX says of the types of a node's outputs; nothing where it cannot tell."""
    import onnx
    from onnx import helper

    definition = schema(node.op_type, opset) if node.domain in OWN else None
    inputs = {name: values.type_of(name) for name in node.input if name}
    if definition is None or any(kind is None for kind in inputs.values()):
        return
    constants = {name: values.tensor(name) for name in inputs}
    try:
        yield from onnx.shape_inference.infer_node_outputs(
            definition,
            node,
            inputs,
            {name: tensor for name, tensor in constants.items() if tensor is not None},
            opset_imports=[helper.make_opsetid("", opset)],
        ).items()
    except (onnx.shape_inference.InferenceError, RuntimeError, ValueError):
        return
