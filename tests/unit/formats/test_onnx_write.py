"""ONNX models that are written without ONNX, as ONNX reads them."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

from neopack.formats.onnx_write import (
    OnnxConstant,
    OnnxNode,
    OnnxType,
    OnnxValue,
    onnx_model,
)


def test_onnx_reads_and_checks_what_is_written() -> None:
    numbers = np.arange(6, dtype="<f4").reshape(2, 3)
    data = onnx_model(
        [
            OnnxNode(
                operator="Gemm",
                inputs=("x", "w"),
                outputs=("y",),
                attributes={"alpha": 0.5, "transB": 1},
            ),
            OnnxNode(
                operator="Squeeze", inputs=("y",), outputs=("z",), attributes={"axes": [-1, 300]}
            ),
        ],
        inputs=[OnnxValue(name="x", shape=(None, 3))],
        outputs=[OnnxValue(name="z", type=OnnxType.INT64, shape=())],
        constants=[
            OnnxConstant(name="w", type=OnnxType.FLOAT, shape=(2, 3), data=numbers.tobytes())
        ],
        opsets={"": 12},
    )
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model)
    (weight,) = model.graph.initializer
    np.testing.assert_array_equal(numpy_helper.to_array(weight), numbers)
    gemm, squeeze = model.graph.node
    assert {a.name: onnx.helper.get_attribute_value(a) for a in gemm.attribute} == {
        "alpha": 0.5,
        "transB": 1,
    }
    assert list(squeeze.attribute[0].ints) == [-1, 300]
    dims = model.graph.input[0].type.tensor_type.shape.dim
    assert [dim.WhichOneof("value") for dim in dims] == [None, "dim_value"]
    assert model.graph.output[0].type.tensor_type.elem_type == onnx.TensorProto.INT64


def test_lists_of_each_kind_are_read_back() -> None:
    node = OnnxNode(
        operator="Any",
        inputs=(),
        outputs=("y",),
        attributes={"words": ["LEAF", "BRANCH", "LEAF"], "numbers": [0.5, -1.0], "none": []},
        domain="ai.onnx.ml",
    )
    data = onnx_model([node], inputs=[], outputs=[], opsets={"ai.onnx.ml": 1})
    (read,) = onnx.load_from_string(data).graph.node
    words, numbers, none = read.attribute
    assert list(words.strings) == [b"LEAF", b"BRANCH", b"LEAF"]
    assert list(numbers.floats) == [0.5, -1.0]
    assert list(none.ints) == []
    assert (read.domain, read.name) == ("ai.onnx.ml", "y")
