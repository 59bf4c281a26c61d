"""A model of any Keras as one that Keras 2.2.4 on TensorFlow 1.15 loads and computes alike.

Models inside the model are laid open, what does nothing outside of training is left out, what
2.2.4 has no layers for is put together from those it has, each rewrite named; what cannot be is
refused by name and place, with what to use instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from neopack.errors import Malformed, SourceError
from neopack.frameworks.keras import config as configs
from neopack.frameworks.keras.graph import Layer, LayerCall, LayerGraph, Ref
from neopack.frameworks.keras.lowering.layers import LAYERS, Rewrite
from neopack.frameworks.keras.lowering.old_model import Building, NotInKeras224, OldModel
from neopack.frameworks.keras.lowering.operations import OPERATIONS
from neopack.frameworks.keras.masks import leave_to_layers
from neopack.values.artifact import Array
from neopack.values.json import AnyJson
from neopack.values.signature import Shape

__all__ = ["lower"]

TOLD = 3
_PREPROCESSING = (
    "CategoryEncoding", "CenterCrop", "Discretization", "HashedCrossing", "Hashing",
    "IntegerLookup", "MelSpectrogram", "Resizing", "STFTSpectrogram", "StringLookup",
    "TextVectorization",
)  # fmt: skip
_BEFORE = "what it gives, as the input: compute it before the model"
_INSTEAD = {
    **dict.fromkeys(_PREPROCESSING, _BEFORE),
    "Lambda": "the layers that it stands for: its code is never run here",
    "LayerNormalization": "BatchNormalization: 2.2.4 has no square root",
    "GroupNormalization": "BatchNormalization: 2.2.4 has no square root",
    "MultiHeadAttention": "convolutions: Neo's guide lists Keras for image classification",
    "Attention": "convolutions: Neo's guide lists Keras for image classification",
}


def lower(
    graph: LayerGraph,
    weights: Mapping[str, Sequence[Array]],
    *,
    name: str = "model",
    shapes: Mapping[str, Shape] | None = None,
) -> OldModel:
    """``weights`` are those of each layer, by its path; ``shapes`` fix what the inputs of these
    names leave open, the batch first. Raises ``SourceError`` that names each layer in the way."""
    leave_to_layers(graph)
    building = Building(graph, weights)
    needed = _needed(graph)
    problems: list[tuple[Layer, NotInKeras224]] = []
    for at in graph.inputs:
        building.made[at] = _input(building, graph.layers[graph.calls[at].layer], shapes or {})
    for at, call in enumerate(graph.calls):
        if at in building.made or at not in needed:
            continue
        layer = graph.layers[call.layer]
        try:
            building.made[at] = _rewrite(layer, graph.major)(building, layer, call)
        except NotInKeras224 as problem:
            problems.append((layer, problem))
            building.made[at] = building.made[_taken(call)[0]] if _taken(call) else 0
    if problems:
        raise _refusal(problems, graph.where)
    return OldModel(
        name=name,
        layers=building.layers,
        calls=tuple(building.calls),
        inputs=tuple(building.made[at] for at in graph.inputs),
        outputs=tuple(building.made[at] for at in graph.outputs),
        rewrites=tuple(_told(what, names) for what, names in building.notes.items()),
    )


def _rewrite(layer: Layer, major: int) -> Rewrite:
    of_ops = _is_operation(layer, major)
    rewrite = (OPERATIONS if of_ops else LAYERS).get(layer.class_name)
    if rewrite is not None:
        return rewrite
    raise NotInKeras224(
        f"the operation {layer.class_name}" if of_ops else layer.class_name,
        _INSTEAD.get(layer.class_name, "layers that Keras 2.2.4 has"),
    )


def _is_operation(layer: Layer, major: int) -> bool:
    """Of keras.ops: by its module, or, in an .h5 of Keras 3, which states none, by the config,
    which every layer's has more of than the name."""
    if layer.module:
        return layer.module.startswith(("keras.src.ops", "keras.ops"))
    return major >= 3 and "trainable" not in layer.config and "dtype" not in layer.config


def _taken(call: LayerCall) -> list[int]:
    """The calls whose tensors a call takes."""

    def refs(value: AnyJson) -> Iterable[int]:
        if isinstance(value, Ref):
            yield value.call
        elif isinstance(value, list | tuple):
            for item in value:
                yield from refs(item)

    return list(refs([*call.args, *call.kwargs.values()]))


def _needed(graph: LayerGraph) -> set[int]:
    """The calls that the outputs depend on; Keras 2.2.4 would miscount the weights of others."""
    needed: set[int] = set()
    pending = list(graph.outputs)
    while pending:
        at = pending.pop()
        if at not in needed:
            needed.add(at)
            pending += _taken(graph.calls[at])
    return needed


def _input(building: Building, layer: Layer, shapes: Mapping[str, Shape]) -> int:
    stated = configs.input_shape(layer.config)
    if stated is None:
        raise Malformed(f"the input {layer.name!r} states no shape", where=building.graph.where)
    shape, name = list(stated), building.name(layer)
    requested = shapes.get(layer.name)
    if requested is not None and None in shape[1:]:
        shape[1:] = requested[1:]
        building.note(f"the input's shape was fixed to {shape[1:]}", name)
    dtype = layer.config.get("dtype") or "float32"
    config = {
        "batch_input_shape": shape,
        "dtype": dtype if isinstance(dtype, str) else "float32",
        "sparse": False,
    }
    return building.add(name, "InputLayer", config, [])


def _told(what: str, names: Sequence[str]) -> str:
    shown = ", ".join(names[:TOLD])
    more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
    return f"{what} ({shown}{more})"


def _refusal(problems: Sequence[tuple[Layer, NotInKeras224]], where: str) -> SourceError:
    kinds: dict[str, list[str]] = {}
    for layer, problem in problems:
        kinds.setdefault(problem.what, []).append(layer.path)
    listed = "; ".join(_told(what, paths) for what, paths in list(kinds.items())[:TOLD])
    others = f"; {len(kinds) - TOLD} more kinds" if len(kinds) > TOLD else ""
    instead = {problem.instead: None for _, problem in problems if problem.instead}
    return SourceError(
        f"Keras 2.2.4, the newest that Neo reads, has nothing for: {listed}{others}",
        where=where,
        hint=f"use instead: {'; '.join(list(instead)[:TOLD])}" if instead else "",
    )
