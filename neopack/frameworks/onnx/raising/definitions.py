"""What operators computed whose form changed by opset 7, and those that ONNX removed, in NumPy.

Source: onnx/onnx docs/Changelog.md (2026), and docs/Operators.md of ONNX 1.4 (2019-01).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neopack.values.artifact import Array

__all__ = ["DEFINITIONS", "OUTPUTS", "REMOVED", "Definition"]

Attributes = Mapping[str, Any]
Definition = Callable[..., Any]
# beside a node's attributes: how many outputs it has
OUTPUTS = "outputs of the node"


# --- forms before opset 7 -------------------------------------------------------------------


def _of_two(function: str) -> Definition:
    def compute(attributes: Attributes, first: Array, second: Array) -> Array:
        import numpy as np

        with np.errstate(all="ignore"):
            result: Array = getattr(np, function)(first, _met(attributes, first, second))
        return result.astype(first.dtype if result.dtype.kind != "b" else bool)

    return compute


def _met(attributes: Attributes, first: Array, second: Array) -> Array:
    """The second operand with its dims at ``axis`` of the first one, or at the last ones."""
    axis = attributes.get("axis", -1)
    if not attributes.get("broadcast", 0) or second.size == 1 or axis < 0:
        return second
    return _behind(second, first.ndim - axis - second.ndim)


def _behind(array: Array, count: int) -> Array:
    return array.reshape(*array.shape, *[1] * max(count, 0))


def _divided(attributes: Attributes, first: Array, second: Array) -> Array:
    import numpy as np

    met = _met(attributes, first, second)
    with np.errstate(all="ignore"):
        if first.dtype.kind == "f":
            return first / met
        quotient: Array = np.sign(first) * np.sign(met) * (np.abs(first) // np.abs(met))
    return quotient.astype(first.dtype)


def _batch_normalization(
    attributes: Attributes, x: Array, scale: Array, bias: Array, mean: Array, variance: Array
) -> Array:
    import numpy as np

    spread = [_behind(each, x.ndim - 1 - each.ndim) for each in (scale, bias, mean, variance)]
    factor, offset, center, width = spread
    root = np.sqrt(width + np.float32(attributes.get("epsilon", 1e-5)))
    result: Array = (x - center) / root * factor + offset
    return result.astype(x.dtype)


def _gemm(attributes: Attributes, a: Array, b: Array, c: Array) -> Array:
    left = a.T if attributes.get("transA", 0) else a
    right = b.T if attributes.get("transB", 0) else b
    product: Array = (
        attributes.get("alpha", 1.0) * (left @ right) + attributes.get("beta", 1.0) * c
    )
    return product.astype(a.dtype)


def _dropout(_: Attributes, x: Array) -> Array:
    return x


def _cast(attributes: Attributes, x: Array) -> Array:
    from onnx import TensorProto, helper

    to = attributes["to"]
    number = TensorProto.DataType.Value(to.upper()) if isinstance(to, str) else to
    return x.astype(helper.tensor_dtype_to_np_dtype(number))


def _concat(attributes: Attributes, *arrays: Array) -> Array:
    import numpy as np

    return np.concatenate(arrays, attributes.get("axis", 1))


def _pad(attributes: Attributes, x: Array) -> Array:
    import numpy as np

    pads = list(zip(*np.reshape(attributes["paddings"], (2, -1)).tolist(), strict=True))
    mode = attributes.get("mode", "constant")
    if mode == "constant":
        return np.pad(x, pads, constant_values=attributes.get("value", 0.0))
    return np.pad(x, pads, mode=mode)


def _slopes(_: Attributes, x: Array, slope: Array) -> Array:
    import numpy as np

    met = _behind(slope, x.ndim - 2) if slope.ndim == 1 and slope.size > 1 else slope
    return np.where(x < 0, x * met, x)


def _reshape(attributes: Attributes, x: Array) -> Array:
    sizes = [x.shape[at] if size == 0 else size for at, size in enumerate(attributes["shape"])]
    return x.reshape(sizes)


def _tile(_: Attributes, x: Array, tiles: Array, axis: Array) -> Array:
    import numpy as np

    return np.concatenate([x] * int(tiles.reshape(-1)[0]), int(axis.reshape(-1)[0]))


def _split(attributes: Attributes, x: Array, sizes: Array | None = None) -> tuple[Array, ...]:
    import numpy as np

    parts = attributes.get("split") if sizes is None else sizes.tolist()
    cuts = np.cumsum(np.array(parts, np.int64))[:-1] if parts else attributes[OUTPUTS]
    return tuple(np.split(x, cuts, attributes.get("axis", 0)))


def _upsample(attributes: Attributes, x: Array) -> Array:
    """Each place of the result lies at its number over the scale."""
    for axis, name in ((2, "height_scale"), (3, "width_scale")):
        x = _stretched(x, axis, attributes[name], attributes.get("mode", "nearest") == "nearest")
    return x


def _stretched(x: Array, axis: int, scale: float, nearest: bool) -> Array:
    import numpy as np

    size = x.shape[axis]
    at = np.arange(int(size * scale)) / scale
    low = np.minimum(np.floor(at).astype(int), size - 1)
    below: Array = np.take(x, low, axis)
    if nearest:
        return below
    high = np.minimum(low + 1, size - 1)
    weight = np.minimum(at - low, 1).astype(x.dtype).reshape(-1, *[1] * (x.ndim - axis - 1))
    result: Array = below * (1 - weight) + np.take(x, high, axis) * weight
    return result


# --- removed operators ----------------------------------------------------------------------


def _affine(attributes: Attributes, x: Array) -> Array:
    return _like(x, attributes.get("alpha", 1.0) * x + attributes.get("beta", 0.0))


def _scale(attributes: Attributes, x: Array) -> Array:
    return _like(x, attributes.get("scale", 1.0) * x)


def _scaled_tanh(attributes: Attributes, x: Array) -> Array:
    import numpy as np

    return _like(x, attributes.get("alpha", 1.0) * np.tanh(attributes.get("beta", 1.0) * x))


def _parametric_softplus(attributes: Attributes, x: Array) -> Array:
    import numpy as np

    bent = np.logaddexp(0, attributes.get("beta", 1.0) * x)
    return _like(x, attributes.get("alpha", 1.0) * bent)


def _thresholded_relu(attributes: Attributes, x: Array) -> Array:
    import numpy as np

    return np.where(x > attributes.get("alpha", 1.0), x, np.zeros_like(x))


def _image_scaler(attributes: Attributes, x: Array) -> Array:
    import numpy as np

    bias = np.reshape(attributes.get("bias", [0.0]), (-1, 1, 1))
    return _like(x, attributes.get("scale", 1.0) * x + bias)


def _crop(attributes: Attributes, x: Array) -> Array:
    left, top, right, bottom = attributes.get("border", [0, 0, 0, 0])
    height, width = x.shape[-2:]
    size = attributes.get("scale") or [height - bottom - top, width - right - left]
    return x[..., top : top + size[0], left : left + size[1]]


def _mean_variance(attributes: Attributes, x: Array) -> Array:
    axes = tuple(at for at in range(x.ndim) if at != 1 or attributes.get("across_channels", 0))
    centered = x - x.mean(axes, keepdims=True)
    width = x.std(axes, keepdims=True) if attributes.get("normalize_variance", 1) else 1
    return _like(x, centered / width)


def _dynamic_slice(
    _: Attributes, x: Array, starts: Array, ends: Array, axes: Array | None = None
) -> Array:
    places = range(len(starts)) if axes is None else axes.tolist()
    cut = [slice(None)] * x.ndim
    for place, start, end in zip(places, starts.tolist(), ends.tolist(), strict=True):
        cut[place] = slice(start, end)
    return x[tuple(cut)]


def _given_tensor_fill(attributes: Attributes, shape: Array | None = None) -> Array:
    import numpy as np

    return np.reshape(attributes["values"], _sizes(attributes, shape)).astype(np.float32)


def _constant_fill(attributes: Attributes, shape: Array | None = None) -> Array:
    import numpy as np
    from onnx import helper

    kind = helper.tensor_dtype_to_np_dtype(attributes.get("dtype", 1))
    return np.full(_sizes(attributes, shape), attributes.get("value", 0.0), kind)


def _sizes(attributes: Attributes, shape: Array | None) -> list[int]:
    extra = list(attributes.get("extra_shape", []))
    if shape is None:
        return [*attributes.get("shape", []), *extra]
    return [*(shape.tolist() if attributes.get("input_as_shape", 0) else shape.shape), *extra]


def _like(x: Array, result: Array) -> Array:
    return result.astype(x.dtype)


DEFINITIONS: Mapping[str, Definition] = {
    "Add": _of_two("add"),
    "And": _of_two("logical_and"),
    "Div": _divided,
    "Equal": _of_two("equal"),
    "Greater": _of_two("greater"),
    "Less": _of_two("less"),
    "Mul": _of_two("multiply"),
    "Or": _of_two("logical_or"),
    "Pow": _of_two("power"),
    "Sub": _of_two("subtract"),
    "Xor": _of_two("logical_xor"),
    "BatchNormalization": lambda attributes, *arrays: _batch_normalization(
        attributes, *arrays[:5]
    ),
    "Cast": _cast,
    "Concat": _concat,
    "Dropout": _dropout,
    "Gemm": _gemm,
    "PRelu": _slopes,
    "Pad": _pad,
    "Reshape": _reshape,
    "Split": _split,
    "Tile": _tile,
    "Upsample": _upsample,
}

REMOVED: Mapping[str, Definition] = {
    "Affine": _affine,
    "ConstantFill": _constant_fill,
    "Crop": _crop,
    "DynamicSlice": _dynamic_slice,
    "GivenTensorFill": _given_tensor_fill,
    "ImageScaler": _image_scaler,
    "MeanVarianceNormalization": _mean_variance,
    "ParametricSoftplus": _parametric_softplus,
    "Scale": _scale,
    "ScaledTanh": _scaled_tanh,
    "ThresholdedRelu": _thresholded_relu,
}
