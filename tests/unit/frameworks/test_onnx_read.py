"""neopack.frameworks.onnx.read: real files, against the onnx package, and what is refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from neopack.errors import LimitExceeded, Malformed
from neopack.formats.guard import Limits
from neopack.formats.source import BytesSource, FileSource
from neopack.frameworks.onnx.facts import ExternalTensor, OnnxFacts
from neopack.frameworks.onnx.graph import DTYPES
from neopack.frameworks.onnx.read import read_source, recognize
from neopack.values.model import ModelInfo, facts_of
from neopack.values.signature import TensorSpec

FIXTURES = Path(__file__).parents[3] / "fixtures" / "onnx"
FILES = sorted(path.name for path in FIXTURES.glob("*.onnx"))


def info(name: str) -> ModelInfo:
    with FileSource(FIXTURES / name) as source:
        return read_source(source)


def content(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def of_bytes(data: bytes, limits: Limits | None = None) -> ModelInfo:
    return read_source(BytesSource("m.onnx", data), limits or Limits())


# --- recognizing ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_models_are_recognized_and_so_is_their_beginning(name: str) -> None:
    data = content(name)
    assert recognize(BytesSource("m", data)) == "ONNX model"
    graph = data.index(b"\x3a", 10)
    assert recognize(BytesSource("m", data[: graph + 20])) == "ONNX model"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text, no model",
        b"\x08",
        b"\x08\x07",
        b"\x08\x07\x12\x04name",
        b"\x08\x00\x3a\x02\x0a\x00",
        b"\x08\x63\x3a\x02\x0a\x00",
        b"\x3a\x02\x0a\x00",
        b"\x08\x07\x3a\x00",
        b"\x08\x07\x3a\x02\x08\x01",
        b"\x08\x07\x18\x01\x3a\x02\x0a\x00",
        b"\x08\x07\x7a\x01x\x3a\x02\x0a\x00",
        b"\x08\x01\x12\x03abc\x12\x7fcut short: a SavedModel",
        b"PK\x03\x04" + bytes(100),
        b"\x80\x02}q\x00.",
        bytes(100),
    ],
)
def test_other_bytes_are_not(data: bytes) -> None:
    assert recognize(BytesSource("m", data)) is None


def test_noise_is_not_recognized_at_length() -> None:
    assert recognize(BytesSource("m", b"\x12\x00" * 50_000)) is None


# --- against the onnx package ---------------------------------------------------------------


def graphs(model: Any) -> list[Any]:
    """The model's graph and all subgraphs, by the onnx package."""
    found, waiting = [], [model.graph]
    while waiting:
        graph = waiting.pop()
        found.append(graph)
        for node in graph.node:
            for attribute in node.attribute:
                waiting += [attribute.g] if attribute.HasField("g") else list(attribute.graphs)
    return found


def expected_dims(value: Any) -> tuple[int | None, ...]:
    dims = value.type.tensor_type.shape.dim
    return tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in dims)


@pytest.mark.parametrize("name", FILES)
def test_as_the_onnx_package_reads_it(name: str) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(FIXTURES / name), load_external_data=False)
    found = info(name)
    facts = facts_of(found, OnnxFacts)
    assert facts.ir_version == model.ir_version
    assert facts.opsets == {o.domain: o.version for o in model.opset_import}
    nodes = [node for graph in graphs(model) for node in graph.node]
    nodes += [node for function in model.functions for node in function.node]
    names = (f"{n.domain}::{n.op_type}" if n.domain else n.op_type for n in nodes)
    assert found.operators == dict(Counter(names))
    tensors = [tensor for graph in graphs(model) for tensor in graph.initializer]
    tensors += [sparse.values for graph in graphs(model) for sparse in graph.sparse_initializer]
    assert facts.initializers == len(tensors)
    assert found.parameters == sum(count(tensor.dims) for tensor in tensors)
    initialised = {tensor.name for tensor in model.graph.initializer}
    inputs = [v for v in model.graph.input if v.name not in initialised]
    plain = [v for v in inputs if v.type.HasField("tensor_type")]
    assert found.signature is not None
    assert [(s.name, s.shape) for s in found.signature.inputs] == [
        (v.name, expected_dims(v)) for v in plain
    ]
    assert [s.dtype for s in found.signature.inputs] == [
        DTYPES[v.type.tensor_type.elem_type][0] for v in plain
    ]


def count(dims: Any) -> int:
    total = 1
    for dim in dims:
        total *= dim
    return total


def test_dtypes_are_numpys() -> None:
    onnx = pytest.importorskip("onnx")
    for code, (name, bits) in DTYPES.items():
        if code in onnx.TensorProto.DataType.values() and name != "str":
            dtype = onnx.helper.tensor_dtype_to_np_dtype(code)
            assert dtype.name == name
            assert bits == dtype.itemsize * 8 or bits < 8


def test_a_model_that_torch_exports(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    numpy = pytest.importorskip("numpy")
    weights = numpy.ones((300, 400), numpy.float32)
    path = tmp_path / "m.onnx"
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
    shapes = {"x": [2, 300], "y": [2, 400]}
    values = {
        n: onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, s)
        for n, s in shapes.items()
    }
    initializer = onnx.numpy_helper.from_array(weights, "w")
    graph = onnx.helper.make_graph([node], "g", [values["x"]], [values["y"]], [initializer])
    onnx.save(onnx.helper.make_model(graph), str(path))
    touched: list[int] = []

    class Watched(BytesSource):
        def read(self, offset: int, length: int) -> bytes:
            touched.append(length)
            return super().read(offset, length)

    found = read_source(Watched("w", path.read_bytes()))
    assert found.parameter_bytes == weights.nbytes
    assert sum(touched) < 20_000  # of 480 KB: tensor data is stepped over


# --- facts ----------------------------------------------------------------------------------


def test_versions_and_producer() -> None:
    found = info("cnn-opset12.onnx")
    assert found.versions == {"ir_version": "7", "opset": "12", "producer": "1"}
    assert found.producer == "neopack-fixtures 1"
    assert (found.framework, found.format, found.parameters) == ("ONNX", "onnx", 112)
    assert found.dtypes == {"float32": 2}
    assert info("custom-domain.onnx").versions["opset com.example"] == "1"


def test_free_dims() -> None:
    facts = facts_of(info("symbolic-batch.onnx"), OnnxFacts)
    assert facts.dynamic_inputs == ("image",)
    assert facts.symbolic_dims == {"image": ("batch", None, None, None)}
    two = info("two-inputs.onnx")
    assert facts_of(two, OnnxFacts).symbolic_dims == {
        "input_ids": ("batch", "length"),
        "attention_mask": ("batch", None, "?"),
    }
    assert two.signature is not None
    assert two.signature.inputs[1] == TensorSpec(
        name="attention_mask", dtype="int64", shape=(None, 4, None)
    )
    assert facts_of(two, OnnxFacts).constant_bytes == 8


def test_initializers_among_the_inputs() -> None:
    found = info("listed-initializers.onnx")
    assert facts_of(found, OnnxFacts).initializers_in_inputs == 2
    assert found.signature is not None
    assert [spec.name for spec in found.signature.inputs] == ["image"]


def test_external_data() -> None:
    assert facts_of(info("external-data.onnx"), OnnxFacts).external_data == (
        ExternalTensor(tensor="w", location="external-data.bin", offset="0", length="432"),
    )
    assert facts_of(info("cnn-opset18.onnx"), OnnxFacts).external_data == ()


def test_domains_functions_and_subgraphs() -> None:
    assert facts_of(info("custom-domain.onnx"), OnnxFacts).custom_domains == ("com.example",)
    function = info("local-function.onnx")
    assert facts_of(function, OnnxFacts).functions == ("local::Twice",)
    assert facts_of(function, OnnxFacts).custom_domains == ()
    assert function.operators == {"Add": 1, "local::Twice": 1}
    branches = info("if-subgraph.onnx")
    assert facts_of(branches, OnnxFacts).subgraphs == 2
    assert branches.operators == {"Add": 1, "If": 1, "Mul": 1}
    assert branches.parameters == 4


def test_quantised() -> None:
    assert facts_of(info("quantised.onnx"), OnnxFacts).quantised == {
        "DequantizeLinear": 1,
        "QuantizeLinear": 1,
    }


def test_odd_inputs() -> None:
    facts = facts_of(info("odd-inputs.onnx"), OnnxFacts)
    assert facts.non_tensor_inputs == {"many": "sequence"}
    assert facts.non_tensor_outputs == {"more": "sequence"}
    assert facts.unranked_inputs == facts.dynamic_inputs == ("any",)
    assert facts.sparse_initializers == 1


# --- what is refused ------------------------------------------------------------------------


def test_a_cut_file_is_malformed_with_its_offset() -> None:
    data = content("cnn-opset12.onnx")
    graph = data.index(b"\x3a", 10)
    with pytest.raises(Malformed, match="runs past its end") as caught:
        of_bytes(data[:-100])
    assert (caught.value.offset, caught.value.where) == (graph, "m.onnx")
    with pytest.raises(Malformed, match="without a graph") as caught:
        of_bytes(data[:graph])
    assert caught.value.offset == graph


def span(number: int, inside: bytes) -> bytes:
    length, out = len(inside), bytearray()
    while length >= 0x80:
        out.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([number << 3 | 2, *out, length]) + inside


@pytest.mark.parametrize(
    "dims",
    [
        b"\x08" + b"\xff" * 9 + b"\x01",  # -1
        (b"\x08" + b"\xff" * 5 + b"\x7f") * 2,  # 2 ** 42, twice
        b"\x08\x01" * 65,
    ],
)
def test_impossible_shapes(dims: bytes) -> None:
    with pytest.raises(Malformed, match=r"impossible shape|more than 64 dims"):
        of_bytes(b"\x08\x07" + span(7, span(5, dims)))


@pytest.mark.parametrize("limits", [Limits(), Limits(depth=10_000)])
def test_deep_subgraphs_are_bounded(limits: Limits) -> None:
    graph = span(2, b"g")
    for _ in range(400):
        graph = span(1, span(5, span(6, graph)))
    with pytest.raises(LimitExceeded):
        of_bytes(b"\x08\x07" + span(7, graph), limits)


def test_names_are_bounded() -> None:
    graph = b"".join(span(5, span(8, b"w%d" % n)) for n in range(50))
    assert facts_of(of_bytes(b"\x08\x07" + span(7, graph)), OnnxFacts).initializers == 50
    with pytest.raises(LimitExceeded, match="records"):
        of_bytes(b"\x08\x07" + span(7, graph), Limits(records=40))
