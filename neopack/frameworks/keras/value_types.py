"""Layers with weights that are called with other types: Keras 2.2.4 makes all weights float32
(keras/engine/base_layer.py, add_weight: K.floatx()), and TensorFlow 1 casts nothing between them.
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack.frameworks.keras.channels import refs
from neopack.frameworks.keras.graph import Layer, LayerGraph
from neopack.frameworks.keras.keras224 import KEPT, weight_names
from neopack.values.json import AnyJson

__all__ = ["mixed_types"]

FLOAT = "float32"
# it casts what it is called with to int32
CASTS = "Embedding"


def mixed_types(graph: LayerGraph) -> tuple[str, ...]:
    """``conv (Conv2D of float16)`` of each layer that Keras 2.2.4 cannot call."""
    return tuple(dict.fromkeys(_mixed(graph)))


def _mixed(graph: LayerGraph) -> Iterator[str]:
    gives: list[str] = []  # "" where a layer that Keras 2.2.4 lacks decides
    for call in graph.calls:
        layer = graph.layers[call.layer]
        taken = [gives[ref.call] for ref in refs(call)]
        own = _own_type(layer)
        if layer.class_name != CASTS and own:
            for other in {*taken} - {FLOAT, ""}:
                yield f"{layer.path} ({layer.class_name} of {other})"
        if layer.class_name == "InputLayer":
            gives.append(_stated(layer.config.get("dtype")))
        else:
            gives.append(own or _passed_on(layer, taken))


def _own_type(layer: Layer) -> str:
    """The type of its weights and of what it gives; "" for a layer without weights."""
    known = layer.class_name in KEPT
    return FLOAT if known and weight_names(layer.class_name, layer.config) else ""


def _stated(dtype: AnyJson) -> str:
    return dtype if isinstance(dtype, str) and dtype else FLOAT


def _passed_on(layer: Layer, taken: list[str]) -> str:
    return taken[0] if taken and layer.class_name in KEPT else ""
