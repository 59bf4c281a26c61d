"""Layers that TVM's Keras importer refuses or computes otherwise, for their settings or for what
they are called with.

Sources: apache/tvm v0.6.1 to v0.10.0, relay/frontend/keras.py; NeoCompilerModelLoaders 1.0.1,
which calls it for the layout NCHW; TVM 0.9 (hhb-tvm 2.4.5), run on models of each layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from neopack.frameworks.keras import config as configs
from neopack.frameworks.keras.channels import refs
from neopack.frameworks.keras.graph import Layer, LayerGraph
from neopack.frameworks.keras.shapes import MERGES, RECURRENT, SAME, output_shape
from neopack.values.json import AnyJson
from neopack.values.signature import Shape

__all__ = ["nested_models", "not_taken"]

# those of Keras 2.2.4 that _convert_activation does not compare with
NO_ACTIVATIONS = ("exponential",)
# they want a layout of one or three spatial dims, and the loader's is that of two
OTHER_LAYOUT = (
    "Conv1D", "Conv3D", "Conv3DTranspose", "AveragePooling3D", "MaxPooling3D", "UpSampling3D",
    "GlobalAveragePooling3D", "GlobalMaxPooling3D", "ZeroPadding3D",
)  # fmt: skip
# the layers that take three dims, the batch among them, in Keras's order or with the channels
# first, as a Reshape from an image gives them
IN_ORDER, TURNED = "in order", "turned"
STEPS, IMAGE = 3, 4


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a call takes first, and gives: ``order`` is that of three dims."""

    inputs: tuple[Shape, ...]
    output: Shape | None
    order: str

    @property
    def rank(self) -> int:
        return len(self.inputs[0]) if self.inputs else 0


def not_taken(graph: LayerGraph) -> Iterator[str]:
    """``block/excite (Dense on 4 dims)`` of each layer that the importer raises about, or
    computes otherwise."""
    shapes: list[Shape | None] = []
    orders: list[str] = []
    told: dict[str, None] = {}
    for at, call in enumerate(graph.calls):
        layer = graph.layers[call.layer]
        before = [ref.call for ref in refs(call)]
        inputs = [shapes[one] for one in before]
        shape = output_shape(layer.class_name, layer.config, inputs)
        known = tuple(each for each in inputs if each is not None)
        order = orders[before[0]] if before else ""
        taken = _Taken(known if len(known) == len(inputs) else (), shape, order)
        shapes.append(shape)
        orders.append(_order(layer, taken))
        reason = _reason(layer, taken)
        if not reason and at in graph.outputs and orders[-1] == TURNED:
            reason = "an output of 3 dims, with the channels first"
        if reason:
            told[f"{layer.path} ({reason})"] = None
    yield from told


def nested_models(model: AnyJson) -> Iterator[str]:
    """Models inside a model, whose own calls the importer takes for calls of the outer one."""
    for entry in configs.layers_of(model["config"]):
        if entry["class_name"] in configs.MODELS:
            yield f"{configs.name_of(entry)} (a model inside the model)"


def _order(layer: Layer, taken: _Taken) -> str:
    """In which order the importer has what a layer gives, where that has three dims."""
    if taken.output is None or len(taken.output) != STEPS:
        return ""
    if layer.class_name == "Reshape":
        return TURNED if taken.rank >= IMAGE else taken.order or IN_ORDER
    return taken.order if layer.class_name in (*SAME, *MERGES, "Concatenate") else IN_ORDER


def _reason(layer: Layer, taken: _Taken) -> str:
    kind, config = layer.class_name, layer.config
    if kind in OTHER_LAYOUT:
        return f"{kind} in the layout NCHW"
    if config.get("activation") in NO_ACTIVATIONS:
        return f"activation {config['activation']}"
    try:
        return _of_setting(kind, config) or (_of_inputs(kind, config, taken) if taken.rank else "")
    except (ArithmeticError, IndexError, KeyError, TypeError, ValueError):
        return ""  # not what Keras wrote: other rules tell


# --- settings, whatever the input -----------------------------------------------------------


def _of_setting(kind: str, config: Mapping[str, AnyJson]) -> str:
    if kind == "UpSampling2D" and _differ(config.get("size")):
        return "UpSampling2D by two factors"
    if kind == "SeparableConv2D" and _is_more(config.get("dilation_rate")):
        return "SeparableConv2D with a dilation"
    if kind == "Conv2DTranspose" and _is_more(config.get("dilation_rate")):
        return "Conv2DTranspose with a dilation"
    if kind == "Conv2DTranspose" and config.get("output_padding") is not None:
        return "Conv2DTranspose with output_padding"
    if kind == "ReLU":
        threshold, slope = (config.get(word) or 0 for word in ("threshold", "negative_slope"))
        return "ReLU with a slope or a threshold" if threshold or slope else ""
    if kind == "LSTM" and config.get("go_backwards"):
        return "LSTM that goes backwards"
    return ""


def _differ(value: AnyJson) -> bool:
    return isinstance(value, list | tuple) and len(set(map(str, value))) > 1


def _is_more(value: AnyJson) -> bool:
    numbers = value if isinstance(value, list | tuple) else [value]
    return any(number not in (None, 1) for number in numbers)


# --- what a layer is called with ------------------------------------------------------------


def _of_inputs(kind: str, config: Mapping[str, AnyJson], taken: _Taken) -> str:
    shape, rank = taken.inputs[0], taken.rank
    if kind == "Dense" and rank > 2:
        return f"Dense on {rank} dims"
    if kind == "Flatten" and rank != IMAGE:
        return f"Flatten of {rank} dims"
    if kind == "Reshape" and -1 in config["target_shape"]:
        return "Reshape to -1"
    if kind in MERGES and len({len(each) for each in taken.inputs}) > 1:
        return f"{kind} of different numbers of dims"
    if kind == "Dot" and rank != STEPS:
        return f"Dot of {rank} dims"
    if kind == "Conv2DTranspose":
        return _of_transposed(config, shape)
    if kind in RECURRENT and kind != "LSTM" and shape[1] != 1:
        return f"{kind} over {shape[1] or 'several'} steps"
    softmax = kind == "Activation" and config.get("activation") == "softmax"
    return _of_axis(kind, config, taken) or _of_order("Softmax" if softmax else kind, taken)


def _of_transposed(config: Mapping[str, AnyJson], shape: Shape) -> str:
    """The importer pads for a convolution of this input, not for one that gives it."""
    kernel, strides = (_two(config.get(word, 1)) for word in ("kernel_size", "strides"))
    if any(size < step for size, step in zip(kernel, strides, strict=True)):
        return "Conv2DTranspose with a kernel smaller than its stride"
    uneven = any(dim and dim % step for dim, step in zip(shape[1:3], strides, strict=True))
    if config.get("padding") == "same" and uneven:
        return "Conv2DTranspose of a size that its stride does not divide"
    return ""


def _two(value: AnyJson) -> tuple[int, int]:
    first, second = value if isinstance(value, list | tuple) else (value, value)
    return int(first), int(second)


def _of_axis(kind: str, config: Mapping[str, AnyJson], taken: _Taken) -> str:
    rank, axis = taken.rank, config.get("axis", -1)
    if kind == "Permute":
        return _of_permute([int(dim) for dim in config["dims"]])
    if not isinstance(axis, int):
        return ""
    last = axis % rank == rank - 1
    if kind == "BatchNormalization" and not last:
        return f"BatchNormalization over the axis {axis}"
    if kind == "Softmax" and axis < -1:
        return f"Softmax over the axis {axis}"
    if kind == "Concatenate" and last == (taken.order == TURNED):
        return f"Concatenate along the axis {axis}"
    return ""


def _of_permute(dims: Sequence[int]) -> str:
    """With the channels first, dims that move round come to the same."""
    start = dims.index(1)
    turned = [*dims[start:], *dims[:start]] == sorted(dims)
    return "" if turned or len(dims) == STEPS - 1 else f"Permute {tuple(dims)}"


def _of_order(kind: str, taken: _Taken) -> str:
    """Layers that take three dims in one order alone."""
    if not taken.order:
        return ""
    given = taken.order
    wanted = IN_ORDER if kind in (*RECURRENT, "Permute", "Dot") else ""
    if kind in ("BatchNormalization", "PReLU", "Softmax"):
        wanted = TURNED
    if kind == "Reshape" and taken.output is not None:
        wanted = TURNED if len(taken.output) >= IMAGE else IN_ORDER
    if not wanted or wanted == given:
        return ""
    return f"{kind} of 3 dims, with the channels {'first' if given == TURNED else 'last'}"
