"""Operators that ONNX 1.7.0 lacks, built from those it has.

Each function says in its docstring what the operator computes: onnx/onnx docs/Operators.md (2026).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site

__all__ = ["ADDED", "EXPANDED", "INSTEAD", "gelu", "write_gelu"]

PRIMITIVES = "put together from primitives"


def hard_swish(site: Site) -> str:
    """x * HardSigmoid(x) with 1/6 and 1/2."""
    gate = site.emit("HardSigmoid", site.input(0), alpha=1 / 6, beta=0.5)
    site.emit("Mul", site.input(0), gate, into=site.output(0))
    return PRIMITIVES


def swish(site: Site) -> str:
    """x * Sigmoid(alpha * x)"""
    x, alpha = site.input(0), site.attribute("alpha", 1.0)
    scaled = x if alpha == 1 else site.emit("Mul", x, site.number(alpha, "alpha"))
    site.emit("Mul", x, site.emit("Sigmoid", scaled), into=site.output(0))
    return PRIMITIVES


def mish(site: Site) -> str:
    """x * Tanh(Softplus(x))"""
    gate = site.emit("Tanh", site.emit("Softplus", site.input(0)))
    site.emit("Mul", site.input(0), gate, into=site.output(0))
    return PRIMITIVES


def gelu(site: Site) -> str:
    """x / 2 * (1 + Erf(x / sqrt 2)), or with a tanh that is close to it."""
    write_gelu(site, site.input(0), tanh=site.attribute("approximate", "none") == "tanh")
    return PRIMITIVES


def write_gelu(site: Site, x: str, *, tanh: bool) -> None:
    if tanh:
        cube = site.emit("Mul", site.emit("Mul", x, x), x)
        inner = site.emit("Add", x, site.emit("Mul", cube, site.number(0.044715, "cubic")))
        scale = site.number(math.sqrt(2 / math.pi), "scale")
        bent = site.emit("Tanh", site.emit("Mul", inner, scale))
    else:
        bent = site.emit("Erf", site.emit("Mul", x, site.number(math.sqrt(0.5), "scale")))
    gate = site.emit("Add", bent, site.number(1, "one"))
    half = site.emit("Mul", x, site.number(0.5, "half"))
    site.emit("Mul", half, gate, into=site.output(0))


def layer_normalization(site: Site) -> str:
    """(x - mean) / Sqrt(variance + epsilon) * scale + bias over the axes from ``axis`` on, the
    first part in float32 unless stash_type says otherwise."""
    axes, x = _last_axes(site), _stashed(site)
    kind = _stash(site)
    mean = site.emit("ReduceMean", x, into=site.output(1), axes=axes, keepdims=1)
    centered = site.emit("Sub", x, mean)
    squares = site.emit("Mul", centered, centered)
    variance = site.emit("ReduceMean", squares, axes=axes, keepdims=1)
    epsilon = site.number(site.attribute("epsilon", 1e-5), "epsilon", kind)
    deviation = site.emit("Sqrt", site.emit("Add", variance, epsilon))
    if site.output(2):
        site.emit("Reciprocal", deviation, into=site.output(2))
    _scaled(site, _unstashed(site, site.emit("Div", centered, deviation)))
    return PRIMITIVES


def rms_normalization(site: Site) -> str:
    """x / Sqrt(mean of squares + epsilon) * scale"""
    axes, x, kind = _last_axes(site), _stashed(site), _stash(site)
    mean = site.emit("ReduceMean", site.emit("Mul", x, x), axes=axes, keepdims=1)
    epsilon = site.number(site.attribute("epsilon", 1e-5), "epsilon", kind)
    deviation = site.emit("Sqrt", site.emit("Add", mean, epsilon))
    _scaled(site, _unstashed(site, site.emit("Div", x, deviation)))
    return PRIMITIVES


def _last_axes(site: Site) -> list[int]:
    rank = site.rank()
    return list(range(site.attribute("axis", -1) % rank, rank))


def _stash(site: Site) -> int:
    kind: int = site.attribute("stash_type", 1)
    return kind


def _stashed(site: Site) -> str:
    if site.dtype() == _stash(site):
        return site.input(0)
    return site.emit("Cast", site.input(0), to=_stash(site))


def _unstashed(site: Site, value: str) -> str:
    kind = site.dtype(1)
    return value if kind == _stash(site) else site.emit("Cast", value, to=kind)


def _scaled(site: Site, value: str) -> None:
    """value * scale + bias, which are the inputs 1 and 2."""
    if site.input(2):
        value = site.emit("Mul", value, site.input(1))
        site.emit("Add", value, site.input(2), into=site.output(0))
    else:
        site.emit("Mul", value, site.input(1), into=site.output(0))


def group_normalization(site: Site) -> str:
    """InstanceNormalization of each group, then scale and bias of each channel."""
    import numpy as np
    from onnx import helper

    groups, rank = site.attribute("num_groups", 1), site.rank()
    by_group = site.weight(np.array([0, groups, -1], np.int64), "by_group")
    grouped = site.emit("Reshape", site.input(0), by_group)
    kind = helper.tensor_dtype_to_np_dtype(site.dtype())
    ones, zeros = (
        site.weight(np.full(groups, value, kind), name)
        for value, name in ((1, "ones"), (0, "zeros"))
    )
    epsilon = site.attribute("epsilon", 1e-5)
    normal = site.emit("InstanceNormalization", grouped, ones, zeros, epsilon=epsilon)
    whole = site.emit("Reshape", normal, site.emit("Shape", site.input(0)))
    scale, bias = (_of_channels(site, place, rank) for place in (1, 2))
    site.emit("Add", site.emit("Mul", whole, scale), bias, into=site.output(0))
    return PRIMITIVES


def _of_channels(site: Site, place: int, rank: int) -> str:
    """A vector as [C, 1, 1], to meet the channels."""
    axes = list(range(1, rank - 1))
    return site.emit("Unsqueeze", site.input(place), axes=axes) if axes else site.input(place)


def cast_like(site: Site) -> str:
    """Cast to the type, which is known."""
    site.emit("Cast", site.input(0), into=site.output(0), to=site.dtype(1))
    return "the type is known: Cast"


def trilu(site: Site) -> str:
    """The upper or lower triangle of the last two dims; zero elsewhere."""
    import numpy as np
    from onnx import TensorProto

    shape = site.values.shape(site.input(0)) or ()
    rows, columns = shape[-2:] if len(shape) > 1 else (None, None)
    if rows is None or columns is None:
        raise NotInOnnx("Trilu of an unknown shape", "an export whose shapes are known")
    offset = int(site.constant(1, "k").reshape(-1)[0]) if site.input(1) else 0
    mask = np.ones((rows, columns), np.bool_)
    mask = np.triu(mask, offset) if site.attribute("upper", 1) else np.tril(mask, offset)
    triangle = site.weight(mask, "triangle")
    if site.dtype() == TensorProto.BOOL:
        site.emit("And", site.input(0), triangle, into=site.output(0))
    else:
        zero = site.number(0, "zero")
        site.emit("Where", triangle, site.input(0), zero, into=site.output(0))
    return "a constant mask"


ADDED: dict[str, Callable[[Site], str]] = {
    "HardSwish": hard_swish,
    "Swish": swish,
    "Mish": mish,
    "Gelu": gelu,
    "LayerNormalization": layer_normalization,
    "RMSNormalization": rms_normalization,
    "GroupNormalization": group_normalization,
    "CastLike": cast_like,
    "Trilu": trilu,
}

# what ONNX itself says in terms of other operators
EXPANDED = ("Attention", "RotaryEmbedding")

INSTEAD = {
    "AffineGrid": "Resize, where the grid is regular",
    "SwiGLU": "Split, Sigmoid and Mul",
    "CenterCropPad": "Slice and Pad",
    "GridSample": "Resize, where the grid is regular",
    "DeformConv": "Conv",
    "Col2Im": "ConvTranspose",
    "DFT": "Conv with the transform's matrix",
    "STFT": "Conv with the transform's matrix",
    "Bernoulli": "an export in evaluation mode",
    "BitwiseAnd": "And, of booleans",
    "BitwiseOr": "Or, of booleans",
    "BitwiseXor": "Xor, of booleans",
    "BitwiseNot": "Not, of booleans",
    "CumProd": "Exp of CumSum of Log",
    **dict.fromkeys(
        ("BlackmanWindow", "HammingWindow", "HannWindow", "MelWeightMatrix"), "a constant"
    ),
    "Optional": "a tensor",
    "OptionalGetElement": "a tensor",
    "OptionalHasElement": "a tensor",
}
