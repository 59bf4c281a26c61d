"""ModelInfo of an MXNet model, a symbol and its parameters, without mxnet.

``format`` is ``symbol``, with the parameters that lie beside it, ``params`` for a parameter file
alone, or ``npz`` for one of MXNet 2. ``facts``:

=====================  =======================================================================
parameters             the file that was read with the symbol, or ""; ``parameters_form`` is
                       its form: params or npz
arrays                 how many there are in it
array_versions         how many arrays are of each version of the format, as "0" to "3"
storages               how many arrays are dense, row_sparse, csr
unprefixed             names of parameters without arg: or aux:, of save_parameters
missing, extra         names that the symbol has and the parameters lack, and the other way
misfits                name to what is wrong with its shape
labels                 inputs that are labels
unranked_inputs        inputs of which nothing tells the shape
outputs                names of the nodes that are outputs
cycle                  names of nodes that feed each other
dangling               what names a node that is not there
forward_references     nodes that take one which is written after them
custom_operators       the kinds of operators that are the user's own code
subgraphs              operators that have graphs of their own (loops, conditions)
channel_last           names of nodes with a layout such as NHWC
=====================  =======================================================================
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from neopack.errors import NotRecognized
from neopack.formats import mxparams
from neopack.formats.files import Files
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.mxparams import ArraySpec
from neopack.formats.source import ByteSource
from neopack.frameworks.mxnet import graph, names, symbol
from neopack.frameworks.mxnet.fit import Fit, bare, fit, is_label, takes_classes, unprefixed
from neopack.frameworks.mxnet.symbol import Node, Symbol, Takers
from neopack.values.json import Json
from neopack.values.model import ModelInfo
from neopack.values.signature import Shape, Signature, TensorSpec

__all__ = ["form", "read", "recognize"]

FORMS = {
    "symbol": "MXNet symbol",
    "params": "MXNet parameter file",
    "npz": "MXNet 2 parameters as .npz",
}
ZIP = b"PK\x03\x04"
CUSTOM = frozenset(("Custom", "_CustomFunction", "_Native", "_NDArray", "_contrib_Custom"))
MOST_SHAPES = 1 << 20
MOST_NAMED = 50
MOST_SAID = 3
NUMPY = "parameters of MXNet 2, which MXNet 1.8 does not load"
NOTES = {
    "labels": "inputs that are labels",
    "unprefixed": "names without arg: or aux:, as save_parameters writes them",
    "missing": "parameters that are missing",
    "extra": "parameters that the symbol does not have",
    "misfits": "parameters of another shape than the symbol's",
    "cycle": "nodes that feed each other",
    "dangling": "nodes that are not there",
    "custom_operators": "operators that are code",
}


def form(source: ByteSource) -> str | None:
    """``symbol``, ``params``, ``npz``, or None where these bytes are none of MXNet's."""
    if mxparams.looks_like_params(source):
        return "params"
    if symbol.looks_like_symbol(source):
        return "symbol"
    return "npz" if _is_npz(source) else None


def recognize(source: ByteSource) -> str | None:
    found = form(source)
    return FORMS[found] if found else None


def _is_npz(source: ByteSource) -> bool:
    """A zip whose first member is an array under a name as MXNet gives to parameters."""
    head = source.read(0, 512)
    return head.startswith(ZIP) and head[30:34] in (b"arg:", b"aux:") and b".npy" in head


def read(files: Files, model: str, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """Raises ``Malformed`` where the bytes break their format, with the place."""
    with files.open(model) as source:
        found = form(source)
        if found is None:
            raise NotRecognized("is no MXNet model", where=source.name)
        if found == "npz":
            return ModelInfo(framework="MXNET", format="npz", producer="mxnet", notes=(NUMPY,))
        if found == "params":
            arrays = mxparams.read_params(source, limits)
            return ModelInfo(
                framework="MXNET",
                format="params",
                producer="mxnet",
                notes=tuple(_notes(_array_facts(arrays))),
                facts=_array_facts(arrays),
                **_counted(arrays),
            )
        loaded = symbol.load(source, limits)
    beside = names.parameters_of(model, files.names())
    chosen = beside[0] if beside else ""
    held, kind = _parameters(files, chosen, limits)
    facts = {"parameters": chosen, "parameters_form": kind, **_array_facts(held or ())}
    return _of_symbol(loaded, held, _stored_shapes(files, model), facts)


def _parameters(
    files: Files, name: str, limits: Limits
) -> tuple[tuple[ArraySpec, ...] | None, str]:
    """The arrays of the file and its form; None where there is none that can be read so."""
    if not name:
        return None, ""
    with files.open(name) as source:
        found = form(source)
        if found == "npz":
            return None, found
        return mxparams.read_params(source, limits), "params"


def _stored_shapes(files: Files, model: str) -> Mapping[str, Shape]:
    """What SageMaker's model-shapes.json beside the symbol says: [{"name", "shape"}, ...]."""
    folder = model.rpartition("/")[0]
    name = f"{folder}/{names.SHAPES}" if folder else names.SHAPES
    if name not in files.names():
        return {}
    with files.open(name) as source:
        try:
            stored = json.loads(source.read(0, MOST_SHAPES))
        except (ValueError, RecursionError):
            return {}
    return dict(_shapes(stored))


def _shapes(stored: Json) -> Iterator[tuple[str, Shape]]:
    for one in stored if isinstance(stored, list) else ():
        shape = one.get("shape") if isinstance(one, dict) else None
        if isinstance(shape, list) and all(type(dim) is int for dim in shape):
            yield str(one.get("name")), tuple(dim if dim > 0 else None for dim in shape)


def _of_symbol(
    of: Symbol,
    arrays: tuple[ArraySpec, ...] | None,
    stored: Mapping[str, Shape],
    facts: Mapping[str, Json],
) -> ModelInfo:
    takers = of.takers()
    fitted = fit(of, takers, arrays)
    held = {bare(array.name): array.shape for array in arrays or ()}
    labels = {place: is_label(of, takers, place) for place in fitted.inputs}
    specs = {place: _spec(of, place, takers, stored, held) for place in fitted.inputs}
    data = [spec.shape for place, spec in specs.items() if spec.shape and not labels[place]]
    batch = data[0][:1] if data else (None,)
    inputs = tuple(
        # a label of class numbers has one for each of the batch
        replace(spec, shape=batch)
        if labels[place] and not spec.shape and takes_classes(of, takers, place)
        else spec
        for place, spec in specs.items()
    )
    operators = [node for node in of.every_node() if not node.is_variable]
    told = {
        **facts,
        **_fit_facts(fitted),
        **_graph_facts(of),
        "labels": [of.nodes[place].name for place, is_one in labels.items() if is_one],
        "unranked_inputs": [spec.name for spec in inputs if not spec.shape],
        "custom_operators": _custom(operators),
        "subgraphs": sorted({node.op for node in operators if node.subgraphs}),
        "channel_last": [n.name for n in operators if graph.channel_last(n.attributes)],
    }
    return ModelInfo(
        framework="MXNET",
        format="symbol",
        producer="mxnet",
        versions={"mxnet": of.version} if of.version else {},
        signature=Signature(inputs=inputs),
        operators=dict(sorted(Counter(node.op for node in operators).items())),
        notes=tuple(_notes(told)),
        facts=told,
        **_counted(arrays),
    )


def _spec(
    of: Symbol,
    place: int,
    takers: Takers,
    stored: Mapping[str, Shape],
    held: Mapping[str, tuple[int, ...] | None],
) -> TensorSpec:
    node = of.nodes[place]
    flag = graph.numbers(node.attributes.get("__dtype__", "0"))
    known = bool(flag) and 0 <= flag[0] < len(mxparams.DTYPES)
    return TensorSpec(
        name=node.name,
        dtype=mxparams.DTYPES[flag[0]][0] if known else "float32",
        shape=stored.get(node.name)
        or graph.stated_shape(node)
        or graph.input_shape(of, place, takers, held.get),
    )


def _counted(arrays: Sequence[ArraySpec] | None) -> dict[str, Any]:
    """Fields of ModelInfo; where there are no parameters, they are not known."""
    if arrays is None:
        return {}
    return {
        "parameters": sum(array.elements for array in arrays),
        "parameter_bytes": sum(array.bytes for array in arrays),
        "dtypes": dict(sorted(Counter(array.dtype for array in arrays).items())),
    }


def _array_facts(arrays: Sequence[ArraySpec]) -> dict[str, Json]:
    return {
        "arrays": len(arrays),
        "array_versions": dict(sorted(Counter(str(a.version) for a in arrays).items())),
        "storages": dict(sorted(Counter(array.storage for array in arrays).items())),
        "unprefixed": unprefixed(arrays)[:MOST_NAMED],
    }


def _fit_facts(fitted: Fit) -> dict[str, Json]:
    return {
        "missing": list(fitted.missing),
        "extra": list(fitted.extra),
        "misfits": dict(fitted.misfits),
    }


def _graph_facts(of: Symbol) -> dict[str, Json]:
    return {
        "nodes": len(of.nodes),
        "cycle": graph.cycle(of),
        "dangling": list(graph.dangling(of)),
        "forward_references": graph.forward_references(of),
        "outputs": [of.nodes[head.node].name for head in of.heads if head.node < len(of.nodes)],
    }


def _notes(facts: Mapping[str, Json]) -> Iterator[str]:
    """What a person should know of it at once."""
    if facts.get("parameters") == "":
        yield "no parameters beside it"
    if facts.get("parameters_form") == "npz":
        yield NUMPY
    for fact, words in NOTES.items():
        found = facts.get(fact)
        if found:
            named = list(found)[:MOST_SAID]
            more = f" and {len(found) - len(named)} more" if len(found) > len(named) else ""
            yield f"{words}: {', '.join(named)}{more}"
    sparse = [f"{count} {kind}" for kind, count in facts["storages"].items() if kind != "dense"]
    if sparse:
        yield f"sparse arrays: {', '.join(sparse)}"


def _custom(nodes: Sequence[Node]) -> list[str]:
    return sorted(
        {node.attributes.get("op_type") or node.op for node in nodes if node.op in CUSTOM}
    )
