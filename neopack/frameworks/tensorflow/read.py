"""ModelInfo of a SavedModel or a frozen graph from its bytes, without TensorFlow.

``format`` is ``savedmodel`` or ``frozen graph``. ``versions``: ``tensorflow`` (that wrote it; a
GraphDef does not say), ``producer`` and ``min_consumer`` (the graph's own numbers). ``operators``
counts the nodes of the graph and of the functions that it reaches. ``parameters``,
``parameter_bytes`` and ``dtypes`` are of the variables in a SavedModel's ``variables/``, else of
floating-point constants.
``signature`` names a SavedModel's inputs by the keys of its signature ``serving_default``, else of
the first; a frozen graph's by its placeholders. A dim of None is free; without a rank it is ().

``facts`` are a ``SavedModelFacts`` or a ``FrozenGraphFacts``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import TypedDict

from neopack import facts
from neopack.errors import LimitExceeded, NotRecognized, SourceError
from neopack.formats.files import Files
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.protobuf import Walker
from neopack.formats.prototext import first_name, transcode
from neopack.formats.source import ByteSource, BytesSource, Cursor
from neopack.frameworks.tensorflow import forms
from neopack.frameworks.tensorflow.bodies import GraphBody
from neopack.frameworks.tensorflow.bundle import Bundle, read_bundle
from neopack.frameworks.tensorflow.facts import (
    FrozenGraphFacts,
    SavedModelFacts,
    SignatureTensors,
)
from neopack.frameworks.tensorflow.graph import GraphDefReader, GraphDefSummary, GraphNode
from neopack.frameworks.tensorflow.metagraph import (
    MetaGraph,
    SignatureDef,
    TensorInfo,
    chosen_signature,
    read_meta_graph,
)
from neopack.frameworks.tensorflow.schema import SCHEMA
from neopack.values.model import ModelInfo
from neopack.values.signature import Signature, TensorSpec

__all__ = ["FRAMEWORK", "FROZEN", "INDEX", "SAVED_MODEL", "read", "recognize"]

FRAMEWORK = "TENSORFLOW"
SAVED_MODEL, FROZEN = "savedmodel", "frozen graph"
VARIABLES, DATA = "variables", "variables.data-"
INDEX = "variables/variables.index"
_VARIABLES = ("Variable", "VariableV2", "VarHandleOp", "TemporaryVariable")
# what freezing replaces: variables by constants, branches and loops by Switch and Merge
_FROZEN = frozenset({
    *_VARIABLES, "ReadVariableOp", "ResourceGather", "ResourceGatherNd",
    "If", "StatelessIf", "While", "StatelessWhile",
})  # fmt: skip
_NO_MODELS = {
    forms.META: "is the graph of a checkpoint, without its weights",
    forms.CHECKPOINT: "is the list of a TensorFlow checkpoint",
    forms.INDEX: "is the index of a TensorFlow checkpoint, without a graph",
}
FREEZE = (
    "restore it into the model and tf.saved_model.save(model, DIR); "
    "in TensorFlow 1 restore it in a tf.compat.v1.Session and "
    "tf.compat.v1.saved_model.simple_save(session, DIR, inputs, outputs)"
)


def recognize(source: ByteSource) -> str | None:
    """One of ``forms``' words, by the fields in the bytes; None where they are not ours."""
    form = forms.form_of(source)
    return f"{form}, as text" if form and first_name(source) in forms.TEXT_FORMS else form


def read(files: Files, model: str, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """What the bytes of ``model`` and of the index beside it tell. Raises ``Malformed`` with the
    offset, ``SourceError`` for a checkpoint, with the way to freeze it."""
    with files.open(model) as source:
        form = forms.form_of(source)
        if form in _NO_MODELS:
            raise SourceError(f"{_NO_MODELS[form]}", where=source.name, hint=FREEZE)
        if form is None:
            raise NotRecognized("is not a TensorFlow model", where=source.name)
        is_text, walker = _walker(source, limits)
        try:
            if form == forms.GRAPH:
                return _graph_info(walker, is_text=is_text)
            metas = _meta_graphs(walker)
        except RecursionError:
            raise LimitExceeded("messages nested too deeply", where=source.name) from None
    return _saved_model_info(metas, files, model, limits, is_text=is_text)


def _walker(source: ByteSource, limits: Limits) -> tuple[bool, Walker]:
    name = first_name(source)
    if name not in forms.TEXT_FORMS:
        return False, Walker(Cursor(source), limits)
    binary = transcode(source, SCHEMA, forms.TEXT_FORMS[name][1], limits)
    return True, Walker(Cursor(BytesSource(source.name, binary)), limits)


# --- a frozen graph -------------------------------------------------------------------------


def _graph_info(walker: Walker, *, is_text: bool) -> ModelInfo:
    reader = GraphDefReader(walker)
    reader.graph(None)
    summary, whole = reader.summary, reader.summary.whole()
    placeholders, outputs = summary.placeholders(), summary.outputs()
    return ModelInfo(
        framework=FRAMEWORK,
        format=FROZEN,
        versions=_versions(summary),
        signature=Signature(inputs=_node_specs(placeholders), outputs=_node_specs(outputs)),
        operators=dict(sorted(whole.operators.items())),
        parameters=whole.elements,
        parameter_bytes=whole.bytes,
        dtypes=dict(sorted(whole.dtypes.items())),
        facts=FrozenGraphFacts(
            text=is_text,
            **_graph_facts(
                summary, whole, (node.name for node in outputs), summary.places(summary.kept)
            ),
            outputs=tuple((node.name, node.op) for node in outputs),
            loose_variables={op: whole.operators[op] for op in _VARIABLES if whole.operators[op]},
            dynamic_inputs=tuple(
                n.name for n in placeholders if n.shape is None or None in n.shape
            ),
        ),
    )


def _node_specs(nodes: list[GraphNode]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(name=n.name, dtype=n.dtype, shape=n.shape or ()) for n in nodes)


class _GraphFacts(TypedDict):
    """The fields of ``TensorFlowFacts`` that both forms take from the graph."""

    producer: int
    min_consumer: int
    nodes: int
    functions: tuple[str, ...]
    placeholders: tuple[str, ...]
    training: Mapping[str, int]
    random: tuple[str, ...]
    newer: tuple[str, ...]
    imported: Mapping[str, str]
    order: tuple[str, ...]
    grouped: tuple[str, ...]
    dilated_depthwise: tuple[str, ...]
    half_pixels: tuple[str, ...]


def _graph_facts(
    summary: GraphDefSummary,
    whole: GraphBody,
    outputs: Iterable[str],
    imported: Mapping[str, str],
) -> _GraphFacts:
    ends = tuple(outputs)
    return _GraphFacts(
        producer=summary.producer,
        min_consumer=summary.min_consumer,
        nodes=whole.nodes,
        functions=tuple(sorted(summary.library)),
        placeholders=tuple(node.name for node in summary.placeholders()),
        training=dict(sorted(whole.training.items())),
        random=_random(summary, ends),
        newer=_newer(whole, summary.library.keys()),
        imported=imported,
        order=summary.order(summary.needed(ends)),
        grouped=tuple(whole.convolutions.grouped),
        dilated_depthwise=tuple(whole.convolutions.dilated),
        half_pixels=tuple(sorted(whole.half_pixels)),
    )


def _exported(meta: MetaGraph) -> dict[str, str]:
    """The operators behind the outputs of all signatures, as far as freezing leaves them."""
    ends = (end for signature in meta.signatures.values() for end in _output_nodes(signature))
    places = meta.graph.places(meta.graph.needed(ends))
    return {op: place for op, place in places.items() if op not in _FROZEN}


def _random(summary: GraphDefSummary, outputs: Iterable[str]) -> tuple[str, ...]:
    """None where a default turns training off, as Keras has it in graphs of TensorFlow 1."""
    switch = any(n.op == "PlaceholderWithDefault" and n.dtype == "bool" for n in summary.kept)
    drawn = facts.random_operators(FRAMEWORK) & summary.behind(outputs).keys()
    return () if switch else tuple(sorted(drawn))


def _newer(whole: GraphBody, own: AbstractSet[str]) -> tuple[str, ...]:
    table = facts.tensorflow_operators()
    operators = {op for op in whole.operators if op not in table and op not in own}
    attributes = {f"{op}.{key}" for op, key in whole.attributes if key not in table.get(op, key)}
    return tuple(sorted(operators | attributes))


def _versions(summary: GraphDefSummary) -> dict[str, str]:
    numbers = {"producer": summary.producer, "min_consumer": summary.min_consumer}
    return {name: str(number) for name, number in numbers.items() if number}


# --- a SavedModel ---------------------------------------------------------------------------


def _meta_graphs(walker: Walker) -> list[MetaGraph]:
    """The first in full, of the others the tags."""
    metas: list[MetaGraph] = []
    for part in walker.top():
        if part.number == 2:
            metas.append(read_meta_graph(walker, part, tags_only=bool(metas)))
            walker.limits.hold("members", len(metas), where=walker.cursor.name)
    if not metas:
        raise NotRecognized("is a SavedModel without a graph", where=walker.cursor.name)
    return metas


def _saved_model_info(
    metas: list[MetaGraph], files: Files, model: str, limits: Limits, *, is_text: bool
) -> ModelInfo:
    meta, whole = metas[0], metas[0].graph.whole()
    bundle, missing, cut = _bundle(files, model, limits)
    # constants beside variables are what those were initialized with
    weights = bundle if bundle and bundle.names else whole
    key = chosen_signature(meta.signatures)
    signature = meta.signatures.get(key)
    return ModelInfo(
        framework=FRAMEWORK,
        format=SAVED_MODEL,
        producer=f"TensorFlow {meta.version}" if meta.version else "",
        versions=({"tensorflow": meta.version} if meta.version else {}) | _versions(meta.graph),
        signature=_signature(signature) if signature else None,
        operators=dict(sorted(whole.operators.items())),
        parameters=weights.elements,
        parameter_bytes=weights.bytes,
        dtypes=dict(sorted(weights.dtypes.items())),
        facts=SavedModelFacts(
            text=is_text,
            **_graph_facts(meta.graph, whole, _output_nodes(signature), _exported(meta)),
            tags=tuple(tuple(other.tags) for other in metas),
            signature_key=key,
            signatures={name: _tensors(s) for name, s in meta.signatures.items()},
            objects=meta.objects,
            keras=meta.keras,
            trained_objects=meta.slots,
            assets=tuple(meta.assets),
            variables=len(bundle.names) if bundle else None,
            optimizer_slots=bundle.slots if bundle else 0,
            shards_missing=tuple(missing),
            shards_cut=tuple(cut),
            dynamic_inputs=_dynamic(signature),
            unranked=_unranked(signature),
        ),
    )


def _output_nodes(signature: SignatureDef | None) -> list[str]:
    return [info.tensor.partition(":")[0] for info in signature.outputs] if signature else []


def _bundle(
    files: Files, model: str, limits: Limits
) -> tuple[Bundle | None, list[str], list[str]]:
    """The variables' index beside ``model``, the files it names that are not there, and those that
    end before the values that it describes. Data without an index lacks the index."""
    folder = posixpath.dirname(model)
    names = set(files.names())
    index = posixpath.join(folder, INDEX)
    if index not in names:
        data = posixpath.join(folder, VARIABLES, DATA)
        return None, [index] if any(name.startswith(data) for name in names) else [], []
    with files.open(index) as source:
        bundle = read_bundle(source, limits)
    shards = [posixpath.join(folder, VARIABLES, name) for name in bundle.shard_names()]
    cut = [
        name
        for place, name in enumerate(shards)
        if name in names and _size(files, name) < bundle.ends[place]
    ]
    return bundle, [name for name in shards if name not in names and bundle.names], cut


def _size(files: Files, name: str) -> int:
    with files.open(name) as source:
        return source.size


def _signature(definition: SignatureDef) -> Signature:
    return Signature(inputs=_specs(definition.inputs), outputs=_specs(definition.outputs))


def _specs(tensors: tuple[TensorInfo, ...]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(name=t.key, dtype=t.dtype, shape=t.shape or ()) for t in tensors)


def _tensors(signature: SignatureDef) -> SignatureTensors:
    return SignatureTensors(
        inputs={info.key: info.tensor for info in signature.inputs},
        outputs={info.key: info.tensor for info in signature.outputs},
    )


def _dynamic(signature: SignatureDef | None) -> tuple[str, ...]:
    inputs = signature.inputs if signature else ()
    return tuple(info.key for info in inputs if info.shape is None or None in info.shape)


def _unranked(signature: SignatureDef | None) -> tuple[str, ...]:
    tensors = (*signature.inputs, *signature.outputs) if signature else ()
    return tuple(info.key for info in tensors if info.shape is None)
