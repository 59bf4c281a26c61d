"""The experimental operators that ONNX 1.5 removed, built from those it has.

Each function says in its docstring what the operator computed: onnx/onnx docs/Operators.md of
ONNX 1.4, "Experimental" (2019-01).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site

__all__ = ["INSTEAD", "REMOVED"]

PRIMITIVES = "put together from primitives"


def affine(site: Site) -> str:
    """alpha * x + beta"""
    scaled = _times(site, site.input(0), "alpha")
    site.emit("Add", scaled, _number(site, "beta", 0.0), into=site.output(0))
    return PRIMITIVES


def scale(site: Site) -> str:
    """scale * x"""
    site.emit("Mul", site.input(0), _number(site, "scale", 1.0), into=site.output(0))
    return PRIMITIVES


def scaled_tanh(site: Site) -> str:
    """alpha * Tanh(beta * x)"""
    return _scaled(site, "Tanh")


def parametric_softplus(site: Site) -> str:
    """alpha * Softplus(beta * x)"""
    return _scaled(site, "Softplus")


def _scaled(site: Site, operator: str) -> str:
    bent = site.emit(operator, _times(site, site.input(0), "beta"))
    site.emit("Mul", bent, _number(site, "alpha", 1.0), into=site.output(0))
    return PRIMITIVES


def thresholded_relu(site: Site) -> str:
    """x where it is above alpha, else zero"""
    x, alpha = site.input(0), site.attribute("alpha", 1.0)
    mask = site.emit("Cast", site.emit("Greater", x, site.number(alpha, "alpha")), to=site.dtype())
    # minus infinity times zero is not a number
    bounded = site.emit("Clip", x, min=min(alpha, 0.0), max=float("inf"))
    site.emit("Mul", bounded, mask, into=site.output(0))
    return PRIMITIVES


def image_scaler(site: Site) -> str:
    """scale * x + the bias of each channel"""
    import numpy as np

    bias = np.array(site.attribute("bias", [0.0]), _kind(site)).reshape(-1, 1, 1)
    scaled = _times(site, site.input(0), "scale")
    site.emit("Add", scaled, site.weight(bias, "bias"), into=site.output(0))
    return PRIMITIVES


def crop(site: Site) -> str:
    """Slice of height and width, without the border or of the size that ``scale`` names"""
    left, top, right, bottom = site.attribute("border", [0, 0, 0, 0])
    height, width = site.shape()[-2:]
    ends = [height - bottom, width - right]
    size = site.attribute("scale", [])
    if size:
        ends = [top + size[0], left + size[1]]
    x, into, rank = site.input(0), site.output(0), site.rank()
    site.emit("Slice", x, into=into, starts=[top, left], ends=ends, axes=[rank - 2, rank - 1])
    return "Slice"


def mean_variance(site: Site) -> str:
    """(x - mean) / standard deviation, which is 1 if ``normalize_variance`` is 0"""
    x, axes = site.input(0), list(range(site.rank()))
    if not site.attribute("across_channels", 0):
        axes.remove(1)
    centered = site.emit("Sub", x, site.emit("ReduceMean", x, axes=axes, keepdims=1))
    deviation = site.number(1, "one")
    if site.attribute("normalize_variance", 1):
        squares = site.emit("Mul", centered, centered)
        deviation = site.emit("Sqrt", site.emit("ReduceMean", squares, axes=axes, keepdims=1))
    site.emit("Div", centered, deviation, into=site.output(0))
    return PRIMITIVES


def dynamic_slice(site: Site) -> str:
    """Slice, its constant starts and ends being attributes"""
    starts, ends = (site.constant(place, "bounds").reshape(-1).tolist() for place in (1, 2))
    axes = site.constant(3, "axes").reshape(-1).tolist() if site.input(3) else None
    bounds = {"starts": starts, "ends": ends, "axes": axes or list(range(len(starts)))}
    site.emit("Slice", site.input(0), into=site.output(0), **bounds)
    return "Slice"


def constant_fill(site: Site) -> str:
    """a constant"""
    import numpy as np
    from onnx import TensorProto, helper

    kind = helper.tensor_dtype_to_np_dtype(site.attribute("dtype", TensorProto.FLOAT))
    return _filled(site, np.full(_fill_shape(site), site.attribute("value", 0.0), kind))


def given_tensor_fill(site: Site) -> str:
    """a constant"""
    import numpy as np

    values = np.array(site.attribute("values", []), np.float32)
    return _filled(site, values.reshape(_fill_shape(site)))


def _fill_shape(site: Site) -> list[int]:
    if not site.input(0):
        sizes = site.attribute("shape", [])
    elif site.attribute("input_as_shape", 0):
        sizes = site.constant(0, "shape").reshape(-1).tolist()
    else:
        sizes = site.shape()
    return [*map(int, sizes), *site.attribute("extra_shape", [])]


def _filled(site: Site, array: Any) -> str:
    site.emit("Identity", site.weight(array, "filled"), into=site.output(0))
    return "a constant"


def _times(site: Site, value: str, name: str) -> str:
    factor = site.attribute(name, 1.0)
    return value if factor == 1 else site.emit("Mul", value, site.number(factor, name))


def _number(site: Site, name: str, default: float) -> str:
    return site.number(site.attribute(name, default), name)


def _kind(site: Site) -> Any:
    from onnx import helper

    return helper.tensor_dtype_to_np_dtype(site.dtype())


def _refused(site: Site) -> str:
    raise NotInOnnx(site.node.op_type, INSTEAD[site.node.op_type])


INSTEAD = {
    "ATen": "an export without operators of PyTorch's own (ATen)",
    "GRUUnit": "GRU",
}

REMOVED: Mapping[str, Callable[[Site], str]] = {
    "Affine": affine,
    "ConstantFill": constant_fill,
    "Crop": crop,
    "DynamicSlice": dynamic_slice,
    "GivenTensorFill": given_tensor_fill,
    "ImageScaler": image_scaler,
    "MeanVarianceNormalization": mean_variance,
    "ParametricSoftplus": parametric_softplus,
    "Scale": scale,
    "ScaledTanh": scaled_tanh,
    "ThresholdedRelu": thresholded_relu,
    **dict.fromkeys(INSTEAD, _refused),
}
