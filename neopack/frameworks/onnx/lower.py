"""An ONNX file as an older release of ONNX reads it: its IR version, its opset, its operators.

From newer opsets down to 12 the rewriting is our own (``changed``, ``added``): onnx's converter has
no way down for Softmax, Split by number, the Reduce operators of 18, Pad and Resize of 18, and none
for the operators that came since. From 12 down it is ``onnx.version_converter``. Large weights are
set aside meanwhile: what passes through onnx's C++ is serialised.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from neopack import facts
from neopack.errors import SourceError, first_line
from neopack.facts import OnnxRelease, versions
from neopack.frameworks.onnx import added, changed
from neopack.frameworks.onnx.site import Inexpressible, Names, Site
from neopack.frameworks.onnx.values import Values, graphs_of, inferred
from neopack.types import Json, ModelInfo, Shape

__all__ = ["fits", "lower", "release_for"]

# what our own rewriting goes down to: ONNX 1.7.0's
BASE = 12
OF_NEO = "1.7.0"
OWN = ("", "ai.onnx")
ML, OLD_ML = "ai.onnx.ml", 2
# tensors of more elements are weights, which no rewriting looks into
LARGE = 4096
TOLD = 3
# fields of onnx.proto that IR 7 has not
_NEWER_FIELDS = ("overload", "metadata_props", "device_configurations")


def release_for(version: str) -> OnnxRelease:
    """The release of ONNX that a framework version of Neo's is; 1.7.0's where none is said."""
    known = facts.onnx_releases()
    taken = [row for row in known if versions.at_most(row.release, version or OF_NEO)]
    return taken[-1] if taken else known[0]


def fits(info: ModelInfo, release: OnnxRelease) -> bool:
    """Whether the release reads a model as it is."""
    given: Mapping[str, Json] = info.facts.get("opsets") or {}
    return (
        int(info.facts.get("ir_version") or 0) <= release.ir
        and max((int(given[name]) for name in OWN if name in given), default=0) <= release.opset
    )


def lower(
    given: Path, target: Path, release: OnnxRelease, shapes: Mapping[str, Shape], where: str
) -> tuple[str, ...]:
    """Write ``given`` to ``target`` for ``release``; returns what was rewritten, in words.

    ``shapes`` are those that the inputs will be frozen to. Raises ``SourceError`` that names the
    operators in the way, their nodes, and what to use in their place.
    """
    import onnx

    model = onnx.load(str(given))
    told = []
    weights = _set_aside(model.graph)
    if model.functions:
        model = _converted(lambda: onnx.inliner.inline_local_functions(model), where)
        told.append("functions of the model's own: laid open")
    before, opset = model.ir_version, _opset(model)
    if opset > BASE:
        model = _expanded(model, where)
        lowering = _Lowering(model, shapes, where)
        told += lowering.told()
    if min(opset, BASE) > release.opset:
        model = _convert(model, release.opset, where)
    if opset > release.opset:
        told.insert(0, f"opset {opset} to {min(BASE, release.opset)}")
    _keep_domains(model, min(opset, BASE, release.opset), where)
    if before > release.ir:
        model.ir_version = release.ir
        told.insert(0, f"IR version {before} to {release.ir}")
    _strip(model)
    _refuse_types(model, where)
    _put_back(model, weights)
    _write(model, target)
    return tuple(told)


def _opset(model: Any) -> int:
    return max((one.version for one in model.opset_import if one.domain in OWN), default=1)


def _set_aside(graph: Any) -> list[tuple[Any, bool]]:
    """Take the large weights out of the graph, as inputs in their place; with each whether it
    was listed as an input before."""
    import math

    from onnx import helper

    listed = {info.name for info in graph.input}
    large = [t for t in graph.initializer if math.prod(t.dims) > LARGE]
    names = {tensor.name for tensor in large}
    kept = [tensor for tensor in graph.initializer if tensor.name not in names]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    for tensor in large:
        if tensor.name not in listed:
            info = helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            graph.input.append(info)
    return [(tensor, tensor.name in listed) for tensor in large]


def _put_back(model: Any, weights: Sequence[tuple[Any, bool]]) -> None:
    from onnx import helper

    graph = model.graph
    used = set(_used(graph))
    stand_ins = {tensor.name for tensor, listed in weights if not listed}
    inputs = [info for info in graph.input if info.name not in stand_ins]
    del graph.input[:]
    graph.input.extend(inputs)
    graph.initializer.extend(t for t, listed in weights if listed or t.name in used)
    if model.ir_version < 4:
        listed = {info.name for info in graph.input}
        graph.input.extend(
            helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            for tensor in graph.initializer
            if tensor.name not in listed
        )


def _converted(call: Any, where: str) -> Any:
    try:
        return call()
    except Exception as error:
        # the C++ behind it raises RuntimeError, ValueError and its own
        raise SourceError(
            f"onnx cannot convert it: {first_line(error)}",
            where=where,
            hint=f"export it for opset {BASE}",
        ) from None


def _convert(model: Any, opset: int, where: str) -> Any:
    import onnx.version_converter

    return _converted(lambda: onnx.version_converter.convert_version(model, opset), where)


def _expanded(model: Any, where: str) -> Any:
    """The model with the operators laid open that ONNX itself defines by others."""
    import onnx.inliner

    found = {node.op_type for node in _nodes(model.graph) if node.domain in OWN}
    named = [("", operator) for operator in added.EXPANDED if operator in found]
    if not named:
        return model
    return _converted(
        lambda: onnx.inliner.inline_selected_functions(
            model, named, exclude=False, inline_schema_functions=True
        ),
        where,
    )


class _Lowering:
    """One pass over the nodes of ``model``, which is changed in place."""

    def __init__(self, model: Any, shapes: Mapping[str, Shape], where: str) -> None:
        self.where = where
        self.opset = _opset(model)
        self.names = Names(set(_named(model.graph)))
        self.notes: dict[str, int] = {}
        self.problems: dict[str, list[str]] = {}
        self.instead: dict[str, None] = {}
        self.weights: list[Any] = []
        typed = _converted(lambda: inferred(model, shapes), where)
        self._graph(model.graph, typed.graph, None)
        if self.problems:
            raise self._refusal()
        model.graph.initializer.extend(self.weights)
        _prune(model.graph)

    def told(self) -> list[str]:
        return [f"{note} ({count})" for note, count in self.notes.items()]

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
        new = _schema(node.op_type, self.opset) if node.domain in OWN else None
        if new is None or new.since_version <= BASE:
            return [node]
        site = Site(node, values, self.names, new.since_version)
        try:
            note = self._rewrite(site, new)
        except Inexpressible as problem:
            return self._constants(node, values, problem)
        if note:
            self._note(f"{node.op_type}: {note}")
        self.weights += site.weights
        return site.nodes

    def _rewrite(self, site: Site, new: Any) -> str:
        operator = site.node.op_type
        since, adapter = changed.CHANGED.get(operator, (0, None))
        if adapter is not None and new.since_version >= since:
            return adapter(site)
        if operator in added.ADDED:
            return added.ADDED[operator](site)
        old = _schema(operator, BASE)
        if old is None:
            raise Inexpressible(operator, added.INSTEAD.get(operator, ""))
        return changed.older(site, new, old)

    def _constants(self, node: Any, values: Values, problem: Inexpressible) -> list[Any]:
        """What can be computed here and now needs no operator."""
        from onnx import numpy_helper

        known = {name: values.constant(name) for name in node.output if name}
        if any(value is None for value in known.values()):
            self.problems.setdefault(problem.what, []).append(node.name or node.output[0])
            if problem.instead:
                self.instead[problem.instead] = None
            return []
        self._note(f"{node.op_type}: a constant")
        self.weights += [numpy_helper.from_array(value, name) for name, value in known.items()]
        return []

    def _note(self, note: str) -> None:
        self.notes[note] = self.notes.get(note, 0) + 1

    def _refusal(self) -> SourceError:
        listed = [
            f"{what} ({', '.join(nodes[:TOLD])}{_more(nodes)})"
            for what, nodes in self.problems.items()
        ]
        return SourceError(
            f"opset {BASE}, the newest that Neo reads, has nothing for: "
            f"{'; '.join(listed[:TOLD])}{_more(listed)}",
            where=self.where,
            hint=f"use instead: {'; '.join(list(self.instead)[:TOLD])}" if self.instead else "",
        )


def _more(listed: Sequence[str]) -> str:
    return f" and {len(listed) - TOLD} more" if len(listed) > TOLD else ""


def _schema(operator: str, opset: int, domain: str = "") -> Any:
    import onnx.defs

    try:
        return onnx.defs.get_schema(operator, max_inclusive_version=opset, domain=domain)
    except onnx.defs.SchemaError:
        return None


def _subgraphs(node: Any) -> Iterator[Any]:
    for place, index in graphs_of(node):
        attribute = node.attribute[place]
        yield attribute.g if index is None else attribute.graphs[index]


def _nodes(graph: Any) -> Iterator[Any]:
    for node in graph.node:
        yield node
        for inner in _subgraphs(node):
            yield from _nodes(inner)


def _graphs(graph: Any) -> Iterator[Any]:
    yield graph
    for node in graph.node:
        for inner in _subgraphs(node):
            yield from _graphs(inner)


def _named(graph: Any) -> Iterator[str]:
    for one in _graphs(graph):
        yield from (info.name for info in (*one.input, *one.output, *one.value_info))
        yield from (tensor.name for tensor in one.initializer)
    for node in _nodes(graph):
        yield from node.output


def _used(graph: Any) -> Iterator[str]:
    for one in _graphs(graph):
        yield from (info.name for info in one.output)
    for node in _nodes(graph):
        yield from node.input


def _prune(graph: Any) -> None:
    """Without the constants that became attributes, and what only they were computed by."""
    used = {info.name for info in graph.output}
    kept: list[Any] = []
    for node in reversed(graph.node):
        if used.isdisjoint(node.output):
            continue
        kept.append(node)
        used.update(node.input)
        for inner in _subgraphs(node):
            used.update(_used(inner))
    kept.reverse()
    _replace(graph.node, kept)
    used |= {info.name for info in graph.input}
    _replace(graph.initializer, [t for t in graph.initializer if t.name in used])
    made = {name for node in kept for name in node.output}
    _replace(graph.value_info, [info for info in graph.value_info if info.name in made])


def _replace(field: Any, values: Sequence[Any]) -> None:
    del field[:]
    field.extend(values)


def _keep_domains(model: Any, opset: int, where: str) -> None:
    """Only the domains that nodes are of, ONNX's own first."""
    from onnx import helper

    said = {one.domain: one.version for one in model.opset_import}
    nodes = [node for node in _nodes(model.graph) if node.domain not in OWN]
    versions_used = {domain: said.get(domain, 1) for domain in sorted({n.domain for n in nodes})}
    if versions_used.get(ML, 0) > OLD_ML:
        for node in nodes:
            schema = _schema(node.op_type, versions_used[ML], ML)
            if node.domain == ML and schema is not None and schema.since_version > OLD_ML:
                raise SourceError(
                    f"{ML} {OLD_ML}, the newest that Neo reads, has no such {node.op_type} "
                    f"({node.name or node.output[0]})",
                    where=where,
                    hint="package the model from the library that trained it",
                )
        versions_used[ML] = OLD_ML
    del model.opset_import[:]
    model.opset_import.extend(
        helper.make_opsetid(domain, version)
        for domain, version in {"": opset, **versions_used}.items()
    )


def _strip(model: Any) -> None:
    """Without the fields that came with later IR versions, which say nothing of the numbers."""
    model.ClearField("functions")
    _clear(model, ("configuration",))
    for graph in _graphs(model.graph):
        for part in (graph, *graph.node, *graph.initializer, *graph.value_info):
            _clear(part, _NEWER_FIELDS)
        for info in (*graph.input, *graph.output):
            _clear(info, _NEWER_FIELDS)


def _clear(part: Any, fields: Sequence[str]) -> None:
    for name in fields:
        if name in part.DESCRIPTOR.fields_by_name:
            part.ClearField(name)


def _refuse_types(model: Any, where: str) -> None:
    """Each operator takes the types that it is given, as its older form says."""
    import onnx

    try:
        onnx.checker.check_model(model)
        onnx.shape_inference.infer_shapes(model, check_type=True)
    except (
        onnx.checker.ValidationError,
        onnx.shape_inference.InferenceError,
        RuntimeError,
    ) as error:
        words = " ".join(str(error).split()).removeprefix("[TypeInferenceError] ")
        raise SourceError(
            f"opset {BASE}, the newest that Neo reads, does not take it: {words}",
            where=where,
            hint="convert the model to float32 before it is exported",
        ) from None


def _write(model: Any, target: Path) -> None:
    target.write_bytes(model.SerializeToString(deterministic=True))
