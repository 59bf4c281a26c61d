"""Tiny ONNX models of opset 6 and below, and of operators that ONNX removed, each with what NumPy
and PyTorch say that it computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import onnx.parser
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray

__all__ = ["EARLY", "EarlyCase", "early_model"]

Numbers = NDArray[Any]


class EarlyCase(NamedTuple):
    """A graph in ONNX's text form, and what it computes from its inputs."""

    opset: int
    graph: str
    oracle: Callable[..., Any]
    ir: int = 3


def _torch(function: Callable[..., torch.Tensor]) -> Callable[..., Numbers]:
    return lambda *arrays: function(*map(torch.from_numpy, arrays)).numpy()


_C = np.array([0.5, -2, 3], np.float32)
_D = np.array([1, 0.25, 4], np.float32)
_OF_C = _C.reshape(3, 1, 1)
_OF_D = _D.reshape(3, 1, 1)
_W = "<float[3] c = {0.5, -2, 3}, float[3] d = {1, 0.25, 4}>"
_IMAGE = "(float[2,3,4,4] x) => (float[2,3,4,4] y)"


def _lstm(x: Numbers, w: Numbers, r: Numbers) -> Numbers:
    """Gates in the order i, o, f, c."""
    h = c = np.zeros((x.shape[1], r.shape[-1]), np.float32)
    rows = []
    for step in x:
        i, o, f, g = np.split(step @ w[0].T + h @ r[0].T, 4, axis=-1)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
        rows.append(h[None])
    return np.stack(rows)


def _mean_variance(axes: tuple[int, ...]) -> Callable[[Numbers], Numbers]:
    return lambda x: (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True)


EARLY: dict[str, EarlyCase] = {
    "add-to-channels": EarlyCase(
        6, f"{_IMAGE} {_W} {{y = Add<broadcast=1, axis=1>(x, c)}}", lambda x: x + _OF_C
    ),
    "loop": EarlyCase(
        6,
        "(float[2,3] x) => (float[2,3] y) <int64 n = {3}, bool t = {1}> {y = Loop<body = "
        "b (int64 i, bool go, float[2,3] a) => (bool on, float[2,3] b) "
        "{k = Constant<value = float[3] {0.5, -2, 3}>() b = Add<broadcast=1, axis=1>(a, k) "
        "on = Identity(go)}>(n, t, x)}",
        lambda x: x + 3 * _C,
    ),
    "loop-that-stops": EarlyCase(
        5,
        "(float[2,3] x) => (float[2,2,3] s) <int64 n = {9}, bool t = {1}> {y, s = Loop<body = "
        "b (int64 i, bool go, float[2,3] a) => (bool on, float[2,3] b, float[2,3] c) "
        "{k = Constant<value = float {1}>() f = Cast<to=\"FLOAT\">(i) "
        "on = Less<broadcast=1>(f, k) b = Add(a, x) c = Mul(b, b)}>(n, t, x)}",
        lambda x: np.stack([(2 * x) ** 2, (3 * x) ** 2]),
    ),
    "add-to-the-last": EarlyCase(
        6,
        "(float[2,4,3] x) => (float[2,4,3] y) <float[3] c = {0.5, -2, 3}> {y = Add<broadcast=1>(x, c)}",
        lambda x: x + _C,
    ),
    "multiply-two-dims": EarlyCase(
        1,
        "(float[2,3,4,5] x, float[3,4] z) => (float[2,3,4,5] y) "
        "{y = Mul<broadcast=1, axis=1, consumed_inputs=[0,0]>(x, z)}",
        lambda x, z: x * z[:, :, None],
    ),
    "divide-after-computing": EarlyCase(
        4,
        "(float[2,3,4,4] x) => (float[2,3,2,2] y) <float[3] d = {1, 0.25, 4}, float[1] t = {2}> "
        "{p = MaxPool<kernel_shape=[2,2], strides=[2,2]>(x) n = Neg(p) "
        "s = Sub<broadcast=1, axis=0>(n, t) y = Div<broadcast=1, axis=1>(s, d)}",
        lambda x: (-x.reshape(2, 3, 2, 2, 2, 2).max((3, 5)) - 2) / _OF_D,
    ),
    "power": EarlyCase(
        6,
        "(float[2,3] x) => (float[2,3] y) <float[1] t = {2}> {y = Pow<broadcast=1>(x, t)}",
        lambda x: x**2,
    ),
    "compare": EarlyCase(
        5,
        "(float[2,3,4] x) => (float[2,3,4] y) <float[3] c = {0.5, -2, 3}> "
        "{g = Greater<broadcast=1, axis=1>(x, c) l = Less<broadcast=1, axis=1>(x, c) "
        'n = Or(g, l) m = Xor(n, l) y = Cast<to="FLOAT">(m)}',
        lambda x: (x > _C[:, None]).astype(np.float32),
    ),
    "equal-integers": EarlyCase(
        6,
        "(int32[2,3,4] x) => (bool[2,3,4] y) <int32[3] c = {1, 0, 2}> "
        "{y = Equal<broadcast=1, axis=1>(x, c)}",
        lambda x: x == np.array([[1], [0], [2]]),
    ),
    "batch-normalization": EarlyCase(
        6,
        f"{_IMAGE} {_W} {{y = BatchNormalization<is_test=1, epsilon=0.1>(x, c, c, c, d)}}",
        lambda x: (x - _OF_C) / np.sqrt(_OF_D + 0.1) * _OF_C + _OF_C,
    ),
    "batch-normalization-untold": EarlyCase(
        3,
        f"{_IMAGE} {_W} {{y = BatchNormalization<consumed_inputs=[0,0,0,1,1]>(x, c, c, c, d)}}",
        lambda x: (x - _OF_C) / np.sqrt(_OF_D + 1e-5) * _OF_C + _OF_C,
    ),
    "gemm": EarlyCase(
        6,
        "(float[2,3] x) => (float[2,2] y) <float[2,3] w = {1,2,3,4,5,6}, float[2] b = {7,-8}> "
        "{y = Gemm<broadcast=1, transB=1, alpha=0.5, beta=2.0>(x, w, b)}",
        lambda x: 0.5 * x @ np.array([[1, 4], [2, 5], [3, 6]], np.float32) + [14, -16],
    ),
    "dropout": EarlyCase(
        1,
        f"{_IMAGE} {{h, m = Dropout<ratio=0.5, consumed_inputs=[0]>(x) y = Identity(h)}}",
        lambda x: x,
    ),
    "cast": EarlyCase(
        5,
        '(float[2,3] x) => (int32[2,3] y) {y = Cast<to="INT32">(x)}',
        lambda x: x.astype(np.int32),
    ),
    "concat": EarlyCase(
        3,
        "(float[2,3] x, float[2,1] z) => (float[2,4] y) {y = Concat(x, z)}",
        lambda x, z: np.hstack([x, z]),
    ),
    "pad": EarlyCase(
        1,
        "(float[1,2,3,3] x) => (float[1,2,6,4] y) {y = Pad<paddings=[0,0,1,0,0,0,2,1], value=1.5>(x)}",
        _torch(lambda x: F.pad(x, (0, 1, 1, 2), value=1.5)),
    ),
    "pad-reflected": EarlyCase(
        1,
        "(float[1,2,3,3] x) => (float[1,2,5,4] y) "
        '{y = Pad<mode="reflect", paddings=[0,0,1,0,0,0,1,1]>(x)}',
        _torch(lambda x: F.pad(x, (0, 1, 1, 1), mode="reflect")),
    ),
    "slopes": EarlyCase(
        6, f"{_IMAGE} {_W} {{y = PRelu(x, c)}}", _torch(lambda x: F.prelu(x, torch.from_numpy(_C)))
    ),
    "one-slope": EarlyCase(
        1,
        "(float[2,3] x) => (float[2,3] y) <float[1] s = {0.25}> {y = PRelu(x, s)}",
        _torch(lambda x: F.leaky_relu(x, 0.25)),
    ),
    "reshape": EarlyCase(
        1,
        "(float[2,3,4] x) => (float[2,12] y) {y = Reshape<shape=[0,-1]>(x)}",
        lambda x: x.reshape(2, 12),
    ),
    "split": EarlyCase(
        1,
        "(float[2,5] x) => (float[2,2] a, float[2,3] b) <float[2] s = {2, 3}> "
        "{a, b = Split<axis=1>(x, s)}",
        lambda x: (x[:, :2], x[:, 2:]),
    ),
    "tile": EarlyCase(
        1,
        "(float[2,3] x) => (float[2,9] y) <float[1] n = {3}, float[1] a = {1}> {y = Tile(x, n, a)}",
        lambda x: np.tile(x, (1, 3)),
    ),
    "upsample": EarlyCase(
        1,
        "(float[1,2,3,3] x) => (float[1,2,6,9] y) {y = Upsample<height_scale=2.0, width_scale=3.0>(x)}",
        lambda x: x.repeat(2, 2).repeat(3, 3),
    ),
    "upsample-between": EarlyCase(
        1,
        "(float[1,1,1,2] x) => (float[1,1,1,4] y) "
        '{y = Upsample<height_scale=1.0, width_scale=2.0, mode="bilinear">(x)}',
        lambda x: np.stack(
            [x[..., 0], (x[..., 0] + x[..., 1]) / 2, x[..., 1], x[..., 1]], -1
        ),
    ),
    "norms": EarlyCase(
        1,
        "(float[1,2,4,4] x) => (float[1,2,1,1] y) "
        "{p = LpPool<kernel_shape=[2,2], strides=[2,2], p=2.0>(x) y = GlobalLpPool<p=1.0>(p)}",
        lambda x: np.sqrt((x.reshape(1, 2, 2, 2, 2, 2) ** 2).sum((3, 5))).sum((2, 3))[..., None, None],
    ),
    "activations": EarlyCase(
        5,
        "(float[2,3] x) => (float[2,3] y) {a = Tanh<consumed_inputs=[0]>(x) b = Elu(a) c = Abs(b) "
        "d = Sqrt(c) e = Exp(d) f = Sigmoid(e) y = HardSigmoid(f)}",
        _torch(lambda x: (0.2 * F.elu(x.tanh()).abs().sqrt().exp().sigmoid() + 0.5).clamp(0, 1)),
    ),
    "instance-normalization": EarlyCase(
        1,
        f"{_IMAGE} {_W} {{y = InstanceNormalization<consumed_inputs=[0]>(x, c, d)}}",
        _torch(lambda x: F.instance_norm(x, weight=torch.tensor(_C), bias=torch.tensor(_D))),
    ),
    "lstm": EarlyCase(
        6,
        "(float[3,1,2] x, float[1,8,2] w, float[1,8,2] r) => (float[3,1,1,2] y) "
        "{y = LSTM<hidden_size=2, output_sequence=1>(x, w, r)}",
        _lstm,
    ),
    "without-opset": EarlyCase(
        1,
        "(float[1,3,4,4] x) => (float[1,3,4,4] y) <float[3] c = {0.5, -2, 3}> "
        "{r = Relu(x) y = Sum(r, x)}",
        lambda x: np.maximum(x, 0) + x,
        ir=2,
    ),
    # what ONNX removed
    "affine": EarlyCase(7, f"{_IMAGE} {{y = Affine<alpha=2.0, beta=-1.0>(x)}}", lambda x: 2 * x - 1),
    "scale": EarlyCase(1, f"{_IMAGE} {{y = Scale<scale=0.25>(x)}}", lambda x: x / 4),
    "image-scaler": EarlyCase(
        8,
        f"{_IMAGE} {{y = ImageScaler<bias=[0.5,-2.0,3.0], scale=0.5>(x)}}",
        lambda x: x / 2 + _OF_C,
    ),
    "crop": EarlyCase(
        3,
        "(float[1,2,5,6] x) => (float[1,2,1,4] y) {y = Crop<border=[2,1,0,3]>(x)}",
        lambda x: x[..., 1:2, 2:6],
    ),
    "crop-to-size": EarlyCase(
        7,
        "(float[1,2,5,6] x) => (float[1,2,2,3] y) {y = Crop<border=[2,1,0,3], scale=[2,3]>(x)}",
        lambda x: x[..., 1:3, 2:5],
    ),
    "scaled-tanh": EarlyCase(
        6, f"{_IMAGE} {{y = ScaledTanh<alpha=1.5, beta=0.5>(x)}}", lambda x: 1.5 * np.tanh(0.5 * x)
    ),
    "softplus": EarlyCase(
        6,
        f"{_IMAGE} {{y = ParametricSoftplus<alpha=2.0, beta=0.5>(x)}}",
        _torch(lambda x: 2 * F.softplus(0.5 * x, threshold=1000)),
    ),
    "thresholded": EarlyCase(
        9, f"{_IMAGE} {{y = ThresholdedRelu<alpha=0.5>(x)}}", _torch(lambda x: F.threshold(x, 0.5, 0))
    ),
    "thresholded-below": EarlyCase(
        1, f"{_IMAGE} {{y = ThresholdedRelu<alpha=-0.5>(x)}}", _torch(lambda x: F.threshold(x, -0.5, 0))
    ),
    "mean-variance": EarlyCase(
        1, f"{_IMAGE} {{y = MeanVarianceNormalization(x)}}", _mean_variance((0, 2, 3))
    ),
    "mean-variance-across": EarlyCase(
        8,
        f"{_IMAGE} {{y = MeanVarianceNormalization<across_channels=1>(x)}}",
        _mean_variance((0, 1, 2, 3)),
    ),
    "dynamic-slice": EarlyCase(
        1,
        "(float[3,4] x) => (float[2,2] y) <int64[2] s = {1, 0}, int64[2] e = {3, -2}> "
        "{y = DynamicSlice(x, s, e)}",
        lambda x: x[1:3, :-2],
    ),
    "fillings": EarlyCase(
        1,
        "(float[2,2] x) => (float[2,2] y) {a = ConstantFill<value=2.0, shape=[2,2]>() "
        "b = GivenTensorFill<values=[1.0,2.0,3.0,4.0], shape=[2,2]>() c = Mul(x, a) y = Add(c, b)}",
        lambda x: 2 * x + [[1, 2], [3, 4]],
    ),
    "network": EarlyCase(
        3,
        "(float[1,3,8,8] x, float[4,3,3,3] w, float[64,5] v) => (float[1,5] y) "
        "<float[4] c = {0.5,-2,3,1}, float[4] d = {1,0.25,4,2}, float[5] b = {1,2,3,4,5}> "
        "{h = Conv<pads=[1,1,1,1]>(x, w) n = BatchNormalization<is_test=1>(h, c, c, c, d) "
        "o = Relu(n) p = AveragePool<kernel_shape=[2,2], strides=[2,2]>(o) q, m = Dropout<is_test=1>(p) "
        "f = Reshape<shape=[1,64]>(q) g = Gemm<broadcast=1>(f, v, b) y = Softmax(g)}",
        _torch(
            lambda x, w, v: F.softmax(
                F.avg_pool2d(
                    F.batch_norm(
                        F.conv2d(x, w, padding=1),
                        torch.tensor([0.5, -2, 3, 1]),
                        torch.tensor([1, 0.25, 4, 2]),
                        torch.tensor([0.5, -2, 3, 1]),
                        torch.tensor([0.5, -2, 3, 1]),
                    ).relu(),
                    2,
                ).reshape(1, 64)
                @ v
                + torch.arange(1.0, 6.0),
                -1,
            )
        ),
    ),
}  # fmt: skip


def early_model(case: EarlyCase) -> Any:
    header = f'<ir_version: {case.ir}, opset_import: ["": {case.opset}]>'
    model = onnx.parser.parse_model(f"{header} agraph {case.graph}")
    if case.ir < 3:
        del model.opset_import[:]
    listed = {info.name for info in model.graph.input}
    for tensor in model.graph.initializer:
        if tensor.name not in listed:
            info = onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            model.graph.input.append(info)
    return model
