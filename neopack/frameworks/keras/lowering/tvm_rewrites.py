"""Layers that TVM's importer takes otherwise or not at all, as layers that it takes: dense layers,
shapes and merges. What each becomes has the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from neopack.frameworks.keras.lowering.old_model import OldLayer
from neopack.frameworks.keras.lowering.tvm_values import STEPS, Dims, OfTvm, Value
from neopack.values.artifact import Array
from neopack.values.json import AnyJson

__all__ = ["PLAIN_CONV", "REWRITES", "Rewrite", "keep", "on_image"]

Rewrite: TypeAlias = Callable[[OfTvm, OldLayer, Sequence[Value], Dims], Value]
# how many dims a row and an image have beside the batch
ROW, IMAGE = 1, 3
PLAIN_CONV: Mapping[str, AnyJson] = {
    "kernel_size": [1, 1],
    "strides": [1, 1],
    "padding": "valid",
    "data_format": "channels_last",
    "dilation_rate": [1, 1],
}


def keep(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    """The layer as it is, on values with Keras's own dims."""
    inputs = [b.natural(value) for value in values]
    return Value(_called(b, layer, inputs), dims, dims, layer.name)


def _called(b: OfTvm, layer: OldLayer, inputs: Sequence[int]) -> int:
    return b.add(layer.name, layer.class_name, layer.config, inputs, layer.weights)


def on_image(
    b: OfTvm,
    layer: OldLayer,
    value: Value,
    dims: Dims,
    kind: str,
    config: Mapping[str, AnyJson],
    weights: Sequence[tuple[str, Array]] = (),
) -> Value:
    """A layer of images in the place of ``layer``."""
    call = b.add(layer.name, kind, config, [b.image(value)], weights)
    held = (1, *dims) if len(dims) == STEPS else dims
    return Value(call, dims, held, layer.name)


def _elementwise(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    """On whatever form the value has."""
    (value,) = values
    return Value(_called(b, layer, [value.call]), dims, value.held, layer.name)


def _dense(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    if len(dims) not in (STEPS, IMAGE):
        return keep(b, layer, values, dims)
    b.note("Dense on maps became a convolution of 1x1", layer.name)
    words = {key: layer.config[key] for key in ("use_bias", "activation") if key in layer.config}
    config = {"filters": layer.config["units"], **PLAIN_CONV, **words}
    (name, kernel), *rest = layer.weights
    weights = [(name, kernel.reshape(1, 1, *kernel.shape)), *rest]
    return on_image(b, layer, values[0], dims, "Conv2D", config, weights)


# --- activations ----------------------------------------------------------------------------


def _activation(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    if layer.config.get("activation") == "softmax" and values[0].held != dims:
        return on_image(b, layer, values[0], dims, layer.class_name, layer.config)
    return _elementwise(b, layer, values, dims)


def _softmax(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    """The importer counts an axis from the start, unless it is the last one."""
    stated = layer.config.get("axis", -1)
    place = stated % (len(dims) + 1)
    if len(dims) == STEPS:
        axis = -1 if place == STEPS else place + 1
        return on_image(b, layer, values[0], dims, "Softmax", {"axis": axis})
    if stated < -1:
        b.note("axes are counted from the start", layer.name)
        call = b.add(layer.name, "Softmax", {"axis": place}, [b.natural(values[0])])
        return Value(call, dims, dims, layer.name)
    return keep(b, layer, values, dims)


def _relu(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    """The importer knows no slope, nor a threshold, which is left."""
    (value,) = values
    slope = layer.config.get("negative_slope")
    if not slope or layer.config.get("max_value") or layer.config.get("threshold"):
        return _elementwise(b, layer, values, dims)
    b.note("ReLU with a slope became LeakyReLU", layer.name)
    call = b.add(layer.name, "LeakyReLU", {"alpha": slope}, [value.call])
    return Value(call, dims, value.held, layer.name)


def _prelu(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    if len(dims) != STEPS:
        return keep(b, layer, values, dims)
    shared = [1, *(int(axis) + 1 for axis in layer.config.get("shared_axes") or ())]
    weights = [(name, alpha.reshape(1, *alpha.shape)) for name, alpha in layer.weights]
    return on_image(b, layer, values[0], dims, "PReLU", {"shared_axes": shared}, weights)


def _norm(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    if len(dims) != STEPS or layer.config.get("axis", -1) not in (-1, STEPS):
        return keep(b, layer, values, dims)
    config = {**layer.config, "axis": -1}
    return on_image(b, layer, values[0], dims, layer.class_name, config, layer.weights)


# --- shapes ---------------------------------------------------------------------------------


def _reshape(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    (value,) = values
    if len(dims) == STEPS:  # in the form that the next layer takes
        return Value(value.call, dims, value.held, layer.name)
    flattens = layer.class_name == "Flatten"
    if flattens and value.held == dims:
        b.note("Flatten of a row was left out", layer.name)
        return Value(value.call, dims, dims, layer.name)
    if flattens and len(value.held) == IMAGE:
        return Value(_called(b, layer, [value.call]), dims, dims, layer.name)
    if flattens or -1 in layer.config["target_shape"]:
        b.note("shapes are written in numbers", layer.name)
    call = b.row(value) if len(value.held) == STEPS and len(dims) != ROW else value.call
    config = {"target_shape": list(dims)}
    return Value(b.add(layer.name, "Reshape", config, [call]), dims, dims, layer.name)


def _permute(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    """The importer turns the dims as they stand with the channels first, which comes to the same
    where they move round."""
    (value,) = values
    order = [int(dim) - 1 for dim in layer.config["dims"] if value.dims[int(dim) - 1] != 1]
    turned = next((at for at, dim in enumerate(order) if dim == min(order)), 0)
    is_round = order[turned:] + order[:turned] == sorted(order)
    if not is_round or len(order) == IMAGE or (len(dims) == STEPS and turned):
        return keep(b, layer, values, dims)
    if not turned:
        b.note("Permute of dims of 1 became a Reshape", layer.name)
        return Value(value.call, dims, value.held, layer.name)
    b.note("Permute became one of two dims", layer.name)
    pair = tuple(value.dims[dim] for dim in sorted(order))
    config = {"dims": [2, 1]}
    call = b.add(layer.name, "Permute", config, [b.natural(value.reshaped(pair))])
    return Value(call, dims, pair[::-1], layer.name)


# --- merges ---------------------------------------------------------------------------------


def _merge(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    """Of values of as many dims as the largest has; Keras adds them after the batch."""
    if any(len(value.dims) != len(dims) for value in values):
        b.note("values of fewer dims are reshaped before a merge", layer.name)
    wide = [value.reshaped((1,) * (len(dims) - len(value.dims)) + value.dims) for value in values]
    call = _called(b, layer, [b.image(value) for value in wide])
    held = (1, *dims) if len(dims) == STEPS else dims
    return Value(call, dims, held, layer.name)


def _concatenate(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    """The importer always takes the last axis."""
    axis = layer.config.get("axis", -1) % (len(dims) + 1) - 1
    if axis == len(dims) - 1:
        call = b.add(layer.name, "Concatenate", {"axis": -1}, [b.image(value) for value in values])
        held = (1, *dims) if len(dims) == STEPS else dims
        return Value(call, dims, held, layer.name)
    if any(dim != 1 for dim in dims[:axis]):
        return keep(b, layer, values, dims)
    b.note("Concatenate became one of rows", layer.name)
    call = b.add(layer.name, "Concatenate", {"axis": -1}, [b.row(value) for value in values])
    return Value(call, dims, (sum(value.size for value in values),), layer.name)


def _dot(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    """Of two rows; the importer multiplies matrices alone."""
    import numpy as np

    if layer.config.get("normalize") or any(len(value.dims) != ROW for value in values):
        return keep(b, layer, values, dims)
    b.note("Dot of two rows became a product and a sum", layer.name)
    product = b.append(f"{layer.name}_product", "Multiply", {}, [b.row(each) for each in values])
    ones = np.ones((values[0].size, 1), np.float32)
    config = {"units": 1, "use_bias": False, "activation": "linear"}
    call = b.add(layer.name, "Dense", config, [product], [("kernel", ones)])
    return Value(call, dims, dims, layer.name)


_ELEMENTWISE = (
    "AlphaDropout", "Dropout", "ELU", "GaussianDropout", "GaussianNoise", "LeakyReLU",
    "SpatialDropout1D", "SpatialDropout2D", "ThresholdedReLU",
)  # fmt: skip
_MERGES = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")

REWRITES: Mapping[str, Rewrite] = {
    **dict.fromkeys(_ELEMENTWISE, _elementwise),
    **dict.fromkeys(_MERGES, _merge),
    "Activation": _activation,
    "BatchNormalization": _norm,
    "Concatenate": _concatenate,
    "Dense": _dense,
    "Dot": _dot,
    "Flatten": _reshape,
    "PReLU": _prelu,
    "Permute": _permute,
    "ReLU": _relu,
    "Reshape": _reshape,
    "Softmax": _softmax,
}
