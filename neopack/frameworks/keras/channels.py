"""How many channels the layers of a channels-last model take, as far as the configuration says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from neopack.frameworks.keras import config as configs
from neopack.frameworks.keras.graph import Layer, LayerCall, LayerGraph, Ref
from neopack.values.json import AnyJson

__all__ = ["channels_by_layer", "refs"]

# they keep the last dim, whatever they compute
KEEP = (
    "Activation", "BatchNormalization", "Dropout", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax",
    "Pooling", "Padding", "Cropping", "UpSampling", "Noise", "Add", "Multiply", "Average",
    "Maximum", "Minimum", "Subtract",
)  # fmt: skip
GIVE = {"Dense": "units", "Embedding": "output_dim", "LSTM": "units", "GRU": "units"}


def channels_by_layer(graph: LayerGraph) -> Mapping[str, int | None]:
    """The last dim of what each layer is called with first, by its path; None for unknown."""
    gives: list[int | None] = []
    takes: dict[str, int | None] = {}
    for call in graph.calls:
        layer = graph.layers[call.layer]
        inputs = [gives[ref.call] for ref in refs(call)]
        takes.setdefault(layer.path, inputs[0] if inputs else None)
        gives.append(_given(layer, inputs))
    return takes


def _given(layer: Layer, inputs: Sequence[int | None]) -> int | None:
    kind, config = layer.class_name, layer.config
    if config.get("data_format") == "channels_first":
        return None
    if kind == "InputLayer":
        shape = configs.input_shape(config)
        return shape[-1] if shape else None
    if kind == "DepthwiseConv2D":
        multiplier = config.get("depth_multiplier", 1)
        known = inputs and inputs[0] is not None and type(multiplier) is int
        return inputs[0] * multiplier if known and inputs[0] is not None else None
    if kind == "Concatenate" and config.get("axis") == -1 and None not in inputs:
        return sum(each for each in inputs if each is not None)
    word = "filters" if "Conv" in kind else GIVE.get(kind)
    if word:
        value: AnyJson = config.get(word)
        return value if type(value) is int else None
    return inputs[0] if inputs and any(part in kind for part in KEEP) else None


def refs(call: LayerCall) -> Iterator[Ref]:
    for argument in call.args:
        for ref in argument if isinstance(argument, list | tuple) else (argument,):
            if isinstance(ref, Ref):
                yield ref
