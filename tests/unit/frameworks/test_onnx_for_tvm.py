"""ONNX models in forms that TVM's importer takes: the same numbers in ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from neopack.frameworks.onnx.lowering.for_tvm import lower_for_tvm

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
# the outputs that are not of floats
OUTPUTS = {"l": INT64, "m": TensorProto.BOOL}
ML, MS = "ai.onnx.ml", "com.microsoft"
node = helper.make_node
X: dict[str, tuple[int, ...]] = {"x": (2, 3)}
LINE: dict[str, tuple[int, ...]] = {"x": (1, 2, 8)}
PLANE: dict[str, tuple[int, ...]] = {"x": (1, 2, 5, 6)}
LINES: dict[str, Any] = {
    "coefficients": [0.1, 0.2, 0.3, -0.1, 0.5, -0.3],
    "intercepts": [0.5, -0.2],
}
LOGISTIC: dict[str, Any] = {"post_transform": "LOGISTIC"}
ONE_LINE: dict[str, Any] = {
    "coefficients": [0.3, -0.2, 0.4],
    "intercepts": [-0.1],
    "classlabels_ints": [4, 9],
}


def ml(operator: str, outputs: Sequence[str] = ("y",), **words: Any) -> Any:
    return node(operator, ["x"], outputs, domain=ML, **words)


def ms(operator: str, inputs: Sequence[str], **words: Any) -> Any:
    return node(operator, inputs, ["y"], domain=MS, **words)


def numbers(*shape: int) -> Any:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)


def places(*values: Any) -> Any:
    return np.array(values, np.int64)


def body_of(condition: Any) -> Any:
    """That doubles what it carries, and whose condition a node gives."""
    values = [("i", INT64, []), ("given", TensorProto.BOOL, []), ("before", FLOAT, [2, 3])]
    taken = [helper.make_tensor_value_info(*value) for value in values]
    left = [helper.make_tensor_value_info("left", TensorProto.BOOL, [])]
    left += [helper.make_tensor_value_info("after", FLOAT, [2, 3])]
    nodes = [condition, node("Add", ["before", "before"], ["after"])]
    return helper.make_graph(nodes, "body", taken, left)


SAME = body_of(node("Identity", ["given"], ["left"]))
OTHER = body_of(node("Not", ["given"], ["left"]))


# nodes, the shapes of the inputs (of int64 where "i" names them), weights; the last is "y"
REWRITTEN: dict[str, Any] = {
    "shapes": (
        [
            node("Shape", ["x"], ["s"]),
            node("Gather", ["s", "first"], ["n"], axis=0),
            node("Unsqueeze", ["n"], ["row"], axes=[0]),
            node("Concat", ["row", "rest"], ["t"], axis=0),
            node("Reshape", ["x", "t"], ["y"]),
        ],
        {"x": (2, 3, 4)},
        {"first": np.array(0), "rest": places(-1)},
    ),
    "shape of parts": (
        [node("Concat", ["first", "rest"], ["s"], axis=0),
         node("Reshape", ["x", "s"], ["z"]),
         node("Shape", ["z"], ["t"]),
         node("Expand", ["one", "t"], ["wide"]),
         node("Mul", ["z", "wide"], ["y"])],
        {"x": (2, 3, 4)}, {"first": places(0, 3), "rest": places(2, -1), "one": numbers(1)},
    ),
    "vector": ([node("MatMul", ["x", "w"], ["y"])], {"x": (2, 4, 3)}, {"w": numbers(3)}),
    "vector left": ([node("MatMul", ["w", "x"], ["y"])], {"x": (2, 3, 4)}, {"w": numbers(3)}),
    "vectors": ([node("MatMul", ["x", "w"], ["y"])], {"x": (3,)}, {"w": numbers(3)}),
    "many": ([node("MatMul", ["x", "w"], ["y"])], {"x": (2, 2, 4, 3)}, {"w": numbers(3, 5)}),
    "indices": ([node("Gather", ["x", "w"], ["y"], axis=1)], X, {"w": places(-1, 0, -3)}),
    "given": ([node("Gather", ["w", "i"], ["y"])], {"i": (2, 2)}, {"w": numbers(4, 3)}),
    "places": ([node("GatherND", ["x", "w"], ["y"])], X, {"w": places([-1, 0], [0, -2])}),
    "scattered": (
        [node("ScatterND", ["x", "w", "u"], ["y"])],
        {"x": (4, 3)},
        {"w": places([[1], [3]], [[0], [2]]), "u": numbers(2, 2, 3)},
    ),
    "softmax": ([node("Softmax", ["x"], ["y"], axis=1)], {"x": (2, 3, 4)}, {}),
    "log": ([node("LogSoftmax", ["x"], ["y"], axis=-2)], {"x": (2, 3, 4)}, {}),
    "norm": ([node("LpNormalization", ["x"], ["y"], axis=0, p=1)], X, {}),
    "reversed": ([node("ReverseSequence", ["x", "w"], ["y"])], X, {"w": places(2, 1, 2)}),
    "pool": ([node("MaxPool", ["x"], ["y"], kernel_shape=[3], strides=[2])], LINE, {}),
    "pool valid": ([node("MaxPool", ["x"], ["y"], kernel_shape=[3], auto_pad="VALID")], LINE, {}),
    "pool upper": (
        [node("AveragePool", ["x"], ["y"], kernel_shape=[4], strides=[3], auto_pad="SAME_UPPER")],
        LINE, {},
    ),
    "pool lower": (
        [node("AveragePool", ["x"], ["y"], kernel_shape=[4], auto_pad="SAME_LOWER")], LINE, {},
    ),
    "pool beyond": (
        [node("MaxPool", ["x"], ["y"], kernel_shape=[1, 3], strides=[2, 2], pads=[0, 1, 0, 1],
              ceil_mode=1)],
        {"x": (1, 2, 4, 5)}, {},
    ),
    "pool between strides": (
        [node("MaxPool", ["x"], ["y"], kernel_shape=[1, 1], strides=[2, 2], ceil_mode=1)],
        {"x": (1, 2, 2, 5)}, {},
    ),
    "pool beyond both": (
        [node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], strides=[3, 3],
              pads=[1, 1, 1, 1], ceil_mode=1, count_include_pad=1)],
        {"x": (1, 2, 2, 5)}, {},
    ),
    "pool beyond a line": (
        [node("AveragePool", ["x"], ["y"], kernel_shape=[3], strides=[3], pads=[1, 1],
              ceil_mode=1)],
        {"x": (1, 2, 5)}, {},
    ),
    "rows without a place": (
        [node("Where", ["m", "x", "least"], ["kept"]),
         node("ReduceMax", ["kept"], ["most"], axes=[-1]),
         node("Equal", ["most", "least"], ["none"]),
         node("Where", ["none", "zero", "kept"], ["y"])],
        X,
        {"m": np.array([[True, False, True], [False] * 3]), "zero": np.zeros(1, np.float32),
         "least": np.full(1, -np.inf, np.float32)},
    ),
    "the least of none": (
        [node("Where", ["m", "x", "most"], ["kept"]),
         node("ReduceMin", ["kept"], ["least"], axes=[0], keepdims=0),
         node("Unsqueeze", ["least"], ["row"], axes=[0]),
         node("Equal", ["most", "row"], ["none"]),
         node("Where", ["none", "zero", "kept"], ["y"])],
        X,
        {"m": np.array([[True, False, False], [True, False, True]]), "zero": np.float32(0),
         "most": np.float32(np.inf)},
    ),
    "mean of a plane": ([node("GlobalAveragePool", ["x"], ["y"])], {"x": (1, 2, 40, 40)}, {}),
    "mean of dims": (
        [node("ReduceMean", ["x"], ["y"], axes=[-1, 0], keepdims=0)], {"x": (40, 2, 40)}, {},
    ),
    "mean of all": ([node("ReduceMean", ["x"], ["y"])], {"x": (2, 40, 40)}, {}),
    "lp of a line": ([node("LpPool", ["x"], ["y"], kernel_shape=[3])], LINE, {}),
    "lp with pads": (
        [node("LpPool", ["x"], ["y"], kernel_shape=[2, 3], pads=[1, 0, 0, 1], p=1)], PLANE, {},
    ),
    "lp lower": (
        [node("LpPool", ["x"], ["y"], kernel_shape=[2, 2], auto_pad="SAME_LOWER", p=3)], PLANE, {},
    ),
    "transposed upper": (
        [node("ConvTranspose", ["x", "w"], ["y"], auto_pad="SAME_UPPER", strides=[2, 3])],
        PLANE, {"w": numbers(2, 3, 3, 4)},
    ),
    "transposed lower": (
        [node("ConvTranspose", ["x", "w"], ["y"], auto_pad="SAME_LOWER", strides=[2, 1])],
        PLANE, {"w": numbers(2, 3, 3, 2)},
    ),
    "transposed small": (
        [node("ConvTranspose", ["x", "w"], ["y"], auto_pad="SAME_UPPER", strides=[2, 2])],
        PLANE, {"w": numbers(2, 3, 1, 1)},
    ),
    "transposed dilated": (
        [node("ConvTranspose", ["x", "w", "b"], ["y"], dilations=[2, 3], pads=[1, 0, 0, 1])],
        PLANE, {"w": numbers(2, 3, 2, 2), "b": numbers(3)},
    ),
    "transposed groups": (
        [node("ConvTranspose", ["x", "w"], ["y"], dilations=[2, 1], group=2, strides=[2, 2])],
        PLANE, {"w": numbers(2, 3, 2, 2)},
    ),
    "statistics": (
        [node("Abs", ["z"], ["v"]),
         node("BatchNormalization", ["x", "w", "w", "z", "v"], ["y"], epsilon=1e-3)],
        {**PLANE, "z": (2,)}, {"w": numbers(2)},
    ),
    "mask": ([node("Dropout", ["x"], ["y", "m"])], X, {}),
    "empty": (
        [node("Slice", ["x", "three", "three", "one"], ["rest"]),
         node("Concat", ["x", "rest"], ["y"], axis=-1)],
        X, {"three": places(3), "one": places(1)},
    ),
    "empty part": (
        [node("Split", ["x"], ["all", "rest"], split=[3, 0], axis=1),
         node("Neg", ["all"], ["turned"]),
         node("Concat", ["turned", "rest"], ["y"], axis=1)],
        X, {},
    ),
    "empty part of three": (
        [node("Split", ["x"], ["a", "rest", "b"], split=[1, 0, 2], axis=1),
         node("Concat", ["b", "rest", "a"], ["y"], axis=1)],
        X, {},
    ),
    "unsqueezed": ([node("Unsqueeze", ["x"], ["y"], axes=[-1, 0])], X, {}),
    "mean": ([node("Mean", ["x", "z", "w"], ["y"])], {"x": (2, 3), "z": (2, 1)},
             {"w": numbers(3)}),
    "lstm": (
        [node("LSTM", ["x", "w", "r", "b"], ["y", "last", "cell"], direction="reverse",
              hidden_size=4)],
        {"x": (5, 2, 3)}, {"w": numbers(1, 16, 3), "r": numbers(1, 16, 4), "b": numbers(1, 32)},
    ),
    "gru": (
        [node("GRU", ["x", "w", "r"], ["y"], direction="reverse", hidden_size=4,
              linear_before_reset=1)],
        {"x": (5, 2, 3)}, {"w": numbers(1, 12, 3), "r": numbers(1, 12, 4)},
    ),
    "conv": (
        [
            ms(
                "FusedConv",
                ["x", "w", "b", "z"],
                activation="Clip",
                activation_params=[0.0, 0.5],
                pads=[1, 1, 1, 1],
                kernel_shape=[3, 3],
            )
        ],
        {"x": (1, 2, 4, 4), "z": (1, 3, 4, 4)},
        {"w": numbers(3, 2, 3, 3), "b": numbers(3)},
    ),
    "leaky": (
        [ms("FusedConv", ["x", "w"], activation="LeakyRelu", activation_params=[0.3])],
        {"x": (1, 2, 4, 4)},
        {"w": numbers(3, 2, 3, 3)},
    ),
    "gemm": (
        [ms("FusedGemm", ["x", "w", "b"], activation="Relu", alpha=0.5, transB=1)],
        X,
        {"w": numbers(4, 3), "b": numbers(4)},
    ),
    "matmul": ([ms("FusedMatMul", ["x", "z"], transA=1, transB=1, alpha=2.0)],
               {"x": (3, 2), "z": (4, 3)}, {}),
    "gelu": ([ms("BiasGelu", ["x", "w"])], X, {"w": numbers(3)}),
    "fast gelu": ([ms("FastGelu", ["x"])], X, {}),
    "quick gelu": ([ms("QuickGelu", ["x"], alpha=1.3)], X, {}),
    "loop": ([node("Loop", ["n", "", "x"], ["y"], body=SAME)], X, {"n": np.array(3)}),
    "skip": ([ms("SkipLayerNormalization", ["x", "z", "w"])], {"x": (1, 2, 3), "z": (1, 2, 3)},
             {"w": numbers(3)}),
    "skip and bias": (
        [ms("SkipLayerNormalization", ["x", "z", "w", "b", "b"], epsilon=1e-3)],
        {"x": (1, 2, 3), "z": (1, 2, 3)}, {"w": numbers(3), "b": numbers(3) + 1},
    ),
    "regressor": ([ml("LinearRegressor", targets=2, post_transform="LOGISTIC", **LINES)], X, {}),
    "classifier": (
        [ml("LinearClassifier", ("l", "y"), classlabels_ints=[3, 5], post_transform="SOFTMAX",
            **LINES)], X, {},
    ),
    "one line": ([ml("LinearClassifier", ("l", "y"), **ONE_LINE)], X, {}),
    "chances": ([ml("LinearClassifier", ("l", "y"), **ONE_LINE, **LOGISTIC)], X, {}),
    "scaler": ([ml("Scaler", offset=[0.1, 0.2, 0.3], scale=[2.0, 3.0, 4.0])], X, {}),
    "l1": ([ml("Normalizer", norm="L1")], X, {}),
    "l2": ([ml("Normalizer", norm="L2")], X, {}),
    "max": ([ml("Normalizer", norm="MAX")], X, {}),
    "binarizer": ([ml("Binarizer", threshold=0.1)], X, {}),
    "imputer": (
        [ml("Imputer", imputed_value_floats=[1.0, 2.0, 3.0], replaced_value_float=float("nan"))],
        X, {},
    ),
    "columns": ([node("ArrayFeatureExtractor", ["x", "w"], ["y"], domain=ML)], X,
                {"w": places(0, 2)}),
}  # fmt: skip
LEFT: dict[str, Any] = {
    "plain": ([node("MatMul", ["x", "z"], ["y"])], {"x": (2, 3), "z": (3, 4)}, {}),
    "batches": ([node("MatMul", ["x", "z"], ["y"])], {"x": (2, 2, 3), "z": (2, 3, 4)}, {}),
    "softmax": ([node("Softmax", ["x"], ["y"], axis=1)], X, {}),
    "small mean": ([node("GlobalAveragePool", ["x"], ["y"])], {"x": (1, 2, 7, 7)}, {}),
    "mean of a line": ([node("ReduceMean", ["x"], ["y"], axes=[1])], {"x": (1, 2000)}, {}),
    "computed": (
        [node("ArgMax", ["x"], ["a"], axis=1), node("Gather", ["w", "a"], ["y"])],
        X,
        {"w": numbers(3)},
    ),
    "a condition of its own": (
        [node("Loop", ["n", "", "x"], ["y"], body=OTHER)],
        X,
        {"n": np.array(3)},
    ),
    "transform": (
        [ml("LinearRegressor", targets=2, post_transform="SOFTMAX_ZERO", **LINES)],
        X,
        {},
    ),
}


def saved(case: Any, path: Path) -> dict[str, tuple[int, ...]]:
    nodes, weights = case[0], case[2]
    shapes: dict[str, tuple[int, ...]] = case[1]
    inputs = [
        helper.make_tensor_value_info(name, INT64 if name == "i" else FLOAT, shape)
        for name, shape in shapes.items()
    ]
    outputs = [
        helper.make_tensor_value_info(name, OUTPUTS.get(name, FLOAT), None)
        for name in nodes[-1].output
    ]
    tensors = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    domains = [helper.make_opsetid(*each) for each in (("", 12), (ML, 1), (MS, 1))]
    graph = helper.make_graph(nodes, "g", inputs, outputs, tensors)
    model = helper.make_model(graph, opset_imports=domains, ir_version=7)
    path.write_bytes(model.SerializeToString())
    return shapes


def computed(path: Path, shapes: dict[str, tuple[int, ...]]) -> list[Any]:
    draw = np.random.default_rng(0)
    given = {
        name: draw.integers(-2, 2, shape) if name == "i" else draw.standard_normal(shape, "f4")
        for name, shape in shapes.items()
    }
    if path.stem == "imputer":
        given["x"][0, 1] = np.nan
    return list(onnxruntime.InferenceSession(path).run(None, given))


@pytest.mark.parametrize("name", REWRITTEN)
def test_other_forms_compute_alike(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.onnx"
    shapes = saved(REWRITTEN[name], path)
    before = computed(path, shapes)
    assert lower_for_tvm(path, shapes, "m")
    for one, other in zip(before, computed(path, shapes), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)
    model = onnx.load(path)
    assert [entry.domain for entry in model.opset_import] == [""]
    assert "Shape" not in {each.op_type for each in model.graph.node}
    assert lower_for_tvm(path, shapes, "m") == ()


@pytest.mark.parametrize("name", LEFT)
def test_a_file_without_such_forms_is_kept(name: str, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    shapes = saved(LEFT[name], path)
    before = path.read_bytes()
    assert lower_for_tvm(path, shapes, "m") == ()
    assert path.read_bytes() == before


def test_constants_hold_for_the_shapes_of_the_inputs(tmp_path: Path) -> None:
    """So these are fixed in the file."""
    path = tmp_path / "m.onnx"
    nodes, _, weights = REWRITTEN["shapes"]
    saved((nodes, {"x": ("batch", 3, 4)}, weights), path)
    assert lower_for_tvm(path, {"x": (5, 3, 4)}, "m") == (
        "shape arithmetic became constants, for TVM (4)",
    )
    (info,) = onnx.load(path).graph.input
    assert [dim.dim_value for dim in info.type.tensor_type.shape.dim] == [5, 3, 4]
