"""Settings of layers that TVM's Keras importer does not take, whatever the layer.

Sources: apache/tvm v0.6.1 to v0.10.0, relay/frontend/keras.py; NeoCompilerModelLoaders 1.0.1,
which calls it for the layout NCHW.
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack.frameworks.keras import config as configs
from neopack.frameworks.keras.channels import refs
from neopack.frameworks.keras.graph import Layer, LayerGraph
from neopack.values.json import AnyJson

__all__ = ["nested_models", "not_taken"]

# those of Keras 2.2.4 that _convert_activation does not compare with
NO_ACTIVATIONS = ("exponential",)
# they raise for the layout NCHW, which the loader never changes
OTHER_LAYOUT = ("Conv1D", "Conv3D", "Conv3DTranspose")
RANKS = {
    "Flatten": 2,
    "GlobalAveragePooling1D": 2,
    "GlobalAveragePooling2D": 2,
    "GlobalAveragePooling3D": 2,
    "GlobalMaxPooling1D": 2,
    "GlobalMaxPooling2D": 2,
    "GlobalMaxPooling3D": 2,
    "RepeatVector": 3,
}
RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN")


def not_taken(graph: LayerGraph) -> Iterator[str]:
    """``block/excite (Dense on 4 dims)`` of each layer that the importer raises about."""
    ranks: list[int] = []
    told: dict[str, None] = {}
    for call in graph.calls:
        layer = graph.layers[call.layer]
        inputs = [ranks[ref.call] for ref in refs(call)]
        rank = inputs[0] if inputs else _input_rank(layer)
        reason = _reason(layer, rank)
        if reason:
            told[f"{layer.path} ({reason})"] = None
        ranks.append(_output_rank(layer, rank))
    yield from told


def nested_models(model: AnyJson) -> Iterator[str]:
    """Models inside a model, whose own calls the importer takes for calls of the outer one."""
    for entry in configs.layers_of(model["config"]):
        if entry["class_name"] in configs.MODELS:
            yield f"{configs.name_of(entry)} (a model inside the model)"


def _reason(layer: Layer, rank: int) -> str:
    """Why the importer raises about a layer of an input of ``rank`` dims, 0 for unknown."""
    kind, config = layer.class_name, layer.config
    if kind in OTHER_LAYOUT:
        return f"{kind} in the layout NCHW"
    if kind == "UpSampling2D" and _unequal(config.get("size")):
        return "UpSampling2D by two factors"
    if kind == "Dense" and rank > 2:
        return f"Dense on {rank} dims"
    if config.get("activation") in NO_ACTIVATIONS:
        return f"activation {config['activation']}"
    return ""


def _unequal(size: object) -> bool:
    return isinstance(size, list | tuple) and len(set(map(str, size))) > 1


def _input_rank(layer: Layer) -> int:
    shape = layer.config.get("batch_input_shape") or layer.config.get("batch_shape")
    return len(shape) if isinstance(shape, list | tuple) else 0


def _output_rank(layer: Layer, rank: int) -> int:
    """The dims of what a layer gives; most layers keep those of their input."""
    target = layer.config.get("target_shape")
    if layer.class_name == "Reshape" and isinstance(target, list | tuple):
        return len(target) + 1
    if layer.class_name in RECURRENT:
        return 3 if layer.config.get("return_sequences") else 2
    return RANKS.get(layer.class_name, rank)
