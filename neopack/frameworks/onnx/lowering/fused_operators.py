"""What ONNX Runtime fuses operators into, as the operators that they were.

Source: microsoft/onnxruntime docs/ContribOperators.md (2026).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from neopack.frameworks.onnx.lowering.new_operators import gelu, write_gelu
from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site

__all__ = ["DOMAIN", "FUSED"]

DOMAIN = "com.microsoft"
APART = "its parts"
# activation: the attributes that its parameters are, in their order
ACTIVATIONS: Mapping[str, Sequence[str]] = {
    "Relu": (),
    "Sigmoid": (),
    "Tanh": (),
    "LeakyRelu": ("alpha",),
    "HardSigmoid": ("alpha", "beta"),
}
CLIP = "Clip"
OF_CONV = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")


def _activated(site: Site, x: str, parameters: Sequence[float]) -> str:
    """``x`` under the activation that the node names."""
    name, into = site.attribute("activation", ""), site.output(0)
    if name == CLIP:
        low, high = parameters
        bounds = [site.number(low, "low"), site.number(high, "high")]
        return site.emit("Clip", x, *bounds, into=into)
    if name not in ACTIVATIONS:
        raise NotInOnnx(f"{site.node.op_type} with {name}")
    words = dict(zip(ACTIVATIONS[name], parameters, strict=False))
    return site.emit(name, x, into=into, **words)


def fused_conv(site: Site) -> str:
    """activation(Conv(x, w, b) + z)"""
    words = {word: site.attribute(word, None) for word in OF_CONV}
    words = {word: value for word, value in words.items() if value is not None}
    inputs = [site.input(at) for at in range(3)]
    activation = site.attribute("activation", "")
    into = "" if activation or site.input(3) else site.output(0)
    x = site.emit("Conv", *(name for name in inputs if name), into=into, **words)
    if site.input(3):
        x = site.emit("Add", x, site.input(3), into="" if activation else site.output(0))
    if activation:
        _activated(site, x, site.attribute("activation_params", []))
    return APART


def fused_gemm(site: Site) -> str:
    """activation(Gemm(a, b, c))"""
    words = {word: site.attribute(word, None) for word in ("alpha", "beta", "transA", "transB")}
    words = {word: value for word, value in words.items() if value is not None}
    x = site.emit("Gemm", *(name for name in site.node.input if name), **words)
    given = (site.attribute(f"activation_{word}", None) for word in ("alpha", "beta"))
    _activated(site, x, [value for value in given if value is not None])
    return APART


def fused_matmul(site: Site) -> str:
    """alpha * MatMul of matrices that are turned first, or not"""
    if site.attribute("transBatchA", 0) or site.attribute("transBatchB", 0):
        raise NotInOnnx("FusedMatMul that turns batches")
    sides = [
        _turned(site, place) if site.attribute(word, 0) else site.input(place)
        for place, word in enumerate(("transA", "transB"))
    ]
    alpha = site.attribute("alpha", 1.0)
    product = site.emit("MatMul", *sides, into=site.output(0) if alpha == 1 else "")
    if alpha != 1:
        site.emit("Mul", product, site.number(alpha, "alpha"), into=site.output(0))
    return APART


def _turned(site: Site, place: int) -> str:
    order = list(range(site.rank(place)))
    order[-2:] = order[:-3:-1]
    return site.emit("Transpose", site.input(place), perm=order)


def quick_gelu(site: Site) -> str:
    """x * Sigmoid(alpha * x)"""
    x = site.input(0)
    scaled = site.emit("Mul", x, site.number(site.attribute("alpha", 1.702), "alpha"))
    site.emit("Mul", x, site.emit("Sigmoid", scaled), into=site.output(0))
    return APART


def biased_gelu(site: Site) -> str:
    """Gelu of x + bias; that of FastGelu is the one with a tanh"""
    x = site.emit("Add", site.input(0), site.input(1)) if site.input(1) else site.input(0)
    write_gelu(site, x, tanh=site.node.op_type == "FastGelu")
    return APART


def skip_layer_normalization(site: Site) -> str:
    """LayerNormalization of x + skip + bias, over the last dim"""
    data, skip, gamma, beta, bias = (site.input(at) for at in range(5))
    mean, deviation, total = (site.output(at) for at in (1, 2, 3))
    if mean or deviation:
        raise NotInOnnx("SkipLayerNormalization that gives the mean")
    x = site.emit("Add", data, skip, into="" if bias else total)
    x = site.emit("Add", x, bias, into=total) if bias else x
    apart = site.emit("Sub", x, site.emit("ReduceMean", x, axes=[-1]))
    spread = site.emit("ReduceMean", site.emit("Mul", apart, apart), axes=[-1])
    eps = site.number(site.attribute("epsilon", 1e-12), "epsilon")
    normed = site.emit("Div", apart, site.emit("Sqrt", site.emit("Add", spread, eps)))
    scaled = site.emit("Mul", normed, gamma, into="" if beta else site.output(0))
    if beta:
        site.emit("Add", scaled, beta, into=site.output(0))
    return APART


FUSED: Mapping[str, Callable[[Site], str]] = {
    "BiasGelu": biased_gelu,
    "FastGelu": biased_gelu,
    "FusedConv": fused_conv,
    "FusedGemm": fused_gemm,
    "FusedMatMul": fused_matmul,
    "Gelu": gelu,
    "QuickGelu": quick_gelu,
    "SkipLayerNormalization": skip_layer_normalization,
}
