"""Tiny quantized ONNX models, and models in half precision. Weights are random ones of their type."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import onnx.parser
import onnx.shape_inference
from onnx import helper, numpy_helper

__all__ = ["HALVES", "QUANTIZED", "QuantizedCase", "quantized_model"]


class QuantizedCase(NamedTuple):
    """A graph in ONNX's text form. Its inputs apart from x are weights."""

    opset: int
    graph: str


_IMAGE = "float[1,3,8,8] x, int8[4,3,3,3] w"
_SCALES = (
    "float s = {0.02}, uint8 z = {128}, int8 t = {-7}, int8 o = {0}, float r = {0.1}, "
    "float v = {0.01}, float[4] c = {0.01,0.02,0.005,0.03}, int8[4] n = {0,0,0,0}"
)
_IN = "q = QuantizeLinear(x, s, z)"
_OUT = "y = DequantizeLinear(a, r, z)"

QUANTIZED: dict[str, QuantizedCase] = {
    "qdq": QuantizedCase(
        12,
        f"({_IMAGE}) => (float[1,4,6,6] y) <{_SCALES}> {{{_IN} d = DequantizeLinear(q, s, z) "
        f"k = DequantizeLinear(w, v, o) f = Conv(d, k) a = QuantizeLinear(f, r, z) {_OUT}}}",
    ),
    "qdq-by-channel": QuantizedCase(
        13,
        f"({_IMAGE}) => (float[1,4,6,6] y) <{_SCALES}> {{{_IN} d = DequantizeLinear(q, s, z) "
        "k = DequantizeLinear<axis=0>(w, c, n) f = Conv(d, k) g = Relu(f) "
        f"a = QuantizeLinear(g, r, z) {_OUT}}}",
    ),
    "qdq-by-row": QuantizedCase(
        17,
        f"(float[2,16] x, int8[4,16] w, float[4] b) => (float[2,4] y) <{_SCALES}> {{{_IN} "
        "d = DequantizeLinear(q, s, z) k = DequantizeLinear<axis=0>(w, c, n) "
        f"f = Gemm<transB=1>(d, k, b) a = QuantizeLinear(f, r, z) {_OUT}}}",
    ),
    "qdq-of-int8-to-bytes": QuantizedCase(
        13,
        f"({_IMAGE}) => (int8[1,4,6,6] y) <{_SCALES}> {{q = QuantizeLinear(x, s, t) "
        "d = DequantizeLinear(q, s, t) k = DequantizeLinear<axis=0>(w, c, n) f = Conv(d, k) "
        "y = QuantizeLinear(f, r, o)}",
    ),
    "bias-of-int32": QuantizedCase(
        13,
        f"(float[1,3,8,8] x, int8[4,3,3,3] w, int32[4] b) => (float[1,4,6,6] y) <{_SCALES}, float j = {{0.0002}}> "
        f"{{{_IN} d = DequantizeLinear(q, s, z) k = DequantizeLinear(w, v, o) "
        f"h = DequantizeLinear(b, j) f = Conv(d, k, h) a = QuantizeLinear(f, r, z) {_OUT}}}",
    ),
    "of-an-unknown-type": QuantizedCase(
        13,
        f"(float[1,3,4,4] x) => (float[1,3,4,4] y) <{_SCALES}> {{{_IN} "
        f"a = com.microsoft.QLinearAdd(q, s, z, q, s, z, r, z) {_OUT}}}",
    ),
    "weights-alone": QuantizedCase(
        13,
        f"({_IMAGE}) => (float[1,4,6,6] y) <{_SCALES}> {{k = DequantizeLinear<axis=0>(w, c) "
        "y = Conv(x, k)}",
    ),
    "weights-of-four-bits": QuantizedCase(
        21,
        "(float[2,16] x, int4[16,8] w, float[16] h) => (float[2,8] y) "
        "{k = DequantizeLinear<axis=0>(w, h) y = MatMul(x, k)}",
    ),
    "many-weights-in-blocks": QuantizedCase(
        21,
        "(float[2,128] x, int4[128,80] w, float[4,80] h) => (float[2,80] y) "
        "{k = DequantizeLinear<axis=0, block_size=32>(w, h) y = MatMul(x, k)}",
    ),
    "conv": QuantizedCase(
        10,
        f"(float[1,3,8,8] x, uint8[4,3,3,3] w, int32[4] b) => (float[1,4,8,8] y) <{_SCALES}> "
        f"{{{_IN} a = QLinearConv<pads=[1,1,1,1]>(q, s, z, w, v, z, r, z, b) {_OUT}}}",
    ),
    "conv-to-bytes": QuantizedCase(
        10,
        f"({_IMAGE}) => (uint8[1,4,6,6] y) <{_SCALES}> "
        f"{{{_IN} y = QLinearConv(q, s, z, w, v, o, r, z)}}",
    ),
    "conv-by-channel": QuantizedCase(
        10,
        f"(float[1,3,8,8] x, int8[4,3,3,3] w, int32[4] b) => (float[1,4,4,4] y) <{_SCALES}> "
        f"{{{_IN} a = QLinearConv<pads=[1,1,1,1], strides=[2,2]>(q, s, z, w, c, n, r, z, b) {_OUT}}}",
    ),
    "conv-of-int8": QuantizedCase(
        10,
        f"({_IMAGE}) => (int8[1,4,6,6] y) <{_SCALES}> {{q = QuantizeLinear(x, s, t) "
        "y = QLinearConv(q, s, t, w, c, n, r, t)}",
    ),
    "matrices": QuantizedCase(
        10,
        f"(float[2,8] x, int8[8,5] w) => (float[2,5] y) <{_SCALES}> "
        f"{{{_IN} a = QLinearMatMul(q, s, z, w, v, o, r, z) {_OUT}}}",
    ),
    "matrices-of-int8": QuantizedCase(
        10,
        f"(float[2,8] x, int8[8,5] w) => (int8[2,5] y) <{_SCALES}> "
        "{q = QuantizeLinear(x, s, t) y = QLinearMatMul(q, s, t, w, v, o, r, t)}",
    ),
    "at-run-time": QuantizedCase(
        11,
        f"(float[2,8] x, int8[8,5] w) => (float[2,5] y) <{_SCALES}> "
        "{q, e, g = DynamicQuantizeLinear(x) i = MatMulInteger(q, w, g, o) f = Cast<to=1>(i) "
        "h = Mul(e, v) y = Mul(f, h)}",
    ),
    "conv-at-run-time": QuantizedCase(
        11,
        f"({_IMAGE}) => (float[1,4,8,8] y) <{_SCALES}> {{q, e, g = DynamicQuantizeLinear(x) "
        "i = ConvInteger<pads=[1,1,1,1]>(q, w, g, o) f = Cast<to=1>(i) y = Mul(f, e)}",
    ),
    "columns-of-other-zeros": QuantizedCase(
        11,
        "(float[2,8] x, uint8[8,4] w) => (float[2,4] y) <uint8[4] h = {120,0,255,7}> "
        "{q, e, g = DynamicQuantizeLinear(x) i = MatMulInteger(q, w, g, h) f = Cast<to=1>(i) "
        "y = Mul(f, e)}",
    ),
    "channels-of-other-zeros": QuantizedCase(
        10,
        f"(float[1,3,8,8] x, uint8[4,3,3,3] w) => (float[1,4,8,8] y) <{_SCALES}, uint8[4] h = {{120,0,255,7}}> "
        f"{{{_IN} a = QLinearConv<pads=[1,1,1,1]>(q, s, z, w, c, h, r, z) {_OUT}}}",
    ),
    "integers-alone": QuantizedCase(
        10, "(uint8[2,8] x, int8[8,5] w) => (int32[2,5] y) {y = MatMulInteger(x, w)}"
    ),
    "of-microsoft": QuantizedCase(
        11,
        f"(float[1,3,4,4] x) => (float[1,3,4,4] y) <{_SCALES}> {{{_IN} "
        f"a = com.microsoft.QLinearAdd(q, s, z, q, s, z, r, z) {_OUT}}}",
    ),
    "pooled": QuantizedCase(
        11,
        f"(float[1,3,4,4] x) => (float[1,3,1,1] y) <{_SCALES}> {{{_IN} "
        "p = com.microsoft.QLinearAveragePool<kernel_shape=[2,2], channels_last=0>(q, s, z, s, z) "
        f"a = com.microsoft.QLinearGlobalAveragePool<channels_last=0>(p, s, z, r, z) {_OUT}}}",
    ),
    "gated": QuantizedCase(
        11,
        f"(float[1,3,4,4] x) => (float[1,6,4,4] y) <{_SCALES}, float e = {{0.004}}, uint8 f = {{0}}> {{{_IN} "
        "g = com.microsoft.QLinearSigmoid(q, s, z, e, f) "
        "m = com.microsoft.QLinearMul(q, s, z, g, e, f, r, z) "
        f"a = com.microsoft.QLinearConcat<axis=1>(r, z, m, r, z, q, s, z) {_OUT}}}",
    ),
    "gemm": QuantizedCase(
        11,
        f"(float[2,8] x, int8[4,8] w, int32[4] b) => (float[2,4] y) <{_SCALES}> {{{_IN} "
        f"a = com.microsoft.QGemm<transB=1, alpha=1.0>(q, s, z, w, v, o, b, r, z) {_OUT}}}",
    ),
    "gemm-of-int8-by-column": QuantizedCase(
        11,
        f"(float[2,8] x, int8[8,4] w) => (int8[2,4] y) <{_SCALES}> {{q = QuantizeLinear(x, s, t) "
        "y = com.microsoft.QGemm<alpha=1.0>(q, s, t, w, c, n, , r, t)}",
    ),
    "gemm-to-float": QuantizedCase(
        11,
        f"(float[2,8] x, int8[8,4] w, int32[4] b) => (float[2,4] y) <{_SCALES}> {{{_IN} "
        "y = com.microsoft.QGemm<alpha=0.5>(q, s, z, w, v, o, b)}",
    ),
    "bytes-as-outputs": QuantizedCase(
        11,
        f"(float[1,3,4,4] x) => (uint8[1,3,4,4] y) <{_SCALES}> {{f = Relu(x) "
        "y = QuantizeLinear(f, s, z)}",
    ),
}  # fmt: skip

HALVES: dict[str, QuantizedCase] = {
    "normalized": QuantizedCase(
        17,
        "(float16[2,32] x, float16[32,16] w, float16[16] g) => (float16[2,16] y) "
        "{t = Softmax(x) m = MatMul(t, w) y = LayerNormalization(m, g)}",
    ),
    "between-floats": QuantizedCase(
        17,
        "(float[2,32] x, float16[32,16] w, float16[16] g) => (float[2,16] y) "
        "{h = Cast<to=10>(x) t = Softmax(h) m = MatMul(t, w) n = LayerNormalization(m, g) "
        "y = Cast<to=1>(n)}",
    ),
}


def quantized_model(case: QuantizedCase) -> Any:
    header = f'<ir_version: 7, opset_import: ["": {case.opset}, "com.microsoft": 1]>'
    model = onnx.parser.parse_model(f"{header} agraph {case.graph}")
    random = np.random.default_rng(3)
    weights = [info for info in model.graph.input if info.name != "x"]
    for info in weights:
        kind = info.type.tensor_type.elem_type
        shape = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        model.graph.initializer.append(_random(info.name, kind, shape, random))
        model.graph.input.remove(info)
    return model


def _random(name: str, kind: int, shape: list[int], random: np.random.Generator) -> Any:
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    if kind == onnx.TensorProto.INT4:
        values = random.integers(-8, 8, shape).reshape(-1).tolist()
        return helper.make_tensor(name, kind, shape, values)
    if dtype.kind == "f":
        return numpy_helper.from_array(random.standard_normal(shape).astype(dtype), name)
    most = min(np.iinfo(dtype).max, 3000)
    return numpy_helper.from_array(random.integers(-most - 1, most, shape).astype(dtype), name)
