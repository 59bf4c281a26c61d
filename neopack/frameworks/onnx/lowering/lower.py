"""An ONNX file as an older release of ONNX reads it: its IR version, its opset, its operators.

The rewriting is our own: to opset 12 at once, and from there one opset at a time. onnx's converter
has no way down for most of the types, operators and forms that came with an opset, nor for If.
Large weights are set aside meanwhile, for what passes through onnx's C++ is serialized.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from neopack import facts, versions
from neopack.errors import SourceError
from neopack.facts import OnnxRelease
from neopack.frameworks.onnx.facts import OnnxFacts
from neopack.frameworks.onnx.lowering.expansion import converted, expanded, laid_open, refuse_types
from neopack.frameworks.onnx.lowering.older_opsets.steps import LOWEST
from neopack.frameworks.onnx.lowering.plain_forms import write_plainly
from neopack.frameworks.onnx.lowering.quantization import fold_weights
from neopack.frameworks.onnx.lowering.rewrite_site import UniqueNames
from neopack.frameworks.onnx.lowering.rewriting import (
    BASE,
    OWN,
    Lowering,
    opset_of,
    schema,
    set_opset,
)
from neopack.frameworks.onnx.lowering.traversal import (
    graphs,
    named,
    nodes,
    prune,
    replace,
    strip,
    used,
)
from neopack.frameworks.onnx.lowering.value_info import inferred
from neopack.values.model import ModelInfo, facts_of
from neopack.values.signature import Shape

__all__ = ["fits", "list_weights", "lower", "put_back", "release_for", "set_aside"]

OF_NEO = "1.7.0"
ML, OLD_ML = "ai.onnx.ml", 2
# tensors of more elements are weights, which no rewriting looks into
LARGE = 4096


def release_for(version: str) -> OnnxRelease:
    """The release of ONNX that a framework version of Neo's is; 1.7.0's by default."""
    releases = facts.onnx_releases()
    readable = [row for row in releases if versions.at_most(row.release, version or OF_NEO)]
    return readable[-1] if readable else releases[0]


def fits(info: ModelInfo, release: OnnxRelease) -> bool:
    """Whether the release reads a model as it is."""
    facts_ = facts_of(info, OnnxFacts)
    opset = max((facts_.opsets[name] for name in OWN if name in facts_.opsets), default=0)
    return facts_.ir_version <= release.ir and opset <= release.opset


def lower(
    path: Path, target: Path, release: OnnxRelease, shapes: Mapping[str, Shape], where: str
) -> tuple[str, ...]:
    """Write ``path`` to ``target`` for ``release``; returns what was rewritten, in words.

    ``shapes`` are those that the inputs will be frozen to. Raises ``SourceError`` that names the
    operators in the way, their nodes, and what to use in their place.
    """
    import onnx

    _refuse_older(release, where)
    model = onnx.load(str(path))
    rewrites = []
    if folded := fold_weights(model.graph, opset_of(model)):
        rewrites.append(f"DequantizeLinear: a constant ({folded})")
    weights = set_aside(model.graph)
    if model.functions:
        model = laid_open(model, shapes, where)
        rewrites.append("functions of the model's own: laid open")
    before, opset = model.ir_version, opset_of(model)
    if opset > BASE:
        model, named = expanded(model, shapes, where)
        rewrites += [f"{operator}: laid open as ONNX defines it" for operator in named]
    rewrites += _rewritten(model, release.opset, shapes, where)
    rewrites += write_plainly(model.graph, opset_of(model))
    prune(model.graph)
    _keep_domains(model, min(opset, BASE, release.opset), where)
    if opset > release.opset:
        rewrites.insert(0, f"opset {opset} to {min(BASE, release.opset)}")
    if before > release.ir:
        model.ir_version = release.ir
        rewrites.insert(0, f"IR version {before} to {release.ir}")
    strip(model)
    _lift_weights(model)
    list_weights(model)
    refuse_types(model, where)
    put_back(model, weights)
    target.write_bytes(model.SerializeToString(deterministic=True))
    return tuple(rewrites)


def _refuse_older(release: OnnxRelease, where: str) -> None:
    if release.opset < LOWEST:
        raise SourceError(
            f"ONNX {release.release} is of opset {release.opset}, "
            f"and the lowering ends at {LOWEST}",
            where=where,
            hint="name a framework version from 1.2 on",
        )


def _rewritten(model: Any, opset: int, shapes: Mapping[str, Shape], where: str) -> list[str]:
    """Rewrite the nodes for ``opset``, in place; returns what was, in words."""
    start, notes = opset_of(model), Counter[str]()
    infos: dict[str, Any] = {}
    steps = [*([BASE] if start > BASE else []), *range(min(start, BASE) - 1, opset - 1, -1)]
    for to in steps:
        typed = converted(partial(inferred, model, shapes), where)
        # a value keeps its name and its shape, which an older form may not tell
        fixed = {info.name: info for info in typed.graph.value_info if _fixed(info)}
        typed.graph.value_info.extend(infos[name] for name in infos.keys() - fixed.keys())
        infos |= fixed
        notes.update(Lowering(model, typed, where, to).told())
        prune(model.graph)
        set_opset(model, to)
    return [f"{note} ({count})" for note, count in notes.items()]


def _fixed(info: Any) -> bool:
    kind = info.type.tensor_type
    return kind.HasField("shape") and all(dim.HasField("dim_value") for dim in kind.shape.dim)


def set_aside(graph: Any) -> list[tuple[Any, bool]]:
    """Take the large weights out of the graph, as inputs in their place; with each whether it
    was listed as an input before."""
    import math

    from onnx import helper

    listed = {info.name for info in graph.input}
    large = [t for t in graph.initializer if math.prod(t.dims) > LARGE]
    names = {tensor.name for tensor in large}
    small = [tensor for tensor in graph.initializer if tensor.name not in names]
    del graph.initializer[:]
    graph.initializer.extend(small)
    for tensor in large:
        if tensor.name not in listed:
            info = helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            graph.input.append(info)
    return [(tensor, tensor.name in listed) for tensor in large]


def put_back(model: Any, weights: Sequence[tuple[Any, bool]]) -> None:
    graph = model.graph
    needed = set(used(graph))
    stand_ins = {tensor.name for tensor, listed in weights if not listed}
    inputs = [info for info in graph.input if info.name not in stand_ins]
    del graph.input[:]
    graph.input.extend(inputs)
    graph.initializer.extend(t for t, listed in weights if listed or t.name in needed)
    list_weights(model)


def _lift_weights(model: Any) -> None:
    """Before IR 4 the graphs in If, Loop and Scan had no weights: they go into the outermost. So
    do constants, which ONNX Runtime 1.4.0 makes weights of and then refuses."""
    from onnx import helper

    if model.ir_version >= 4:
        return
    names = UniqueNames(set(named(model.graph)))
    for graph in list(graphs(model.graph))[1:]:
        inside = [node for node in graph.node if node.op_type == "Constant"]
        tensors = {tensor.name: tensor for tensor in graph.initializer}
        tensors |= {node.output[0]: node.attribute[0].t for node in inside}
        lifted = []
        for name, tensor in tensors.items():
            weight = model.graph.initializer.add()
            weight.CopyFrom(tensor)
            weight.name = names.new(name)
            lifted.append(helper.make_node("Identity", [weight.name], [name]))
        rest = [node for node in graph.node if node.op_type != "Constant"]
        replace(graph.node, [*lifted, *rest])
        del graph.initializer[:]


def list_weights(model: Any) -> None:
    """Before IR 4 a weight was an input with a value."""
    from onnx import helper

    graph = model.graph
    if model.ir_version < 4:
        listed = {info.name for info in graph.input}
        graph.input.extend(
            helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            for tensor in graph.initializer
            if tensor.name not in listed
        )


def _keep_domains(model: Any, opset: int, where: str) -> None:
    """Only the domains that nodes are of, ONNX's own first."""
    from onnx import helper

    imported = {entry.domain: entry.version for entry in model.opset_import}
    foreign = [node for node in nodes(model.graph) if node.domain not in OWN]
    domains = {domain: imported.get(domain, 1) for domain in sorted({n.domain for n in foreign})}
    if domains.get(ML, 0) > OLD_ML:
        for node in foreign:
            definition = schema(node.op_type, domains[ML], ML) if node.domain == ML else None
            if definition is not None and definition.since_version > OLD_ML:
                raise SourceError(
                    f"{ML} {OLD_ML}, the newest that Neo reads, has no such {node.op_type} "
                    f"({node.name or node.output[0]})",
                    where=where,
                    hint="package the model from the library that trained it",
                )
        domains[ML] = OLD_ML
    del model.opset_import[:]
    model.opset_import.extend(
        helper.make_opsetid(domain, version) for domain, version in {"": opset, **domains}.items()
    )
