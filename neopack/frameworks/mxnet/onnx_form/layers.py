"""Layers with parameters, pooling and normalization.

Attributes and their defaults: apache/mxnet src/operator and src/operator/nn (1.8.0).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from neopack.formats.onnx_write import Attribute
from neopack.frameworks.mxnet.onnx_form.writing import Call, Graph

__all__ = ["OPERATORS"]

CHANNELS_FIRST = ("", "NCHW", "NCW", "NCDHW")


def _window(call: Call) -> dict[str, Attribute]:
    """Kernel, strides and pads, as many as the kernel has dims."""
    if call.text("layout") not in CHANNELS_FIRST:
        raise call.refused(f"its layout is {call.text('layout')}")
    kernel = call.integers("kernel")
    if not kernel:
        raise call.refused("it has no kernel")
    pads = call.integers("pad") or (0,) * len(kernel)
    return {
        "kernel_shape": kernel,
        "strides": call.integers("stride") or (1,) * len(kernel),
        "pads": (*pads, *pads),
    }


def _convolution(graph: Graph, call: Call) -> str:
    window = _window(call)
    dilations = call.integers("dilate") or (1,) * len(call.integers("kernel"))
    call.flag("no_bias")
    return graph.add(
        "Conv", *call.inputs, **window, dilations=dilations, group=call.integer("num_group", 1)
    )


def _deconvolution(graph: Graph, call: Call) -> str:
    window = _window(call)
    kernel = call.integers("kernel")
    if any(call.integers("target_shape")):
        raise call.refused("it has a target_shape")
    call.flag("no_bias")
    return graph.add(
        "ConvTranspose",
        *call.inputs,
        **window,
        dilations=call.integers("dilate") or (1,) * len(kernel),
        output_padding=call.integers("adj") or (0,) * len(kernel),
        group=call.integer("num_group", 1),
    )


def _fully_connected(graph: Graph, call: Call) -> str:
    rows, weight, *bias = call.inputs
    call.flag("no_bias")
    if call.flag("flatten", True):
        return graph.add("Gemm", graph.add("Flatten", rows, axis=1), weight, *bias, transB=1)
    turned = graph.add("Transpose", weight, perm=(1, 0))
    product = graph.add("MatMul", rows, turned)
    return graph.add("Add", product, *bias) if bias else product


def _embedding(graph: Graph, call: Call) -> str:
    places, weight = call.inputs
    call.text("dtype")
    return graph.add("Gather", weight, graph.add("Cast", places, to=graph.type("int64")), axis=0)


def _pooling(graph: Graph, call: Call) -> str:
    kind = {"max": "Max", "avg": "Average"}.get(call.text("pool_type", "max"))
    if kind is None:
        raise call.refused(f"its pool_type is {call.text('pool_type')}")
    counts, convention = call.flag("count_include_pad", True), call.text("pooling_convention")
    if call.flag("global_pool"):
        for name in ("kernel", "stride", "pad", "layout"):
            call.text(name)
        return graph.add(f"Global{kind}Pool", *call.inputs)
    if convention not in ("", "valid", "full"):
        raise call.refused(f"its pooling_convention is {convention}")
    window = _window(call)
    padded = {"count_include_pad": int(counts)} if kind == "Average" else {}
    return graph.add(
        f"{kind}Pool", *call.inputs, **window, **padded, ceil_mode=int(convention == "full")
    )


def _adaptive_pooling(graph: Graph, call: Call) -> str:
    if set(call.integers("output_size", (1,))) - {1}:
        raise call.refused("its output_size is not 1")
    return graph.add("GlobalAveragePool", *call.inputs)


def _batch_norm(graph: Graph, call: Call) -> str:
    if len(call.inputs) != 5:
        raise call.refused("its statistics are not among what it takes")
    if call.integer("axis", 1) != 1:
        raise call.refused(f"its axis is {call.integer('axis', 1)}")
    data, gamma, *rest = call.inputs
    if call.flag("fix_gamma", True):
        if gamma not in graph.shapes:
            raise call.refused("its gamma is computed")
        gamma = graph.constant([1.0] * graph.shapes[gamma][0])
    return graph.add("BatchNormalization", data, gamma, *rest, epsilon=call.number("eps", 1e-3))


def _instance_norm(graph: Graph, call: Call) -> str:
    return graph.add("InstanceNormalization", *call.inputs, epsilon=call.number("eps", 1e-3))


def _layer_norm(graph: Graph, call: Call) -> str:
    if call.integer("axis", -1) != -1:
        raise call.refused(f"its axis is {call.integer('axis', -1)}")
    data, gamma, beta = call.inputs
    centered = graph.add("Sub", data, graph.add("ReduceMean", data, axes=(-1,)))
    variance = graph.add("ReduceMean", graph.add("Mul", centered, centered), axes=(-1,))
    spread = graph.add(
        "Sqrt", graph.add("Add", variance, graph.constant(call.number("eps", 1e-5)))
    )
    return graph.add("Add", graph.add("Mul", graph.add("Div", centered, spread), gamma), beta)


def _response_norm(graph: Graph, call: Call) -> str:
    return graph.add(
        "LRN",
        *call.inputs,
        alpha=call.number("alpha", 1e-4),
        beta=call.number("beta", 0.75),
        bias=call.number("knorm", 2.0),
        size=call.integer("nsize", 5),
    )


def _unit_length(graph: Graph, call: Call) -> str:
    """L2Normalization: over the channels, or over all of a row."""
    mode, (data,) = call.text("mode", "instance"), call.inputs
    if mode == "spatial":
        raise call.refused("its mode is spatial")
    flat = graph.add("Flatten", data, axis=1) if mode == "instance" else data
    squares = graph.add(
        "ReduceSum", graph.add("Mul", flat, flat), graph.integers((1,)), keepdims=1
    )
    length = graph.add(
        "Sqrt", graph.add("Add", squares, graph.constant(call.number("eps", 1e-10)))
    )
    unit = graph.add("Div", flat, length)
    return graph.add("Reshape", unit, graph.add("Shape", data)) if mode == "instance" else unit


def _leaky(graph: Graph, call: Call) -> str:
    kind, slope = call.text("act_type", "leaky"), call.number("slope", 0.25)
    lower, upper = call.number("lower_bound", 0.125), call.number("upper_bound", 0.334)
    data = call.inputs[0]
    if kind == "prelu":
        return _learned_slope(graph, call)
    if kind == "gelu":
        half = graph.add("Mul", data, graph.constant(0.5))
        spread = graph.add("Erf", graph.add("Mul", data, graph.constant(0.5**0.5)))
        return graph.add("Mul", half, graph.add("Add", spread, graph.constant(1.0)))
    if kind == "selu":
        return graph.add("Selu", data)
    if kind in ("leaky", "rrelu"):
        # without training, rrelu takes the middle of its bounds
        alpha = slope if kind == "leaky" else (lower + upper) / 2
        return graph.add("LeakyRelu", data, alpha=alpha)
    if kind == "elu":
        return graph.add("Elu", data, alpha=slope)
    raise call.refused(f"its act_type is {kind}")


def _learned_slope(graph: Graph, call: Call) -> str:
    """max(x, 0) + slope * min(x, 0), with one slope, or one for each channel."""
    data, slope = call.inputs
    rows = graph.add("Reshape", data, graph.integers((0, 0, -1)))
    column = graph.add("Reshape", slope, graph.integers((-1, 1)))
    zero = graph.constant(0.0)
    below = graph.add("Mul", graph.add("Min", rows, zero), column)
    whole = graph.add("Add", graph.add("Max", rows, zero), below)
    return graph.add("Reshape", whole, graph.add("Shape", data))


def _activation(graph: Graph, call: Call) -> str:
    kinds = {
        "relu": "Relu",
        "sigmoid": "Sigmoid",
        "tanh": "Tanh",
        "softrelu": "Softplus",
        "softsign": "Softsign",
    }
    kind = call.text("act_type")
    if kind not in kinds:
        raise call.refused(f"its act_type is {kind}")
    return graph.add(kinds[kind], *call.inputs)


def _upsampling(graph: Graph, call: Call) -> str:
    if call.text("sample_type") != "nearest" or len(call.inputs) != 1:
        raise call.refused("it is not of one input, by the nearest")
    scale = call.number("scale", 1)
    call.text("multi_input_mode")
    scales = graph.constant([1.0, 1.0, scale, scale])
    return graph.add(
        "Resize",
        call.inputs[0],
        "",
        scales,
        mode="nearest",
        nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )


def _dropout(graph: Graph, call: Call) -> str:
    if call.text("mode", "training") != "training":
        raise call.refused("it drops always")
    call.integers("axes")
    return graph.add("Identity", call.inputs[0])


OPERATORS: Mapping[str, Callable[[Graph, Call], str | Sequence[str]]] = {
    "Convolution": _convolution,
    "Convolution_v1": _convolution,
    "Deconvolution": _deconvolution,
    "FullyConnected": _fully_connected,
    "Embedding": _embedding,
    "Pooling": _pooling,
    "Pooling_v1": _pooling,
    "_contrib_AdaptiveAvgPooling2D": _adaptive_pooling,
    "BatchNorm": _batch_norm,
    "BatchNorm_v1": _batch_norm,
    "InstanceNorm": _instance_norm,
    "LayerNorm": _layer_norm,
    "LRN": _response_norm,
    "L2Normalization": _unit_length,
    "LeakyReLU": _leaky,
    "Activation": _activation,
    "UpSampling": _upsampling,
    "Dropout": _dropout,
}
