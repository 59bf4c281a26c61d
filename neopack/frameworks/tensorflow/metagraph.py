"""A MetaGraphDef in its bytes: tags, versions, signatures, assets, its graph and its objects.

Field numbers are those of tensorflow/core/protobuf/meta_graph.proto and
saved_object_graph.proto (v2.21.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from neopack.formats.protobuf import Field, Walker
from neopack.frameworks.tensorflow.dtypes import dtype_of
from neopack.frameworks.tensorflow.graph import (
    KEPT,
    GraphDefReader,
    GraphDefSummary,
    tensor_shape,
)
from neopack.frameworks.tensorflow.natural_order import natural
from neopack.values.signature import Shape

__all__ = ["MetaGraph", "SignatureDef", "TensorInfo", "chosen_signature", "read_meta_graph"]

DEFAULT = "serving_default"
# entries that TensorFlow keeps among the signatures for itself (saved_model/constants.py)
_OWN = ("__saved_model_init_op", "__saved_model_train_op")
_KERAS = "_tf_keras_"
# slot_variables of a SavedObject
SLOTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorInfo:
    """``tensor`` is the name in the graph, as ``dense/Softmax:0``; empty for a composite."""

    key: str
    tensor: str
    dtype: str
    shape: Shape | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureDef:
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]


@dataclass(slots=True)
class MetaGraph:
    """``objects``: it has the graph of objects that TensorFlow 2 loads by; ``keras``: Keras
    wrote its own classes into that."""

    tags: list[str] = field(default_factory=list)
    version: str = ""
    git_version: str = ""
    signatures: dict[str, SignatureDef] = field(default_factory=dict)
    assets: list[str] = field(default_factory=list)
    objects: bool = False
    keras: bool = False
    slots: bool = False
    graph: GraphDefSummary = field(default_factory=GraphDefSummary)


def chosen_signature(signatures: Mapping[str, SignatureDef], key: str | None = None) -> str:
    """``serving_default``, else the first, as Neo's open loader takes it (neo-loader@06788c0)."""
    if key is not None:
        return key
    return DEFAULT if DEFAULT in signatures else next(iter(signatures), "")


def read_meta_graph(walker: Walker, span: Field | None, *, tags_only: bool = False) -> MetaGraph:
    """The MetaGraphDef in ``span``, or the one that fills the source."""
    meta = MetaGraph()
    graph = GraphDefReader(walker)
    for part in walker.message(span) if span else walker.top():
        if part.number == 1:
            _meta_info(walker, part, meta)
        elif tags_only:
            continue
        elif part.number == 2:
            graph.graph(part)
        elif part.number == 5:
            _signature_entry(walker, part, meta)
        elif part.number == 6:
            meta.assets += [walker.text(p) for p in walker.message(part) if p.number == 2]
        elif part.number == 7:
            meta.objects = True
            meta.keras = _has_keras(walker, part) or meta.keras
            meta.slots = _has_slots(walker, part) or meta.slots
    meta.graph = graph.summary
    return meta


def _meta_info(walker: Walker, span: Field, meta: MetaGraph) -> None:
    for part in walker.message(span):
        if part.number == 4:
            meta.tags.append(walker.text(part))
        elif part.number == 5:
            meta.version = walker.text(part)
        elif part.number == 6:
            meta.git_version = walker.text(part)


def _signature_entry(walker: Walker, span: Field, meta: MetaGraph) -> None:
    key = ""
    inputs: dict[str, TensorInfo] = {}
    outputs: dict[str, TensorInfo] = {}
    for part in walker.message(span):
        if part.number == 1:
            key = walker.text(part)
        elif part.number == 2:
            inputs, outputs = _signature(walker, part)
    walker.limits.hold("records", len(meta.signatures), where=walker.cursor.name)
    walker.spend(KEPT)
    if key not in _OWN:
        meta.signatures[key] = SignatureDef(
            inputs=tuple(inputs[name] for name in natural(inputs)),
            outputs=tuple(outputs[name] for name in natural(outputs)),
        )


def _signature(walker: Walker, span: Field) -> tuple[dict[str, TensorInfo], dict[str, TensorInfo]]:
    sides: dict[int, dict[str, TensorInfo]] = {1: {}, 2: {}}
    for part in walker.message(span):
        if part.number in sides:
            info = _tensor_entry(walker, part)
            sides[part.number][info.key] = info
    return sides[1], sides[2]


def _tensor_entry(walker: Walker, span: Field) -> TensorInfo:
    walker.spend(KEPT)
    key, tensor, code = "", "", 0
    shape: Shape | None = None
    for part in walker.message(span):
        if part.number == 1:
            key = walker.text(part)
        elif part.number == 2:
            for inner in walker.message(part):
                if inner.number == 1:
                    tensor = walker.text(inner)
                elif inner.number == 2:
                    code = walker.integer(inner)
                elif inner.number == 3:
                    shape = tensor_shape(walker, inner)
    return TensorInfo(key=key, tensor=tensor, dtype=dtype_of(code)[0], shape=shape)


def _has_slots(walker: Walker, objects: Field) -> bool:
    """Whether a node of the SavedObjectGraph, an optimizer, has variables of its own for each
    weight."""
    nodes = (node for node in walker.message(objects) if node.number == 1)
    return any(part.number == SLOTS for node in nodes for part in walker.message(node))


def _has_keras(walker: Walker, objects: Field) -> bool:
    """Whether a node of the SavedObjectGraph is a class of Keras (``_tf_keras_layer``)."""
    for node in walker.message(objects):
        if node.number != 1:
            continue
        for part in walker.message(node):
            if part.number == 4 and _identifier(walker, part).startswith(_KERAS):
                return True
    return False


def _identifier(walker: Walker, user_object: Field) -> str:
    for part in walker.message(user_object):
        if part.number == 1:
            return walker.text(part)
    return ""
