"""Tiny ONNX models of today's opsets, one for each way that an operator is lowered."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import onnx.parser
import onnx.shape_inference
from onnx import helper

from neopack.frameworks.onnx.run import OnnxRuntimeRunner
from neopack.goldens.cases import GoldenCase
from neopack.goldens.directed import golden_cases
from neopack.values.artifact import Array
from neopack.values.signature import InputRequest, Signature


class Case(NamedTuple):
    """A graph in ONNX's text form."""

    opset: int
    graph: str


# by what is rewritten
LOWERED: dict[str, Case] = {
    "einsum-in-capitals": Case(
        18,
        "(float[2,3,4] x, float[4,5] w) => (float[2,3,5] y) "
        '{y = Einsum<equation = "aBc,cD->aBD">(x, w)}',
    ),
    "squeeze": Case(
        13, "(float[1,3,1] x) => (float[] y) <int64[2] a = {0,-1}> {y = Squeeze(x, a)}"
    ),
    "squeeze-all": Case(13, "(float[1,3,1] x) => (float[] y) {y = Squeeze(x)}"),
    "unsqueeze-computed": Case(
        18,
        "(float[2,3] x) => (float[1,2,3,1] y) {c = Constant<value_ints=[0,3]>() "
        "a = Identity(c) y = Unsqueeze(x, a)}",
    ),
    "reduce-sum": Case(
        13,
        "(float[2,3,4] x) => (float[] y) <int64[1] a = {1}> {y = ReduceSum<keepdims=0>(x, a)}",
    ),
    "reduce-sum-all": Case(13, "(float[2,3] x) => (float[] y) {y = ReduceSum(x)}"),
    "reduce-mean": Case(
        18,
        "(float[2,3,4] x) => (float[] y) <int64[2] a = {-1,1}> {y = ReduceMean(x, a)}",
    ),
    "reduce-nothing": Case(
        18,
        "(float[2,3] x) => (float[] y) {y = ReduceMax<noop_with_empty_axes=1>(x)}",
    ),
    "reduce-l2": Case(18, "(float[2,3] x) => (float[] y) <int64[1] a = {1}> {y = ReduceL2(x, a)}"),
    "reduce-bool": Case(
        20,
        "(float[2,3] x) => (bool[] y) <int64[1] a = {1}, float z = {0.5}> "
        "{b = Greater(x, z) y = ReduceMax(b, a)}",
    ),
    "softmax-last": Case(13, "(float[2,3,4] x) => (float[] y) {y = Softmax(x)}"),
    "softmax-middle": Case(13, "(float[2,3,4] x) => (float[] y) {y = Softmax<axis=1>(x)}"),
    "softmax-channels": Case(13, "(float[2,3,1,1] x) => (float[] y) {y = Softmax<axis=1>(x)}"),
    "log-softmax-first": Case(14, "(float[2,3,4] x) => (float[] y) {y = LogSoftmax<axis=0>(x)}"),
    "hardmax-middle": Case(13, "(float[2,3,4] x) => (float[] y) {y = Hardmax<axis=1>(x)}"),
    "split-sizes": Case(
        13,
        "(float[5,2] x) => (float[] a, float[] b) <int64[2] s = {2,3}> {a, b = Split(x, s)}",
    ),
    "split-equal": Case(13, "(float[4,2] x) => (float[] a, float[] b) {a, b = Split<axis=0>(x)}"),
    "split-number": Case(
        18,
        "(float[2,7] x) => (float[] a, float[] b, float[] c) "
        "{a, b, c = Split<axis=1, num_outputs=3>(x)}",
    ),
    "batch-normalization": Case(
        15,
        "(float[1,2,3,3] x) => (float[] y) <float[2] s = {1,2}, float[2] b = {3,4}, "
        "float[2] m = {0.5,0}, float[2] v = {1,2}> {y = BatchNormalization(x, s, b, m, v)}",
    ),
    "reshape-allowzero": Case(
        14,
        "(float[2,6] x) => (float[] y) <int64[3] s = {3,2,-1}> {y = Reshape<allowzero=1>(x, s)}",
    ),
    "reshape-by-shape": Case(
        19,
        "(float[2,3,4] x) => (float[] y) <int64[1] r = {-1}> {s = Shape<end=1>(x) "
        "t = Concat<axis=0>(s, r) y = Reshape<allowzero=1>(x, t)}",
    ),
    "pad-axes": Case(
        18,
        "(float[2,3,4] x) => (float[] y) <int64[4] p = {1,0,2,1}, float v = {7}, "
        "int64[2] a = {2,-2}> {y = Pad(x, p, v, a)}",
    ),
    "pad-reflect": Case(
        19,
        '(float[1,4] x) => (float[] y) <int64[4] p = {0,1,0,2}> {y = Pad<mode="reflect">(x, p)}',
    ),
    "resize-scales": Case(
        13,
        "(float[1,1,4,4] x) => (float[] y) <float[4] s = {1,1,2,2}> "
        '{y = Resize<mode="nearest">(x, , s)}',
    ),
    "resize-sizes": Case(
        19,
        "(float[1,1,4,4] x) => (float[] y) <int64[4] s = {1,1,7,6}> "
        '{y = Resize<mode="linear", antialias=1, '
        'coordinate_transformation_mode="half_pixel_symmetric">(x, , , s)}',
    ),
    "resize-axes": Case(
        18,
        "(float[1,1,4,4] x) => (float[] y) <int64[2] s = {8,6}> "
        '{y = Resize<mode="linear", axes=[2,3]>(x, , , s)}',
    ),
    "resize-axes-scales": Case(
        18,
        "(float[1,1,4,4] x) => (float[] y) <float[2] s = {2,1.5}> "
        '{y = Resize<mode="nearest", axes=[2,3], '
        'coordinate_transformation_mode="asymmetric">(x, , s)}',
    ),
    "resize-in-proportion": Case(
        18,
        '(float[1,1,4,8] x) => (float[] y) <int64[2] s = {8,12}> {y = Resize<mode="linear", '
        'axes=[2,3], keep_aspect_ratio_policy="not_larger">(x, , , s)}',
    ),
    "gemm-without-c": Case(
        13,
        "(float[2,3] x) => (float[] y) <float[3,2] w = {1,-2,3,-4,5,-6}> "
        "{g = Gemm(x, w) y = Relu(g)}",
    ),
    "shape-of-some": Case(15, "(float[2,3,4] x) => (int64[] y) {y = Shape<start=1>(x)}"),
    "gru": Case(
        22,
        "(float[3,2,4] x, float[1,6,4] w, float[1,6,2] r) => (float[] y) "
        "{y = GRU<hidden_size=2>(x, w, r)}",
    ),
    "roi-align": Case(
        16,
        "(float[1,1,6,6] x) => (float[] y) <float[1,4] r = {0,0,4,4}, int64[1] b = {0}> "
        '{y = RoiAlign<coordinate_transformation_mode="output_half_pixel", output_height=2, '
        "output_width=2>(x, r, b)}",
    ),
    "average-pool": Case(
        22,
        "(float[1,2,6,6] x) => (float[] y) "
        "{y = AveragePool<kernel_shape=[2,2], dilations=[1,1], count_include_pad=1>(x)}",
    ),
    "cast": Case(
        21,
        "(float[2,3] x) => (int32[] y) {y = Cast<to=6, saturate=1>(x)}",
    ),
    "relu-of-integers": Case(14, "(int32[2,3] x) => (int32[] y) {y = Relu(x)}"),
    "add-of-bytes": Case(14, "(int8[2,3] x, int8[3] z) => (int8[] y) {y = Add(x, z)}"),
    "hard-swish": Case(14, "(float[2,3] x) => (float[] y) {y = HardSwish(x)}"),
    "swish": Case(24, "(float[2,3] x) => (float[] y) {y = Swish<alpha=1.5>(x)}"),
    "mish": Case(18, "(float[2,3] x) => (float[] y) {y = Mish(x)}"),
    "gelu": Case(20, "(float[2,3] x) => (float[] y) {y = Gelu(x)}"),
    "gelu-tanh": Case(20, '(float[2,3] x) => (float[] y) {y = Gelu<approximate="tanh">(x)}'),
    "layer-normalization": Case(
        17,
        "(float[2,3,4] x, float[4] s, float[4] b) => (float[] y) "
        "{y = LayerNormalization(x, s, b)}",
    ),
    "layer-normalization-outputs": Case(
        17,
        "(float[2,3,4] x, float[3,4] s) => (float[] y, float[] m, float[] d) "
        "{y, m, d = LayerNormalization<axis=1, epsilon=0.01>(x, s)}",
    ),
    "layer-normalization-half": Case(
        17,
        "(float[2,4] z, float[4] t) => (float[] y) {x = Cast<to=10>(z) s = Cast<to=10>(t) "
        "h = LayerNormalization(x, s) y = Cast<to=1>(h)}",
    ),
    "rms-normalization": Case(
        23,
        "(float[2,3,4] x, float[4] s) => (float[] y) {y = RMSNormalization(x, s)}",
    ),
    "group-normalization": Case(
        21,
        "(float[2,4,3,3] x, float[4] s, float[4] b) => (float[2,4,3,3] y) "
        "{y = GroupNormalization<num_groups=2>(x, s, b)}",
    ),
    "softmax-after-group-normalization": Case(
        21,
        "(float[1,4,3,3] x, float[4] s, float[4] b) => (float[1,4,3,3] y) "
        "{g = GroupNormalization<num_groups=2>(x, s, b) y = Softmax<axis=1>(g)}",
    ),
    "cast-like": Case(
        15,
        "(float[2,3] x, int64[1] z) => (int64[] y) {y = CastLike(x, z)}",
    ),
    "trilu": Case(
        14,
        "(float[2,3,4] x) => (float[] y) <int64 k = {1}> {y = Trilu<upper=0>(x, k)}",
    ),
    "trilu-of-booleans": Case(
        14,
        "(float[3,3] x) => (bool[] y) <float z = {0.5}> {b = Less(x, z) y = Trilu(b)}",
    ),
    "dequantize-channels": Case(
        13,
        "(float[2,3] x) => (float[] y) <int8[3,2] q = {-5,4,3,-2,1,0}, float[3] s = {0.5,1,2}, "
        "int8[3] z = {0,1,2}> {w = DequantizeLinear<axis=0>(q, s, z) y = MatMul(x, w)}",
    ),
    "quantize-channels": Case(
        13,
        "(float[2,3] x) => (uint8[] y) <float[3] s = {0.5,0.01,0.001}, uint8[3] z = {3,1,2}> "
        "{y = QuantizeLinear<axis=1>(x, s, z)}",
    ),
    "quantize-one-scale": Case(
        21,
        "(float[2,3] x) => (float[] y) <float s = {0.05}> "
        "{q = QuantizeLinear<output_dtype=3>(x, s) y = DequantizeLinear(q, s)}",
    ),
    "attention": Case(
        23,
        "(float[1,2,3,4] q, float[1,2,3,4] k, float[1,2,3,4] v) => (float[] y) "
        "{y = Attention(q, k, v)}",
    ),
    "rotary": Case(
        23,
        "(float[1,2,3,4] x, float[3,2] c, float[3,2] s) => (float[1,2,3,4] y) "
        "<int64[1,3] p = {2,0,1}> "
        "{y = RotaryEmbedding(x, c, s, p)}",
    ),
    "window": Case(
        17,
        "(float[4] x) => (float[] y) <int64 n = {4}> {w = HannWindow(n) y = Mul(x, w)}",
    ),
    "types-only": Case(
        22,
        "(float[1,2,4,4] x, float[3,2,3,3] w, float z) => (float[] y) {c = Conv(x, w) "
        "l = LeakyRelu(c) e = Elu(l) p = GlobalAveragePool(e) g = GreaterOrEqual(p, z) "
        "o = Where(g, p, z) r = Round(o) i = Identity(r) y = Flatten(i)}",
    ),
    "branches": Case(
        17,
        "(float[2,3] x, float[3] s) => (float[] y) <float z = {0.5}> "
        "{m = ReduceMean<keepdims=0>(x) "
        "c = Greater(m, z) y = If(c) <then_branch = yes () => (float[2,3] a) "
        "{a = LayerNormalization(x, s)}, else_branch = no () => (float[2,3] b) "
        "{b = HardSwish(x)}>}",
    ),
}


def model(opset: int, graph: str, ir: int = 10) -> Any:
    text = f'<ir_version: {ir}, opset_import: ["": {opset}]> agraph {graph}'
    given = onnx.parser.parse_model(text)
    # outputs are written without a shape, which inference knows
    made = onnx.shape_inference.infer_shapes(given, data_prop=True)
    del made.graph.value_info[:]
    for place, node in enumerate(made.graph.node):
        node.name = f"{node.op_type}_{place}"
    return made


def inputs_of(made: Any, seed: int = 0) -> dict[str, Array]:
    """Numbers for each input, around zero, integers small."""
    random = np.random.default_rng(seed)
    found: dict[str, Array] = {}
    for info in made.graph.input:
        kind = helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
        shape = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        numbers = (
            random.standard_normal(shape) if kind.kind == "f" else random.integers(-9, 9, shape)
        )
        found[info.name] = np.asarray(numbers).astype(kind)
    return found


def cases_of(made: Any) -> tuple[GoldenCase, ...]:
    """Inputs for the model, seeded and directed, and what today's ONNX Runtime gives for them."""
    inputs = inputs_of(made)
    compute = OnnxRuntimeRunner(made.SerializeToString(), Signature(inputs=())).predict
    requests = [
        InputRequest(name=name, shape=array.shape, dtype=str(array.dtype))
        for name, array in inputs.items()
    ]
    return golden_cases(requests, inputs, compute(inputs), compute)
