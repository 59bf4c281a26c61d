"""Functions of one tensor that ONNX had not yet, put together from those it had.

Source: onnx/onnx docs/Operators.md (2026).
"""

from __future__ import annotations

from neopack.frameworks.onnx.lowering.older_opsets.spreading import select
from neopack.frameworks.onnx.lowering.rewrite_site import Site

__all__ = [
    "acosh", "asinh", "atanh", "celu", "cosh", "erf", "mean_variance", "shrink", "sinh",
    "thresholded",
]  # fmt: skip

PRIMITIVES = "put together from primitives"
# Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 7.1.26: within 1.5e-7
_ERF = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
_ERF_P = 0.3275911
# its square is far from where float32 ends, and 1 is nothing beside it
_FAR = 1e9


def celu(site: Site) -> str:
    """alpha * Elu(x / alpha)"""
    alpha = site.number(site.attribute("alpha", 1.0), "alpha")
    bent = site.emit("Elu", site.emit("Div", site.input(0), alpha), alpha=1.0)
    site.emit("Mul", bent, alpha, into=site.output(0))
    return PRIMITIVES


def sinh(site: Site) -> str:
    """half of Exp(x) - Exp(-x)"""
    return _of_exponentials(site, "Sub")


def cosh(site: Site) -> str:
    """half of Exp(x) + Exp(-x)"""
    return _of_exponentials(site, "Add")


def _of_exponentials(site: Site, operator: str) -> str:
    # halved before, for Exp may be infinite where half of it is not
    up, log2 = site.input(0), site.number(0.6931471805599453, "log2")
    down = site.emit("Neg", up)
    ends = [site.emit("Exp", site.emit("Sub", end, log2)) for end in (up, down)]
    site.emit(operator, *ends, into=site.output(0))
    return PRIMITIVES


def asinh(site: Site) -> str:
    """Log(|x| + Sqrt(x * x + 1)) with the sign of x"""
    x = site.input(0)
    result = _log_of_sum(site, site.emit("Abs", x), "Add")
    zero = site.number(0, "zero")
    above, below = (
        site.emit("Cast", site.emit(comparison, x, zero), to=site.dtype())
        for comparison in ("Greater", "Less")
    )
    site.emit("Mul", result, site.emit("Sub", above, below), into=site.output(0))
    return PRIMITIVES


def acosh(site: Site) -> str:
    """Log(x + Sqrt(x * x - 1))"""
    result = _log_of_sum(site, site.input(0), "Sub")
    site.emit("Identity", result, into=site.output(0))
    return PRIMITIVES


def _log_of_sum(site: Site, x: str, operator: str) -> str:
    """Log(x + Sqrt(x * x operator 1)), whose square is taken of no number past _FAR."""
    one, far = site.number(1, "one"), site.number(_FAR, "far")
    near = site.emit("Min", x, far)
    root = site.emit("Sqrt", site.emit(operator, site.emit("Mul", near, near), one))
    close = site.emit("Log", site.emit("Add", near, root))
    beyond = site.emit("Log", site.emit("Div", site.emit("Max", x, far), far))
    return site.emit("Add", close, beyond)


def atanh(site: Site) -> str:
    """half of Log((1 + x) / (1 - x))"""
    one = site.number(1, "one")
    above, below = (site.emit(side, one, site.input(0)) for side in ("Add", "Sub"))
    bent = site.emit("Log", site.emit("Div", above, below))
    site.emit("Mul", bent, site.number(0.5, "half"), into=site.output(0))
    return PRIMITIVES


def erf(site: Site) -> str:
    """a rational approximation, within 1.5e-7"""
    x, one = site.input(0), site.number(1, "one")
    size = site.emit("Abs", x)
    scaled = site.emit("Mul", size, site.number(_ERF_P, "p"))
    t = site.emit("Div", one, site.emit("Add", scaled, one))
    total = site.emit("Mul", t, site.number(_ERF[0], "a"))
    for factor in _ERF[1:]:
        total = site.emit("Mul", t, site.emit("Add", total, site.number(factor, "a")))
    fading = site.emit("Exp", site.emit("Neg", site.emit("Mul", x, x)))
    positive = site.emit("Sub", one, site.emit("Mul", total, fading))
    zero = site.number(0, "zero")
    above, below = (
        site.emit("Cast", site.emit(side, x, zero), to=site.dtype())
        for side in ("Greater", "Less")
    )
    site.emit("Mul", positive, site.emit("Sub", above, below), into=site.output(0))
    return "approximated within 1.5e-7"


def shrink(site: Site) -> str:
    """x + bias below -lambd, x - bias above lambd, else zero"""
    import numpy as np
    from onnx import helper

    x, bound = site.input(0), site.attribute("lambd", 0.5)
    bias = site.number(site.attribute("bias", 0.0), "bias")
    shape = site.shape()
    value = site.weight(np.zeros(shape, helper.tensor_dtype_to_np_dtype(site.dtype())), "zero")
    for operator, edge, moved in (("Greater", bound, "Sub"), ("Less", -bound, "Add")):
        past = site.emit(operator, x, site.number(edge, "edge"))
        value = select(site, past, site.emit(moved, x, bias), value, shape=shape)
    site.emit("Identity", value, into=site.output(0))
    return PRIMITIVES


def thresholded(site: Site) -> str:
    """Where x is above alpha"""
    x = site.input(0)
    above = site.emit("Greater", x, site.number(site.attribute("alpha", 1.0), "alpha"))
    site.emit("Where", above, x, site.number(0, "zero"), into=site.output(0))
    return "Where"


def mean_variance(site: Site) -> str:
    """(x - mean) / (deviation + 1e-9)"""
    x, axes = site.input(0), site.attribute("axes", [0, 2, 3])

    def mean(of: str) -> str:
        return site.emit("ReduceMean", of, axes=axes, keepdims=1)

    centered = site.emit("Sub", x, mean(x))
    variance = mean(site.emit("Mul", centered, centered))
    deviation = site.emit("Add", site.emit("Sqrt", variance), site.number(1e-9, "epsilon"))
    site.emit("Div", centered, deviation, into=site.output(0))
    return PRIMITIVES
