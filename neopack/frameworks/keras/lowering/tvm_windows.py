"""Layers with windows that TVM's importer takes otherwise or not at all: convolutions, pooling,
padding and upsampling, as those of images that it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from neopack.frameworks.keras.lowering.old_model import OldLayer
from neopack.frameworks.keras.lowering.tvm_rewrites import PLAIN_CONV, Rewrite, keep, on_image
from neopack.frameworks.keras.lowering.tvm_values import Dims, OfTvm, Value
from neopack.frameworks.keras.shapes import pairs
from neopack.values.artifact import Array
from neopack.values.json import AnyJson

__all__ = ["WINDOWS"]

# numbers in one sum; a mean of so many equal ones is 1e-5 off
LARGE = 1024
ON_STEPS = "layers of one spatial dim became those of images of height 1"


def _one(value: AnyJson) -> int:
    return int(value[0] if isinstance(value, list | tuple) else value)


def _two(value: AnyJson) -> tuple[int, int]:
    first, second = value if isinstance(value, list | tuple) else (value, value)
    return int(first), int(second)


# --- one spatial dim ------------------------------------------------------------------------


def _conv1d(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    b.note(ON_STEPS, layer.name)
    config, (value,) = layer.config, values
    size, stride = _one(config["kernel_size"]), _one(config.get("strides", 1))
    rate = _one(config.get("dilation_rate", 1))
    padding = config.get("padding", "valid")
    if padding == "causal":
        value, padding = _padded_before(b, value, rate * (size - 1)), "valid"
    separable = layer.class_name == "SeparableConv1D"
    image = {
        **config,
        "kernel_size": [1, size],
        # TensorFlow has one stride for both dims where channels stay apart
        "strides": [stride if separable else 1, stride],
        "dilation_rate": [1, rate],
        "padding": padding,
    }
    weights = [(name, array if array.ndim == 1 else array[None]) for name, array in layer.weights]
    kind = layer.class_name.replace("1D", "2D")
    if separable and rate > 1:
        return _apart(b, replace(layer, config=image, weights=tuple(weights)), value, dims)
    return on_image(b, layer, value, dims, kind, image, weights)


def _padded_before(b: OfTvm, value: Value, steps: int) -> Value:
    config = {"padding": [[0, 0], [steps, 0]], "data_format": "channels_last"}
    call = b.append(f"{value.name}_padded", "ZeroPadding2D", config, [b.image(value)])
    dims = (value.dims[0] + steps, value.dims[1])
    return Value(call, dims, (1, *dims), value.name)


def _pool1d(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    b.note(ON_STEPS, layer.name)
    size = _one(layer.config.get("pool_size", 2))
    config = {
        "pool_size": [1, size],
        "strides": [1, _one(layer.config.get("strides") or size)],
        "padding": layer.config.get("padding", "valid"),
        "data_format": "channels_last",
    }
    return on_image(b, layer, values[0], dims, layer.class_name.replace("1D", "2D"), config)


def _pool_all1d(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    b.note(ON_STEPS, layer.name)
    config = {"data_format": "channels_last"}
    return on_image(b, layer, values[0], dims, layer.class_name.replace("1D", "2D"), config)


def _pool_all2d(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    """TVM adds all numbers of a mean to one sum, in turn, and rounds each time."""
    (value,) = values
    height, width, channels = value.dims
    if height * width <= LARGE:
        return keep(b, layer, values, dims)
    b.note("GlobalAveragePooling2D of large planes became that of the means of rows", layer.name)
    row = {
        "pool_size": [1, width],
        "strides": [1, width],
        "padding": "valid",
        "data_format": "channels_last",
    }
    name, rows = f"{layer.name}_rows", (height, 1, channels)
    call = b.append(name, "AveragePooling2D", row, [b.natural(value)])
    return keep(b, layer, [Value(call, rows, rows, name)], dims)


def _edges1d(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    b.note(ON_STEPS, layer.name)
    word = "padding" if "padding" in layer.config else "cropping"
    (pair,) = pairs(layer.config[word], 1)
    config = {word: [[0, 0], list(pair)], "data_format": "channels_last"}
    return on_image(b, layer, values[0], dims, layer.class_name.replace("1D", "2D"), config)


# --- upsampling -----------------------------------------------------------------------------


def _upsampled1d(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    b.note(ON_STEPS, layer.name)
    times, (value,) = _one(layer.config.get("size", 2)), values
    call = _wider(b, layer.name, b.image(value), (1, *value.dims), times)
    return Value(call, dims, (1, *dims), layer.name)


def _upsampled2d(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    """The importer takes one factor for both dims."""
    rows, columns = _two(layer.config.get("size", 2))
    nearest = layer.config.get("interpolation", "nearest") == "nearest"
    if rows == columns or not nearest:
        return keep(b, layer, values, dims)
    b.note("UpSampling2D by two factors became copies beside each other", layer.name)
    (value,) = values
    height, width, channels = value.dims
    call = _wider(b, layer.name, b.natural(value), value.dims, columns)
    # a row of the image as the channels of one pixel
    lines = (height, 1, width * columns * channels)
    if rows > 1:
        flat = _reshaped(b, layer.name, call, lines)
        call = _wider(b, layer.name, flat, lines, rows)
        call = _reshaped(b, layer.name, call, dims)
    return Value(call, dims, dims, layer.name)


def _wider(b: OfTvm, name: str, call: int, dims: Dims, times: int) -> int:
    """Each pixel ``times`` beside itself: its channels again and again, and cut anew."""
    if times == 1:
        return call
    height, width, channels = dims
    copies = b.append(f"{name}_copies", "Concatenate", {"axis": -1}, [call] * times)
    return _reshaped(b, name, copies, (height, width * times, channels))


def _reshaped(b: OfTvm, name: str, call: int, dims: Dims) -> int:
    return b.append(f"{name}_pixels", "Reshape", {"target_shape": list(dims)}, [call])


# --- convolutions ---------------------------------------------------------------------------


def _separable(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    """The importer knows no dilation of these."""
    if _two(layer.config.get("dilation_rate", 1)) == (1, 1):
        return keep(b, layer, values, dims)
    return _apart(b, layer, values[0], dims)


def _apart(b: OfTvm, layer: OldLayer, value: Value, dims: Dims) -> Value:
    """A separable convolution as its two parts."""
    b.note("SeparableConv with a dilation became its two convolutions", layer.name)
    words = ("kernel_size", "strides", "padding", "dilation_rate", "data_format")
    depthwise = {word: layer.config[word] for word in words if word in layer.config}
    depthwise |= {"depth_multiplier": layer.config.get("depth_multiplier", 1), "use_bias": False}
    (_, deep), (_, wide), *bias = layer.weights
    name = f"{layer.name}_depthwise"
    weights = [("depthwise_kernel", deep)]
    call = b.append(name, "DepthwiseConv2D", depthwise, [b.image(value)], weights)
    config = {
        **PLAIN_CONV,
        "filters": layer.config["filters"],
        "use_bias": bool(bias),
        "activation": layer.config.get("activation", "linear"),
    }
    call = b.add(layer.name, "Conv2D", config, [call], [("kernel", wide), *bias])
    return Value(call, dims, (1, *dims) if len(dims) == len(value.dims) == 2 else dims, layer.name)


def _transposed(b: OfTvm, layer: OldLayer, values: Sequence[Value], dims: Dims) -> Value:
    """The importer takes the padding of a convolution, and no dilation: so all that there is, of
    which the edges are cut off."""
    config, (value,) = layer.config, values
    strides, rates = _two(config.get("strides", 1)), _two(config.get("dilation_rate", 1))
    (name, kernel), *rest = layer.weights
    size = [(side - 1) * rate + 1 for side, rate in zip(kernel.shape, rates, strict=False)]
    same = config.get("padding", "valid") == "same"
    uneven = same and any(side % step for side, step in zip(value.dims, strides, strict=False))
    small = any(side < step for side, step in zip(size, strides, strict=True))
    if not (uneven or small or rates != (1, 1) or config.get("output_padding") is not None):
        return keep(b, layer, values, dims)
    b.note("Conv2DTranspose is computed whole, and cropped", layer.name)
    whole = [
        max(side, out - (before - 1) * step)
        for side, out, before, step in zip(size, dims, value.dims, strides, strict=False)
    ]
    full = [(before - 1) * s + w for before, s, w in zip(value.dims, strides, whole, strict=False)]
    over = [have - out for have, out in zip(full, dims, strict=False)]
    kept = {key: config[key] for key in ("filters", "use_bias", "activation") if key in config}
    wide = {**PLAIN_CONV, **kept, "kernel_size": whole, "strides": list(strides)}
    weights = [(name, _spread(kernel, rates, whole)), *rest]
    call = b.add(layer.name, "Conv2DTranspose", wide, [b.natural(value)], weights)
    if any(over):
        edges = [[each // 2 if same else 0, each - (each // 2 if same else 0)] for each in over]
        cropping = {"cropping": edges, "data_format": "channels_last"}
        call = b.append(f"{layer.name}_cropped", "Cropping2D", cropping, [call])
    return Value(call, dims, dims, layer.name)


def _spread(kernel: Array, rates: Sequence[int], whole: Sequence[int]) -> Array:
    """The kernel with zeros between its numbers, and after them up to its new size."""
    import numpy as np

    wide = np.zeros((*whole, *kernel.shape[2:]), kernel.dtype)
    rows, columns = (slice(0, s * r, r) for s, r in zip(kernel.shape, rates, strict=False))
    wide[rows, columns] = kernel
    return wide


WINDOWS: Mapping[str, Rewrite] = {
    "AveragePooling1D": _pool1d,
    "Conv1D": _conv1d,
    "Conv2DTranspose": _transposed,
    "Cropping1D": _edges1d,
    "GlobalAveragePooling1D": _pool_all1d,
    "GlobalAveragePooling2D": _pool_all2d,
    "GlobalMaxPooling1D": _pool_all1d,
    "MaxPooling1D": _pool1d,
    "SeparableConv1D": _conv1d,
    "SeparableConv2D": _separable,
    "UpSampling1D": _upsampled1d,
    "UpSampling2D": _upsampled2d,
    "ZeroPadding1D": _edges1d,
}
