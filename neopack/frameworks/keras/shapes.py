"""The shape that a layer gives, from its configuration and the shapes that it takes.

As ``compute_output_shape`` of each layer in keras 2.2.4 (layers/*.py), for channels last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from neopack.frameworks.keras import config as configs
from neopack.values.json import AnyJson
from neopack.values.signature import Shape

__all__ = ["output_shape", "pairs"]

Config: TypeAlias = Mapping[str, AnyJson]
MERGES = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
RECURRENT = ("GRU", "LSTM", "SimpleRNN")
SAME = (
    "Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization", "Dropout", "ELU",
    "GaussianDropout", "GaussianNoise", "LeakyReLU", "Masking", "PReLU", "ReLU", "Softmax",
    "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "ThresholdedReLU",
)  # fmt: skip


def output_shape(kind: str, config: Config, inputs: Sequence[Shape | None]) -> Shape | None:
    """The batch first, as None. None where it is not known, or the layer does not fit its
    inputs."""
    if kind == "InputLayer":
        return configs.input_shape(config)
    known = [shape for shape in inputs if shape is not None]
    if not known or len(known) != len(inputs):
        return None
    if config.get("data_format") == "channels_first":
        return None
    try:
        return _given(kind, config, known)
    except (ArithmeticError, IndexError, KeyError, TypeError, ValueError):
        return None  # a file may say anything


def _given(kind: str, config: Config, inputs: Sequence[Shape]) -> Shape | None:
    first = inputs[0]
    if kind in SAME:
        return first
    if kind in MERGES:
        return _merged(inputs)
    if kind in RECURRENT:
        steps = first[1:2] if config.get("return_sequences") else ()
        return (first[0], *steps, int(config["units"]))
    rule = _RULES.get(kind)
    return rule(config, inputs) if rule else None


def _merged(inputs: Sequence[Shape]) -> Shape:
    rank = max(len(shape) for shape in inputs)
    wide = [(None, *(1,) * (rank - len(shape)), *shape[1:]) for shape in inputs]
    columns = zip(*(shape[1:] for shape in wide), strict=True)
    return (inputs[0][0], *(next((dim for dim in each if dim != 1), 1) for each in columns))


# --- one rule for each kind of layer --------------------------------------------------------


def _conv(config: Config, inputs: Sequence[Shape]) -> Shape:
    shape = inputs[0]
    rank = len(shape) - 2
    kernel, strides = _each(config["kernel_size"], rank), _each(config.get("strides", 1), rank)
    dilation = _each(config.get("dilation_rate", 1), rank)
    wide = [(size - 1) * rate + 1 for size, rate in zip(kernel, dilation, strict=True)]
    sizes = _windows(shape[1:-1], wide, strides, config.get("padding", "valid"))
    multiplier = config.get("depth_multiplier", 1)
    channels = config["filters"] if "filters" in config else _times(shape[-1], int(multiplier))
    return (shape[0], *sizes, channels)


def _transposed(config: Config, inputs: Sequence[Shape]) -> Shape:
    shape = inputs[0]
    rank = len(shape) - 2
    kernel, strides = _each(config["kernel_size"], rank), _each(config.get("strides", 1), rank)
    dilation = _each(config.get("dilation_rate", 1), rank)
    extra = config.get("output_padding")
    extras = [None] * rank if extra is None else _each(extra, rank)
    sizes = [
        _widened(dim, (k - 1) * d + 1, s, config.get("padding", "valid"), e)
        for dim, k, s, d, e in zip(shape[1:-1], kernel, strides, dilation, extras, strict=True)
    ]
    return (shape[0], *sizes, int(config["filters"]))


def _widened(
    dim: int | None, kernel: int, stride: int, padding: str, extra: int | None
) -> int | None:
    """``deconv_length`` of keras/utils/conv_utils.py."""
    if dim is None:
        return None
    if extra is None:
        return dim * stride + (max(kernel - stride, 0) if padding == "valid" else 0)
    margin = kernel // 2 if padding == "same" else 0
    return (dim - 1) * stride + kernel - 2 * margin + extra


def _pool(config: Config, inputs: Sequence[Shape]) -> Shape:
    shape = inputs[0]
    rank = len(shape) - 2
    size = _each(config.get("pool_size", 2), rank)
    strides = _each(config.get("strides") or size, rank)
    sizes = _windows(shape[1:-1], size, strides, config.get("padding", "valid"))
    return (shape[0], *sizes, shape[-1])


def _pool_all(_: Config, inputs: Sequence[Shape]) -> Shape:
    return (inputs[0][0], inputs[0][-1])


def _padded(config: Config, inputs: Sequence[Shape]) -> Shape:
    return _by_pairs(inputs[0], config["padding"], 1)


def _cropped(config: Config, inputs: Sequence[Shape]) -> Shape:
    return _by_pairs(inputs[0], config["cropping"], -1)


def _by_pairs(shape: Shape, value: AnyJson, sign: int) -> Shape:
    amounts = pairs(value, len(shape) - 2)
    sizes = (_plus(dim, sign * sum(pair)) for dim, pair in zip(shape[1:-1], amounts, strict=True))
    return (shape[0], *sizes, shape[-1])


def pairs(value: AnyJson, rank: int) -> list[tuple[int, int]]:
    """What a padding or a cropping adds or cuts before and after, for each dim."""
    if rank == 1 and isinstance(value, list | tuple) and len(value) == 2:
        return [(int(value[0]), int(value[1]))]
    return [
        (int(each[0]), int(each[1])) if isinstance(each, list | tuple) else (int(each), int(each))
        for each in (value if isinstance(value, list | tuple) else [value] * rank)
    ]


def _upsampled(config: Config, inputs: Sequence[Shape]) -> Shape:
    shape = inputs[0]
    factors = _each(config.get("size", 2), len(shape) - 2)
    sizes = (_times(dim, factor) for dim, factor in zip(shape[1:-1], factors, strict=True))
    return (shape[0], *sizes, shape[-1])


def _dense(config: Config, inputs: Sequence[Shape]) -> Shape:
    return (*inputs[0][:-1], int(config["units"]))


def _flat(_: Config, inputs: Sequence[Shape]) -> Shape:
    dims = inputs[0][1:]
    return (inputs[0][0], None if None in dims else math.prod(dim or 0 for dim in dims))


def _reshaped(config: Config, inputs: Sequence[Shape]) -> Shape:
    (batch, total), target = _flat(config, inputs), [int(dim) for dim in config["target_shape"]]
    fixed = math.prod(dim for dim in target if dim != -1)
    free = None if total is None else total // fixed
    return (batch, *(free if dim == -1 else dim for dim in target))


def _permuted(config: Config, inputs: Sequence[Shape]) -> Shape:
    return (inputs[0][0], *(inputs[0][int(dim)] for dim in config["dims"]))


def _repeated(config: Config, inputs: Sequence[Shape]) -> Shape:
    return (inputs[0][0], int(config["n"]), inputs[0][1])


def _embedded(config: Config, inputs: Sequence[Shape]) -> Shape:
    return (*inputs[0], int(config["output_dim"]))


def _joined(config: Config, inputs: Sequence[Shape]) -> Shape:
    axis = int(config.get("axis", -1)) % len(inputs[0])
    dims = [shape[axis] for shape in inputs]
    total = None if None in dims else sum(dim or 0 for dim in dims)
    return tuple(total if at == axis else dim for at, dim in enumerate(inputs[0]))


def _dot(config: Config, inputs: Sequence[Shape]) -> Shape:
    axes = config["axes"]
    one, other = axes if isinstance(axes, list | tuple) else (axes, axes)
    left, right = (
        [dim for at, dim in enumerate(shape) if at not in (0, axis % len(shape))]
        for shape, axis in zip(inputs, (one, other), strict=True)
    )
    return (inputs[0][0], *(left + right or [1]))


# --- arithmetic of sizes --------------------------------------------------------------------


def _windows(
    dims: Sequence[int | None], window: Sequence[int], strides: Sequence[int], padding: str
) -> list[int | None]:
    """``conv_output_length`` of keras/utils/conv_utils.py."""
    sizes: list[int | None] = []
    for dim, wide, stride in zip(dims, window, strides, strict=True):
        inner = 0 if padding in ("same", "causal") else wide - 1
        sizes.append(None if dim is None else (dim - inner + stride - 1) // stride)
    return sizes


def _each(value: AnyJson, count: int) -> list[int]:
    numbers = value if isinstance(value, list | tuple) else [value] * count
    return [int(number) for number in numbers]


def _plus(dim: int | None, amount: int) -> int | None:
    return None if dim is None else dim + amount


def _times(dim: int | None, factor: int) -> int | None:
    return None if dim is None else dim * factor


_RULES: Mapping[str, Callable[[Config, Sequence[Shape]], Shape]] = {
    **{f"Conv{n}D": _conv for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": _transposed for n in (2, 3)},
    **{f"{how}Pooling{n}D": _pool for how in ("Average", "Max") for n in (1, 2, 3)},
    **{f"Global{how}Pooling{n}D": _pool_all for how in ("Average", "Max") for n in (1, 2, 3)},
    **{f"ZeroPadding{n}D": _padded for n in (1, 2, 3)},
    **{f"Cropping{n}D": _cropped for n in (1, 2, 3)},
    **{f"UpSampling{n}D": _upsampled for n in (1, 2, 3)},
    "Concatenate": _joined,
    "Dense": _dense,
    "DepthwiseConv2D": _conv,
    "Dot": _dot,
    "Embedding": _embedded,
    "Flatten": _flat,
    "Permute": _permuted,
    "RepeatVector": _repeated,
    "Reshape": _reshaped,
    "SeparableConv1D": _conv,
    "SeparableConv2D": _conv,
}
