"""An ONNX model in forms that TVM's importer takes, and computes alike, for the shapes of a job.

What is computed from shapes alone becomes a constant, what ONNX Runtime fused and the linear
models of ai.onnx.ml become plain operators, and a few forms become others. What has no other form
stays, and rules name it.

Sources: the importers in ``facts/tvm_operators.toml``; NeoCompilerModelLoaders 1.0.1 with TVM 0.9
(hhb-tvm 2.4.5), run on models of each operator.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from neopack.errors import SourceError
from neopack.frameworks.onnx.lowering import fused_operators, ml_operators, tvm_forms
from neopack.frameworks.onnx.lowering.expansion import converted
from neopack.frameworks.onnx.lowering.lower import put_back, set_aside
from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site, UniqueNames
from neopack.frameworks.onnx.lowering.rewriting import OWN, opset_of
from neopack.frameworks.onnx.lowering.traversal import named, nodes, prune
from neopack.frameworks.onnx.lowering.value_info import Values, inferred
from neopack.values.signature import Shape

__all__ = ["lower_for_tvm"]

# the opsets from which on there is all that the rewrites write
OF_FORMS, OF_DOMAINS = 9, 11
SHAPES = ("Shape", "Size")
ROUNDS = 4
OF_OTHERS: Mapping[str, Mapping[str, Callable[[Site], str]]] = {
    fused_operators.DOMAIN: fused_operators.FUSED,
    ml_operators.DOMAIN: ml_operators.ML,
}


def lower_for_tvm(path: Path, shapes: Mapping[str, Shape], where: str) -> tuple[str, ...]:
    """Rewrite the file in place; what was rewritten, in words, and no change without any.
    ``shapes`` are those that the inputs will be frozen to."""
    import onnx

    model = onnx.load(str(path))
    if opset_of(model) < OF_FORMS:
        return ()
    weights = set_aside(model.graph)
    told = Told()
    # what is not known behind an operator of another domain is, once it is rewritten
    for _ in range(ROUNDS):
        before = told.total
        try:
            _Pass(model, shapes, where, told)
        except SourceError:  # onnx cannot tell its shapes, and Neo needs none of ours
            break
        if told.total == before:
            break
    if not told.total:
        return ()
    if told.folded:
        _fix_inputs(model.graph, shapes)
    prune(model.graph)
    put_back(model, weights)
    _drop_domains(model)
    path.write_bytes(model.SerializeToString(deterministic=True))
    return tuple(told.texts())


def _rewrite(site: Site) -> str:
    """What was rewritten, in words; "" where nothing was."""
    domain, opset = site.node.domain, site.values.opset
    forms = tvm_forms.FORMS if domain in OWN else {}
    if opset >= OF_DOMAINS:
        forms = {**forms, **OF_OTHERS.get(domain, {})}
    rewrite = forms.get(site.node.op_type)
    return rewrite(site) if rewrite else ""


@dataclass(slots=True)
class Told:
    """What was rewritten: nodes that were folded, and notes with how often each holds."""

    folded: int = 0
    notes: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.folded + self.notes.total()

    def texts(self) -> Iterator[str]:
        if self.folded:
            yield f"shape arithmetic became constants, for TVM ({self.folded})"
        yield from (f"{note}, for TVM ({count})" for note, count in self.notes.items())


class _Pass:
    """One pass over the nodes of the outermost graph, which is changed in place."""

    def __init__(
        self,
        model: Any,
        shapes: Mapping[str, Shape],
        where: str,
        told: Told,
    ) -> None:
        typed = converted(partial(inferred, model, shapes), where)
        self.graph = model.graph
        self.names = UniqueNames(set(named(model.graph)))
        self.values = Values(model.graph, typed.graph, opset_of(model))
        self.kept = {info.name for info in model.graph.output}
        self.folded: set[str] = set()
        self.told = told
        self.weights: list[Any] = []
        rewritten = [one for node in model.graph.node for one in self._node(node)]
        del model.graph.node[:]
        model.graph.node.extend(rewritten)
        model.graph.initializer.extend(self.weights)

    def _node(self, node: Any) -> list[Any]:
        if self._fold(node):
            return []
        site = Site(node, self.values, self.names, 0)
        try:
            note = _rewrite(site)
        except NotInOnnx:  # a shape is not known
            note = ""
        if not note:
            return [node]
        self.told.notes[f"{node.op_type}: {note}"] += 1
        self.weights += site.weights
        return site.nodes

    def _fold(self, node: Any) -> bool:
        """Whether the node computes from shapes alone, so that its outputs are constants here."""
        from onnx import numpy_helper

        of_shapes = node.op_type in SHAPES or not self.folded.isdisjoint(node.input)
        if not of_shapes and not self._is_shape(node):
            return False
        outputs = [name for name in node.output if name]
        arrays = {name: self.values.constant(name) for name in outputs}
        if self.kept & set(outputs) or any(array is None for array in arrays.values()):
            return False
        for name, array in arrays.items():
            tensor = numpy_helper.from_array(array, name)
            self.values.hold(tensor)
            self.weights.append(tensor)
        self.folded.update(outputs)
        self.told.folded += 1
        return True

    def _is_shape(self, node: Any) -> bool:
        """Whether it is a Concat of constants, by which onnx tells no shape before opset 13."""
        return node.op_type == "Concat" and all(map(self.values.stored, node.input))


def _fix_inputs(graph: Any, shapes: Mapping[str, Shape]) -> None:
    """The constants hold for these shapes alone."""
    for info in graph.input:
        for dim, size in zip(
            info.type.tensor_type.shape.dim, shapes.get(info.name, ()), strict=False
        ):
            dim.dim_value = size


def _drop_domains(model: Any) -> None:
    used = {"", *(node.domain for node in nodes(model.graph))}
    kept = [entry for entry in model.opset_import if entry.domain in (*OWN, *used)]
    del model.opset_import[:]
    model.opset_import.extend(kept)
