"""Nodes that TVM converts otherwise are told from the bytes of a file, and their like are not."""

from __future__ import annotations

import onnx.parser
import pytest

from neopack.formats.source import BytesSource
from neopack.frameworks.onnx.facts import OnnxFacts
from neopack.frameworks.onnx.read import read_source
from neopack.frameworks.onnx.tvm_calls import OtherCall
from neopack.values.model import facts_of

OTHERWISE = {
    "dilated": (
        "(float[1,1,3,3] x) => (float[1,1,5,5] y) <float[1,1,2,2] w = {1, 1, 1, 1}> "
        "{y = ConvTranspose<dilations=[2, 2]>(x, w)}"
    ),
    "auto_pad is computed otherwise": (
        "(float[1,1,3,3] x) => (float[1,1,3,3] y) <float[1,1,2,2] w = {1, 1, 1, 1}> "
        '{y = ConvTranspose<auto_pad="SAME_UPPER">(x, w)}'
    ),
    "its mask is used": "(float[2] x) => (float[2] y, bool[2] m) {y, m = Dropout(x)}",
    "direction is left out": (
        "(float[3,1,2] x, float[1,8,2] w) => (float[3,1,1,2] y) "
        '{y = LSTM<direction="reverse", hidden_size=2>(x, w, w)}'
    ),
    "with auto_pad and no strides": (
        "(float[1,1,4,4] x) => (float[1,1,4,4] y) "
        '{y = LpPool<kernel_shape=[2, 2], auto_pad="SAME_LOWER">(x)}'
    ),
    "a vector times many matrices": (
        "(float[2] x) => (float[3,4] y) <float[3,2,4] w> {y = MatMul(x, w)}"
    ),
    "many matrices times a vector": (
        "(float[2,3,4,2] x, float[2] v) => (float[2,3,4] y) {y = MatMul(x, v)}"
    ),
    "of the mode wrap": '(float[4] x, int64[2] p) => (float[n] y) {y = Pad<mode="wrap">(x, p)}',
    "along an axis": "(float[2,3] x) => (float[2,n] y) {y = Unique<axis=1>(x)}",
}
# or in one build of TVM
FOR_SOME = {
    "an axis that counts from the end": (
        "(float[2,3] x) => (float[2,3,1] y) {y = Unsqueeze<axes=[-1]>(x)}"
    ),
    "with peepholes": (
        "(float[3,1,2] x, float[1,8,2] w, float[1,6] p) => (float[3,1,1,2] y) "
        "{y = LSTM<hidden_size=2>(x, w, w, , , , , p)}"
    ),
    "of one dim, without pads": (
        "(float[1,2,8] x) => (float[1,2,7] y) {y = MaxPool<kernel_shape=[2]>(x)}"
    ),
    "its mean is not a constant": (
        "(float[1,2,8] x, float[2] m) => (float[1,2,8] y) <float[2] s = {1, 1}> "
        "{y = BatchNormalization(x, s, s, m, s)}"
    ),
    "without bounds": "(float[2] x) => (float[2] y) {y = Clip(x)}",
    "a negative index is not counted from the end": (
        "(float[4] x) => (float[2] y) <int64[2] i = {0, -1}> {y = Gather(x, i)}"
    ),
    "before opset 13 it is over all dims from the axis on, and TVM takes the axis alone": (
        "(float[2,3,4] x) => (float[2,3,4] y) {y = Softmax(x)}"
    ),
    "of one or three dims": (
        "(float[1,2,8] x) => (float[1,2,7] y) {y = LpPool<kernel_shape=[2]>(x)}"
    ),
    "with pads": (
        "(float[1,1,4,4] x) => (float[1,1,5,5] y) "
        "{y = LpPool<kernel_shape=[2, 2], pads=[1, 1, 1, 1]>(x)}"
    ),
    "with a shape of its output": (
        "(float[1,1,2,2] x, int64[1,1,2,2] i, int64[4] s) => (float[1,1,5,5] y) "
        "{y = MaxUnpool<kernel_shape=[2, 2]>(x, i, s)}"
    ),
    "of several tensors it becomes that of the first dim": (
        "(float[2] x, float[2] z) => (float[2] y) {y = Mean(x, z)}"
    ),
    "its indices are used": (
        "(float[1,1,4,4] x) => (float[1,1,2,2] y, int64[1,1,2,2] i) "
        "{y, i = MaxPool<kernel_shape=[2, 2], strides=[2, 2]>(x)}"
    ),
    "with ceil_mode and pads, a last window that starts in the pads is not left out": (
        "(float[1,1,4,4] x) => (float[1,1,2,2] y) "
        "{y = MaxPool<kernel_shape=[3, 3], strides=[3, 3], pads=[0, 1, 0, 1], ceil_mode=1>(x)}"
    ),
    "with ceil_mode, a last window between two strides is not left out": (
        "(float[1,1,2,2] x) => (float[1,1,1,1] y) "
        "{y = MaxPool<kernel_shape=[1, 1], strides=[2, 2], ceil_mode=1>(x)}"
    ),
    "its indices are an input, of which a negative one is not counted from the end": (
        "(float[4] x, int64[2] i) => (float[2] y) {y = Gather(x, i)}"
    ),
    "its sizes are an input, of which TVM takes those of the plane alone": (
        "(float[1,1,4,4] x, int64[4] s) => (float[n,c,h,w] y) {y = Resize(x, , , s)}"
    ),
    "its scales are an input": (
        "(float[1,1,2,2] x, float[4] s) => (float[n,c,h,w] y) {y = Upsample(x, s)}"
    ),
    "its K is an input, of which 0 means all": (
        "(float[4] x, int64[1] k) => (float[n] y, int64[n] i) {y, i = TopK(x, k)}"
    ),
    "its slope is taken for that of channels": (
        "(float[3,4,5] x) => (float[3,4,5] y) <float[5] s = {1, 2, 3, 4, 5}> {y = PRelu(x, s)}"
    ),
}
LIKE_THEM = (
    "(float[1,2,8] x) => (float[1,2,7] y) {y = MaxPool<kernel_shape=[2], pads=[0, 0]>(x)}",
    "(float[1,2,8,8] x) => (float[1,2,7,7] y) {y = MaxPool<kernel_shape=[2, 2]>(x)}",
    (
        "(float[1,2,8] x) => (float[1,2,8] y) <float[2] s = {1, 1}> "
        "{y = BatchNormalization(x, s, s, s, s)}"
    ),
    "(float[2] x) => (float[2] y) <float a = {0}> {y = Clip(x, , a)}",
    (
        "(float[1,1,4,4] x) => (float[1,1,2,2] y) "
        "{y = MaxPool<kernel_shape=[3, 3], strides=[3, 3], pads=[0, 0, 0, 0], ceil_mode=1>(x)}"
    ),
    "(float[4] x, int64[2] i) => (float[2] y) {j = Abs(i) y = Gather(x, j)}",
    "(float[4] x, int64[2] i) => (float[2] y) <int64[2] i = {0, 1}> {y = Gather(x, i)}",
    (
        "(float[1,1,4,4] x) => (float[1,1,8,8] y) <int64[4] s = {1, 1, 8, 8}> "
        "{y = Resize(x, , , s)}"
    ),
    (
        "(float[1,1,3,3] x) => (float[1,1,4,4] y) <float[1,1,2,2] w = {1, 1, 1, 1}> "
        "{y = ConvTranspose<dilations=[1, 1]>(x, w)}"
    ),
    "(float[2] x) => (float[2] y) {y, m = Dropout(x)}",
    "(float[4] x) => (float[2] y) <int64[2] i = {0, 1}> {y = Gather(x, i)}",
    (
        "(float[3,1,2] x, float[2,8,2] w) => (float[3,2,1,2] y) "
        '{y = LSTM<direction="bidirectional", hidden_size=2>(x, w, w)}'
    ),
    "(float[2,3] x) => (float[2,3] y) {y = Softmax(x)}",
    "(float[2,3,1,1] x) => (float[2,3,1,1] y) {y = Softmax<axis=1>(x)}",
    "(float[2,3,4] x) => (float[2,3,4] y) {y = Softmax<axis=-1>(x)}",
    "(float[2] x) => (float[4] y) <float[2,4] w> {y = MatMul(x, w)}",
    "(float[2] x) => (float[2] y) {y = Mean(x)}",
    "(float[2,3] x) => (float[2,3,1] y) {y = Unsqueeze<axes=[2]>(x)}",
    "(float[2,5] x) => (float[2,5] y) <float[5] s = {1, 2, 3, 4, 5}> {y = PRelu(x, s)}",
    "(float[2] x) => (float[n] y) {y = Unique(x)}",
    "(float[4] x) => (float[2] y) {i = Constant<value=int64[2] {0, 1}>() y = Gather(x, i)}",
)


def told(graph: str, opset: int = 12) -> tuple[OtherCall, ...]:
    text = f'<ir_version: 7, opset_import: ["" : {opset}]> agraph {graph}'
    model = onnx.parser.parse_model(text)
    return facts_of(
        read_source(BytesSource("m.onnx", model.SerializeToString())), OnnxFacts
    ).tvm_calls


@pytest.mark.parametrize("words", OTHERWISE)
def test_what_tvm_converts_otherwise_is_told(words: str) -> None:
    (call,) = told(OTHERWISE[words])
    assert call.text.endswith(f": {words}")
    assert call.sure


@pytest.mark.parametrize("words", FOR_SOME)
def test_what_tvm_converts_for_some_is_told_apart(words: str) -> None:
    (call,) = told(FOR_SOME[words])
    assert (call.text.endswith(f": {words}"), call.sure) == (True, False)


@pytest.mark.parametrize("graph", LIKE_THEM)
def test_their_like_is_not_told(graph: str) -> None:
    assert not told(graph)


def test_an_index_of_a_constant_node_is_read() -> None:
    constant = "i = Constant<value=int64[2] {0, -3}>()"
    (call,) = told(f"(float[4] x) => (float[2] y) {{{constant} y = Gather(x, i)}}")
    assert call.place == "node of y"


def test_softmax_is_over_one_axis_from_opset_13_on() -> None:
    graph = "(float[2,3,4] x) => (float[2,3,4] y) {y = Softmax<axis=1>(x)}"
    assert told(graph)
    assert not told(graph, 13)
