"""Tiny ONNX models of opsets 9 to 12, one for each way that an operator goes further down."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from onnx_models import inputs_of

from neopack.values.artifact import Array

__all__ = ["NOT_IN_2020", "OLDER", "OlderCase", "apart", "numbers_of"]


class OlderCase(NamedTuple):
    """A graph in ONNX's text form; ``floor`` is the lowest opset that it goes down to."""

    opset: int
    graph: str
    floor: int = 7


# inputs are numbers around zero; those named n have some that are infinite or no number
OLDER: dict[str, OlderCase] = {
    # axes
    "argmax": OlderCase(
        12, "(float[2,3,4] x) => (int64[] y) {y = ArgMax<axis=-2, keepdims=0>(x)}"
    ),
    "argmax-last": OlderCase(
        12, "(float[2,3] z) => (int64[] y) {x = Round(z) y = ArgMax<axis=1, select_last_index=1>(x)}"
    ),
    "argmin-last": OlderCase(
        12,
        "(float[2,7] z) => (int64[] y) "
        "{x = Round(z) y = ArgMin<axis=-1, keepdims=0, select_last_index=1>(x)}",
    ),
    "concat": OlderCase(11, "(float[2,3] x, float[2,1] z) => (float[] y) {y = Concat<axis=-1>(x, z)}"),
    "flatten": OlderCase(11, "(float[2,3,4] x) => (float[] y) {y = Flatten<axis=-1>(x)}"),
    "softmax": OlderCase(
        12,
        "(float[2,3,4] x) => (float[] y) {a = Softmax<axis=-1>(x) b = LogSoftmax<axis=-2>(a) "
        "y = Hardmax<axis=-1>(b)}",
    ),
    "reductions": OlderCase(
        12,
        "(float[2,3,4] x) => (float[] y) {a = Exp(x) b = ReduceL1<axes=[-1]>(a) "
        "c = ReduceL2<axes=[-1]>(a) d = ReduceLogSum<axes=[-1]>(a) e = ReduceLogSumExp<axes=[-1]>(a) "
        "f = ReduceMax<axes=[-1]>(a) g = ReduceMean<axes=[-1]>(a) h = ReduceMin<axes=[-1]>(a) "
        "i = ReduceProd<axes=[-1]>(a) j = ReduceSum<axes=[-1]>(a) k = ReduceSumSquare<axes=[-1]>(a) "
        "y = Concat<axis=-1>(b, c, d, e, f, g, h, i, j, k)}",
    ),
    "reduce-bytes": OlderCase(
        12, "(uint8[2,3] x) => (uint8[] y) {a = ReduceMax<axes=[-1]>(x) b = ReduceMin(x) "
        "c = Cast<to=6>(a) d = Cast<to=6>(b) e = Add(c, d) y = Cast<to=2>(e)}"
    ),
    "squeeze": OlderCase(
        12, "(float[1,3,1] x) => (float[] y) {a = Squeeze<axes=[-1]>(x) y = Unsqueeze<axes=[-1,1]>(a)}"
    ),
    "split": OlderCase(
        11, "(float[2,5] x) => (float[] a, float[] b) {a, b = Split<axis=-1, split=[2,3]>(x)}"
    ),
    # slices and pads
    "slice": OlderCase(
        12,
        "(float[4,5,6] x) => (float[] y) <int64[2] a = {1,-9}, int64[2] b = {-1,99}, "
        "int64[2] c = {0,-1}> {y = Slice(x, a, b, c)}",
    ),
    "slice-from-the-end": OlderCase(
        11, "(float[4,5] x) => (float[] y) <int64[2] a = {-3,1}, int64[2] b = {-1,-1}> "
        "{y = Slice(x, a, b)}",
    ),
    "slice-steps": OlderCase(
        12,
        "(float[4,7] x) => (float[] y) <int64[2] a = {-1,1}, int64[2] b = {-99,6}, "
        "int64[2] c = {0,1}, int64[2] s = {-1,2}> {y = Slice(x, a, b, c, s)}",
    ),
    "slice-computed": OlderCase(
        12,
        "(float[4] x, int64[1] z) => (float[n] y) <int64[1] zero = {0}, int64[1] one = {1}> "
        "{m = Mul(z, zero) b = Add(m, one) y = Slice(x, zero, b)}",
        10,
    ),
    "pad": OlderCase(
        12,
        "(float[2,3] x) => (float[] y) <int64[4] p = {1,0,2,1}, float v = {7}> {y = Pad(x, p, v)}",
    ),
    "pad-reflect": OlderCase(
        11,
        '(float[1,4] x) => (float[] y) <int64[4] p = {0,2,0,3}> {y = Pad<mode="reflect">(x, p)}',
    ),
    "pad-integers": OlderCase(
        12,
        "(int64[2,3] x) => (int64[] y) <int64[4] p = {1,-1,0,2}, int64 v = {5}> {y = Pad(x, p, v)}",
    ),
    "pad-integers-edge": OlderCase(
        11,
        '(int32[2,4] x) => (int32[] y) <int64[4] p = {1,2,0,3}> {a = Pad<mode="edge">(x, p) '
        'y = Pad<mode="reflect">(a, p)}',
    ),
    "pad-computed": OlderCase(
        12,
        "(float[4] x, int64[2] z) => (float[n] y) <int64[2] zero = {0,0}, int64[2] one = {1,2}> "
        "{m = Mul(z, zero) p = Add(m, one) y = Pad(x, p)}",
        11,
    ),
    "cumsum": OlderCase(11, "(float[3,5] x) => (float[] y) <int32 a = {-1}> {y = CumSum(x, a)}"),
    "cumsum-infinite": OlderCase(11, "(float[7] n) => (float[] y) <int64 a = {0}> {y = CumSum(n, a)}"),
    "cumsum-reverse": OlderCase(
        11,
        "(int64[6,2] x) => (int64[] y) <int64 a = {0}> {y = CumSum<reverse=1, exclusive=1>(x, a)}",
    ),
    "cumsum-of-one": OlderCase(
        11,
        "(float[1,2] x) => (float[] y) <int64 a = {0}> "
        "{b = CumSum<exclusive=1>(x, a) c = CumSum(x, a) y = Add(b, c)}",
    ),
    "depth-to-space": OlderCase(
        12,
        "(float[2,8,2,3] x) => (float[] y) {a = DepthToSpace<blocksize=2>(x) "
        'b = DepthToSpace<blocksize=2, mode="CRD">(x) y = Sub(a, b)}',
    ),
    "top": OlderCase(
        12, "(float[3,7] x) => (float[] y, int64[] i) <int64[1] k = {2}> {y, i = TopK(x, k)}"
    ),
    "top-smallest": OlderCase(
        11,
        "(float[3,7] x) => (float[] y, int64[] i) <int64[1] k = {3}> "
        "{y, i = TopK<axis=0, largest=0>(x, k)}",
    ),
    "top-of-integers": OlderCase(
        11,
        "(int32[9] x) => (int32[] y, int64[] i) <int64[1] k = {3}> {y, i = TopK<largest=0>(x, k)}",
    ),
    "top-of-long-integers": OlderCase(
        11, "(int64[9] x) => (int64[] y, int64[] i) <int64[1] k = {3}> {y, i = TopK(x, k)}", 11
    ),
    "top-computed": OlderCase(
        12,
        "(float[5] x, int64[1] z) => (float[n] y, int64[n] i) <int64[1] zero = {0}, "
        "int64[1] one = {2}> {m = Mul(z, zero) k = Add(m, one) y, i = TopK(x, k)}",
        10,
    ),
    # indices
    "gather": OlderCase(
        12, "(float[3,4] x) => (float[] y) <int64[3] i = {-1,0,-4}> {y = Gather<axis=-1>(x, i)}"
    ),
    "gather-computed": OlderCase(
        12, "(float[9,2] x, int32[5] i) => (float[] y) {y = Gather(x, i)}"
    ),
    "gather-largest": OlderCase(
        12,
        "(float[9,2] x) => (float[] y) {i = ArgMax<keepdims=0>(x) y = Gather(x, i)}",
    ),
    "gather-elements": OlderCase(
        12,
        "(float[3,4] x) => (float[] y) <int64[2,2] i = {-1,0,2,1}> "
        "{a = GatherElements<axis=-1>(x, i) b = GatherElements(x, i) y = Sub(a, b)}",
    ),
    "gather-elements-computed": OlderCase(
        11, "(float[2,9,2] x, int64[2,3,2] i) => (float[] y) {y = GatherElements<axis=1>(x, i)}"
    ),
    "gather-nd": OlderCase(
        12,
        "(float[3,4,2] x) => (float[] y) <int64[2,2] i = {-1,0,2,-2}> {y = GatherND(x, i)}",
    ),
    "gather-nd-computed": OlderCase(
        11, "(float[9,9] x, int64[5,2] i) => (float[] y) {y = GatherND(x, i)}"
    ),
    "gather-nd-batches": OlderCase(
        12,
        "(float[2,3,4] x) => (float[] y) <int64[2,2,1] i = {-1,0,2,-2}> "
        "{y = GatherND<batch_dims=1>(x, i)}",
    ),
    "scatter-elements": OlderCase(
        12,
        "(float[3,4] x, float[2,2] u) => (float[] y) <int64[2,2] i = {-1,0,2,1}> "
        "{y = ScatterElements<axis=-1>(x, i, u)}",
        9,
    ),
    "scatter-nd": OlderCase(
        12,
        "(float[3,4,2] x, float[2,2] u) => (float[] y) <int64[2,2] i = {1,0,2,3}> "
        "{y = ScatterND(x, i, u)}",
        9,
    ),
    "scatter-nd-from-the-end": OlderCase(
        12,
        "(float[3,4,2] x, float[2,2] u) => (float[] y) <int64[2,2] i = {-1,0,2,-2}> "
        "{y = ScatterND(x, i, u)}",
        9,
    ),
    "one-hot": OlderCase(
        12,
        "(int64[5] i) => (float[] y) <int64 d = {4}, float[2] v = {-1,3}> {y = OneHot(i, d, v)}",
    ),
    "one-hot-axis": OlderCase(
        10,
        "(int64[2,5] z) => (int64[] y) <int64[1] d = {10}, int64[2] v = {0,1}, int64 s = {9}> "
        "{i = Add(z, s) y = OneHot<axis=1>(i, d, v)}",
    ),
    "compress": OlderCase(
        11,
        "(float[3,4] x) => (float[] y) <bool[3] c = {1,0,1}, bool[6] d = {0,1,1,0,0,1}> "
        "{a = Compress<axis=-2>(x, c) y = Compress(a, d)}",
    ),
    "where": OlderCase(
        12,
        "(float[2,1,3] n, float[4,1] z) => (float[] y) <float h = {0}> "
        "{c = Less(z, h) y = Where(c, n, z)}",
    ),
    "where-masks": OlderCase(
        12,
        "(float[2,3] x, int64[2,3] m) => (float[] y) <int64 z = {0}, float o = {-10000}> "
        "{c = Greater(m, z) y = Where(c, o, x)}",
    ),
    "expand": OlderCase(
        12,
        "(float[3,1] x, int64[1] i) => (float[] y, int64[] j) <int64[3] s = {2,1,4}> "
        "{y = Expand(x, s) j = Expand(i, s)}",
    ),
    "constant-of-shape": OlderCase(
        12,
        "(float[2,3] x) => (float[] y, int64[] z) {s = Shape(x) a = ConstantOfShape(s) "
        "y = Add(x, a) z = ConstantOfShape<value = int64[1] {7}>(s)}",
    ),
    "eye-like": OlderCase(
        12, "(float[3,4] x) => (float[] y) {a = EyeLike<k=1>(x) y = Mul(x, a)}"
    ),
    "nonzero": OlderCase(12, "(float[3,4] x) => (int64[2,n] y) {r = Relu(x) y = NonZero(r)}", 9),
    "range-computed": OlderCase(
        12,
        "(int64 x) => (int64[n] y) <int64 a = {0}, int64 b = {4}> "
        "{m = Mul(x, a) l = Add(m, b) d = Constant<value = int64 {1}>() y = Range(a, l, d)}",
        11,
    ),
    "range": OlderCase(
        12,
        "(float[2,3] x) => (float[] y) {a = Constant<value_float=0.0>() b = Constant<value_float=3.0>() "
        "d = Constant<value_float=1.0>() r = Range(a, b, d) y = Mul(x, r)}",
    ),
    # arithmetic
    "clip": OlderCase(
        12, "(float[2,3] n) => (float[] y) <float a = {-0.5}, float b = {0.5}> {y = Clip(n, a, b)}"
    ),
    "clip-below": OlderCase(12, "(float[7] n) => (float[] y) <float a = {0.1}> {y = Clip(n, a)}"),
    "clip-above": OlderCase(11, "(float[7] n) => (float[] y) <float b = {0.1}> {y = Clip(n, , b)}"),
    "clip-nothing": OlderCase(11, "(float[7] n) => (float[] y) {y = Clip(n)}"),
    "clip-integers": OlderCase(
        12, "(int64[9] x) => (int64[] y) <int64 a = {-3}, int64 b = {4}> {y = Clip(x, a, b)}"
    ),
    "clip-bytes": OlderCase(12, "(int8[9] x) => (int8[] y) <int8 b = {4}> {y = Clip(x, , b)}"),
    "extremes": OlderCase(
        12,
        "(float[2,3] x, float[3] z, float s) => (float[] y) {a = Max(x, z, s) b = Min(z, x) "
        "c = Sum(a, b, z) d = Mean(c, z, s) y = Max(d)}",
    ),
    "extremes-of-integers": OlderCase(
        12,
        "(int64[2,3] x, int64[3] z, uint8[4] u, uint8[4] v) => (int64[] y, uint8[] w) "
        "{a = Max(x, z) b = Min(x, z) y = Sub(a, b) w = Max(u, v)}",
    ),
    "power": OlderCase(
        12,
        "(float[2,3] x, int64 e) => (float[] y) {a = Abs(x) y = Pow(a, e)}",
    ),
    "power-of-integers": OlderCase(
        12, "(int64[7] x) => (int64[] y) <float e = {3}> {y = Pow(x, e)}"
    ),
    "power-of-integers-computed": OlderCase(
        12, "(int32[7] z, int32 w) => (int32[] y) {e = Abs(w) y = Pow(z, e)}", 12
    ),
    "round": OlderCase(
        11,
        "(float[9] n, float[9] z) => (float[] y) <float h = {0.5}, float t = {1000.0}> "
        "{a = Round(n) m = Mul(z, t) f = Floor(m) o = Add(f, h) p = Round(o) y = Concat<axis=0>(a, p)}",
    ),
    "modulo": OlderCase(
        12,
        "(int64[9] x, int64 s) => (int64[] y) <int64 q = {-4}, int64[9] b = {1,2,3,4,5,6,-7,-8,-9}> "
        "{m = Mod(x, b) n = Mod<fmod=1>(x, b) y = Concat<axis=0>(m, n)}",
    ),
    "modulo-of-floats": OlderCase(
        12, "(float[9] x) => (float[] y) <float b = {0.3}> {y = Mod<fmod=1>(x, b)}", 10
    ),
    "bit-shift": OlderCase(
        11,
        "(uint8[5] x) => (uint8[] y) <uint8[5] s = {0,1,2,3,4}> "
        '{a = BitShift<direction="LEFT">(x, s) y = BitShift<direction="RIGHT">(a, s)}',
    ),
    "equal": OlderCase(
        12, "(float[9] n, float[9] m) => (bool[] y) {p = Round(n) q = Round(m) y = Equal(p, q)}"
    ),
    "or-equal": OlderCase(
        12,
        "(float[9] n, float[9] m) => (bool[] y) {p = Round(n) q = Round(m) a = GreaterOrEqual(p, q) "
        "b = LessOrEqual(p, q) y = Concat<axis=0>(a, b)}",
    ),
    "compare-integers": OlderCase(
        12,
        "(int64[9] x, int64[9] z) => (bool[] y) <int64 f = {1152921504606846977}> {u = Mul(x, f) "
        "v = Mul(z, f) a = Greater(u, v) b = Less(x, z) y = Concat<axis=0>(a, b)}",
    ),
    "compare-short-integers": OlderCase(
        12, "(int32[9] x, int32[9] z) => (bool[] y) {y = Less(x, z)}"
    ),
    "not-finite": OlderCase(
        12,
        "(float[9] n) => (bool[] y) {a = IsInf(n) b = IsNaN(n) c = IsInf<detect_negative=0>(n) "
        "y = Concat<axis=0>(a, b, c)}",
    ),
    "sign": OlderCase(12, "(float[9] x) => (float[] y) {y = Sign(x)}"),
    "matmul-of-integers": OlderCase(
        12, "(int32[2,3] x, int32[3,2] z) => (int32[] y) {y = MatMul(x, z)}", 9
    ),
    # functions
    "celu": OlderCase(12, "(float[9] x) => (float[] y) {y = Celu<alpha=1.5>(x)}"),
    "hyperbolic": OlderCase(
        12,
        "(float[9] x) => (float[] y) <float o = {1}> {a = Sinh(x) b = Cosh(x) c = Asinh(x) "
        "d = Acosh(b) t = Tanh(x) e = Atanh(t) y = Concat<axis=0>(a, b, c, d, e)}",
    ),
    "asinh-of-all-sizes": OlderCase(
        12,
        "(float[9] x) => (float[] y) <float[9] s = {0,1e-3,1,-1e3,1e6,-1e9,1e15,1e25,-3e38}> "
        "{y = Asinh(s)  z = Identity(x)}",
    ),
    "erf": OlderCase(12, "(float[99] x) => (float[] y) <float s = {2}> {a = Mul(x, s) y = Erf(a)}"),
    "erf-infinite": OlderCase(12, "(float[9] n) => (float[] y) {y = Erf(n)}"),
    "shrink": OlderCase(12, "(float[9] n) => (float[] y) {y = Shrink<bias=0.1, lambd=0.4>(n)}"),
    "thresholded": OlderCase(12, "(float[9] n) => (float[] y) {y = ThresholdedRelu<alpha=0.3>(n)}"),
    "mean-variance": OlderCase(
        12, "(float[2,3,4,5] x) => (float[] y) {y = MeanVarianceNormalization(x)}"
    ),
    # pools
    "max-pool-up": OlderCase(
        12,
        "(float[1,2,7,8] x) => (float[] y) "
        "{y = MaxPool<kernel_shape=[3,3], strides=[2,2], ceil_mode=1, pads=[1,0,0,1]>(x)}",
    ),
    "max-pool-of-bytes": OlderCase(
        12, "(uint8[1,2,6,6] x) => (uint8[] y) {y = MaxPool<kernel_shape=[2,2]>(x)}"
    ),
    "max-pool-dilations": OlderCase(
        12,
        "(float[1,2,9,9] x) => (float[] y) {y = MaxPool<kernel_shape=[3,3], dilations=[2,2]>(x)}",
        10,
    ),
    "max-pool-places": OlderCase(
        12,
        "(float[1,2,6,6] x) => (float[] y, int64[] i) "
        "{y, i = MaxPool<kernel_shape=[2,2], strides=[2,2]>(x)}",
        8,
    ),
    "average-pool-up": OlderCase(
        12,
        "(float[1,2,7,8] x) => (float[] y) "
        "{y = AveragePool<kernel_shape=[3,3], strides=[2,2], ceil_mode=1, pads=[1,0,0,1]>(x)}",
    ),
    "average-pool-up-counting": OlderCase(
        12,
        "(float[1,2,7,8] x) => (float[] y) {y = AveragePool<kernel_shape=[3,3], strides=[2,2], "
        "ceil_mode=1, count_include_pad=1, pads=[1,0,0,1]>(x)}",
        10,
    ),
    "dropout": OlderCase(
        12,
        "(float[2,3] x) => (float[] y, bool[] m) <float r = {0.3}> {y, m = Dropout(x, r)}",
    ),
    # resizing
    "resize-nearest": OlderCase(
        12,
        '(float[1,2,3,4] x) => (float[] y) <float[0] r = {}, float[4] s = {1,1,2,3}> '
        '{y = Resize<mode="nearest">(x, r, s)}',
    ),
    "resize-as-torch": OlderCase(
        12,
        "(float[1,2,3,4] x) => (float[] y) <float[0] r = {}, float[4] s = {1,1,2,2.5}> "
        '{y = Resize<mode="nearest", coordinate_transformation_mode="asymmetric", '
        'nearest_mode="floor">(x, r, s)}',
    ),
    "resize-sizes": OlderCase(
        11,
        "(float[1,2,5,8] x) => (float[] y) <float[0] r = {}, float[0] e = {}, "
        'int64[4] s = {1,2,7,3}> {y = Resize<mode="nearest", nearest_mode="ceil">(x, r, e, s)}',
    ),
    "resize-below-a-half": OlderCase(
        12,
        "(float[1,2,5,7] x) => (float[] y) <float[0] r = {}, float[0] e = {}, int64[4] s = {1,2,5,2}> "
        '{y = Resize<mode="nearest", coordinate_transformation_mode="asymmetric", '
        'nearest_mode="round_prefer_ceil">(x, r, e, s)}',
    ),
    "resize-linear": OlderCase(
        12,
        "(float[1,2,3,4] x) => (float[] y) <float[0] r = {}, float[4] s = {1,1,2,2}> "
        '{y = Resize<mode="linear", coordinate_transformation_mode="asymmetric">(x, r, s)}',
    ),
    "resize-half-pixel": OlderCase(
        12,
        "(float[1,2,3,4] x) => (float[] y) <float[0] r = {}, float[4] s = {1,1,2,2}> "
        '{y = Resize<mode="linear">(x, r, s)}',
    ),
    "resize-corners": OlderCase(
        12,
        "(float[1,2,3,4] x) => (float[] y) <float[0] r = {}, float[0] e = {}, int64[4] s = {1,2,5,7}> "
        '{y = Resize<mode="linear", coordinate_transformation_mode="align_corners">(x, r, e, s)}',
    ),
    "resize-shrinking": OlderCase(
        12,
        "(float[1,2,6,9] x) => (float[] y) <float[0] r = {}, float[0] e = {}, int64[4] s = {1,2,3,4}> "
        '{y = Resize<mode="linear", coordinate_transformation_mode="pytorch_half_pixel">(x, r, e, s)}',
    ),
    "resize-cubic": OlderCase(
        11,
        "(float[1,2,6,5] x) => (float[] y) <float[0] r = {}, float[4] s = {1,1,1.5,2}> "
        '{y = Resize<mode="cubic", cubic_coeff_a=-0.5>(x, r, s)}',
    ),
    "resize-cubic-within": OlderCase(
        12,
        "(float[1,2,6,5] x) => (float[] y) <float[0] r = {}, float[4] s = {1,1,1.5,2}> "
        '{y = Resize<mode="cubic", exclude_outside=1>(x, r, s)}',
    ),
    "resize-10": OlderCase(
        10,
        "(float[1,2,3,4] x) => (float[] y) <float[4] s = {1,1,2,2}> "
        '{a = Resize<mode="nearest">(x, s) y = Resize<mode="linear">(a, s)}',
    ),
    "resize-10-shrinking": OlderCase(
        10,
        "(float[1,2,4,4] x) => (float[] y) <float[4] s = {1,1,0.5,0.5}> "
        '{y = Resize<mode="nearest">(x, s)}',
        10,
    ),
    "upsample": OlderCase(
        9,
        "(float[1,2,3,4] x) => (float[] y) <float[4] s = {1,1,2,2}> "
        '{y = Upsample<mode="linear">(x, s)}',
    ),
    # products
    "gemm": OlderCase(
        12,
        "(float[2,3] x) => (float[] y) <float[2,3] w = {1,-2,3,-4,5,-6}, float[2] c = {1,2}> "
        "{a = Gemm<transB=1, alpha=0.5, beta=3.0>(x, w, c) b = Gemm<transB=1>(x, w) y = Add(a, b)}",
    ),
    "einsum": OlderCase(
        12,
        "(float[2,3,4,5] x, float[2,6,4,5] z) => (float[] y) "
        '{y = Einsum<equation="bqhd,bkhd->bhqk">(x, z)}',
    ),
    "einsum-dots": OlderCase(
        12,
        "(float[2,3,4] x, float[4,5] z) => (float[] y) "
        '{y = Einsum<equation="...i,ij->...j">(x, z)}',
    ),
    "einsum-of-three": OlderCase(
        12,
        "(float[2,3] x, float[3,4] z, float[4,2] w) => (float[] y) "
        '{y = Einsum<equation="ij,jk,kl->li">(x, z, w)}',
    ),
    "einsum-summed": OlderCase(
        12, "(float[2,3] x, float[4] z) => (float[] y) " '{y = Einsum<equation="ij,k->k">(x, z)}'
    ),
    "einsum-of-one": OlderCase(
        12, "(float[2,3,4] x) => (float[] y) " '{y = Einsum<equation="ijk->kj">(x)}'
    ),
    "einsum-implied": OlderCase(
        12, "(float[2,3] x, float[3,4] z) => (float[] y) " '{y = Einsum<equation="ij,jk">(x, z)}'
    ),
    "einsum-diagonal": OlderCase(
        12, "(float[3,3] x) => (float[] y) " '{y = Einsum<equation="ii->i">(x)}', 12
    ),
    # what has graphs inside, and constants
    "constants": OlderCase(
        12,
        "(float[2] x) => (float[] y, int64[] z) {a = Constant<value_floats=[1.0,2.0]>() "
        "i = Constant<value_ints=[3,4]>() s = Constant<value_int=5>() y = Mul(x, a) z = Add(i, s)}",
    ),
    "branches": OlderCase(
        12,
        "(float[2,3] x) => (float[] y) <float z = {0.5}> {m = ReduceMean<keepdims=0>(x) "
        "c = Greater(m, z) y = If(c) <then_branch = yes () => (float[2,3] a) "
        "{k = Constant<value_float=2.0>() a = Pow(x, k)}, else_branch = no () => (float[2,3] b) "
        "{k = Constant<value = int64[4] {0,1,0,0}>() h = Pad(x, k) "
        "s = Constant<value = int64[2] {0,1}>() e = Constant<value = int64[2] {2,4}>() "
        "b = Slice(h, s, e)}>}",
    ),
    "loop": OlderCase(
        12,
        "(float[3] x) => (float[3] y, float[4,3] s) <int64 n = {4}, bool t = {1}> "
        "{y, s = Loop(n, t, x) <body = b (int64 i, bool c, float[3] v) => "
        "(bool d, float[3] w, float[3] o) <float[1] l = {-1}, float[1] h = {1}> "
        "{d = Identity(c) k = Constant<value_float=1.5>() w = Mul(v, k) o = Max(w, k)}>}",
    ),
    "scan": OlderCase(
        12,
        "(float[2] x, float[5,2] z) => (float[2] y, float[5,2] s) "
        "{y, s = Scan<num_scan_inputs=1, body = b (float[2] v, float[2] e) => "
        "(float[2] w, float[2] o) {w = Add(v, e) k = Constant<value_float=0.5>() o = Max(w, k)}>(x, z)}",
        8,
    ),
    "scan-axes": OlderCase(
        11,
        "(float[2] x, float[2,5] z) => (float[2] y, float[2,5] s) "
        "{y, s = Scan<num_scan_inputs=1, scan_input_axes=[-1], scan_output_axes=[-1], "
        "body = b (float[2] v, float[2] e) => "
        "(float[2] w, float[2] o) {w = Add(v, e) o = Identity(w)}>(x, z)}",
        9,
    ),
    "dequantize": OlderCase(
        12,
        "(float[2,3] x) => (float[] y) <int8[3,2] q = {-5,4,3,-2,1,0}, float s = {0.5}, int8 z = {1}> "
        "{w = DequantizeLinear(q, s, z) t = Transpose(w) y = Mul(x, t)}",
    ),
    "quantize": OlderCase(
        12,
        "(float[2,3] x) => (float[] y) <float s = {0.05}, uint8 z = {7}> "
        "{q = QuantizeLinear(x, s, z) y = DequantizeLinear(q, s, z)}",
        10,
    ),
    "boxes": OlderCase(
        12,
        "(float[1,4,4] x, float[1,2,4] z) => (int64[n,3] y) <int64 m = {2}, float t = {0.5}> "
        "{y = NonMaxSuppression(x, z, m, t)}",
        10,
    ),
    "batch-normalization": OlderCase(
        12,
        "(float[1,2,3,3] x) => (float[] y) <float[2] s = {1,2}, float[2] b = {3,4}, "
        "float[2] m = {0.5,0}, float[2] v = {1,2}, float[2,1,1] r = {0.1,-3}> {h = BatchNormalization(x, s, b, m, v) "
        "y = PRelu(h, r)}",
    ),
    "convolutions": OlderCase(
        12,
        "(float[1,2,5,5] x, float[3,2,3,3] w, float[3,1,2,2] t) => (float[] y) "
        "{c = Conv<dilations=[1,1]>(x, w) d = ConvTranspose<strides=[2,2]>(c, t) "
        "p = LpPool<kernel_shape=[2,2]>(d) y = Cast<to=1>(p)}",
    ),
}  # fmt: skip

# what ONNX Runtime 1.4.0 itself is short of before anything is rewritten, or has no kernel for
NOT_IN_2020 = {
    "average-pool-up-counting": "it counts what ceil_mode adds, as today's does not",
    "erf-infinite": "its Erf of what is no number is 1",
    "resize-below-a-half": "its Resize rounds down what float32 puts just below a half",
    "scatter-nd-from-the-end": "its ScatterND has no negative indices",
    "top-of-integers": "its TopK-1 has no float64",
}


def numbers_of(made: Any) -> dict[str, Array]:
    """Numbers for each input; those of n and m start with what is not finite."""
    found = inputs_of(made)
    for name, starts in (("n", (np.inf, -np.inf, np.nan)), ("m", (np.inf, np.inf, np.nan))):
        if name in found and found[name].dtype.kind == "f":
            flat = found[name].reshape(-1)
            flat[:3] = starts
            found[name] = flat.reshape(found[name].shape)
    return found


def apart(golden: dict[str, Array], computed: dict[str, Array], within: float = 2e-6) -> str:
    """How two sets of outputs differ, "" where they do not: not finite in the same places, and
    otherwise within what another order of the same arithmetic may."""
    for name, array in golden.items():
        other = computed[name]
        if (other.dtype, other.shape) != (array.dtype, array.shape):
            return f"{name}: {other.dtype} {other.shape}, not {array.dtype} {array.shape}"
        one, two = (value.astype(np.float64) for value in (array, other))
        if not np.allclose(one, two, rtol=within, atol=within, equal_nan=True):
            return f"{name}: {other}, not {array}"
    return ""
