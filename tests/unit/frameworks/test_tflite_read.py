"""What is read of TensorFlow Lite models is what TensorFlow Lite itself says of them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from neopack.errors import LimitExceeded, Malformed
from neopack.formats.guard import Limits
from neopack.formats.source import BytesSource, FileSource
from neopack.frameworks import registry
from neopack.frameworks.tflite import schema
from neopack.frameworks.tflite.facts import TFLiteFacts
from neopack.frameworks.tflite.read import read_source, recognize
from neopack.values.model import facts_of
from neopack.values.signature import TensorSpec

FIXTURES = Path(__file__).parents[3] / "fixtures" / "tflite"
FILES = sorted(FIXTURES.glob("*.tflite"))
CUSTOM = "custom-operator"  # the interpreter has no such operator


def interpreter(path: Path) -> Any:
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is to move to another package
        return tf.lite.Interpreter(str(path))


def specs(details: list[dict[str, Any]]) -> tuple[TensorSpec, ...]:
    import numpy as np

    return tuple(
        TensorSpec(
            name=one["name"],
            dtype=np.dtype(one["dtype"]).name,
            shape=tuple(None if dim < 0 else int(dim) for dim in one["shape_signature"]),
        )
        for one in details
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_inputs_and_outputs(path: Path) -> None:
    with FileSource(path) as source:
        info = read_source(source)
    assert info.signature is not None
    theirs = interpreter(path)
    assert info.signature.inputs == specs(theirs.get_input_details())
    assert info.signature.outputs == specs(theirs.get_output_details())


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.stem != CUSTOM], ids=lambda path: path.stem
)
def test_operators(path: Path) -> None:
    with FileSource(path) as source:
        info = read_source(source)
    # private, and the only thing that names them; DELEGATE is what it adds to run them
    theirs = [one["op_name"] for one in interpreter(path)._get_ops_details()]
    assert info.operators == {
        name: theirs.count(name) for name in sorted(set(theirs)) if name != "DELEGATE"
    }


def test_names_are_those_of_the_schema() -> None:
    from tensorflow.lite.python import schema_py_generated as theirs

    for kind, names in (
        (theirs.BuiltinOperator, schema.OPERATORS),
        (theirs.TensorType, schema.TYPES),
    ):
        numbered = {number: name for name, number in vars(kind).items() if name[0] != "_"}
        ours = {number: name.upper() for number, name in enumerate(names)}
        assert ours.items() <= numbered.items() or numbered.items() <= ours.items()


def test_weights_and_custom_operators() -> None:
    info = read_source(BytesSource("m", (FIXTURES / "cnn.tflite").read_bytes()))
    # 3 * 3 * 3 * 4 of the kernel, 4 of the bias, and 2 axes
    assert (info.parameters, info.parameter_bytes) == (114, 456)
    assert info.dtypes == {"float32": 2, "int32": 1}
    assert facts_of(info, TFLiteFacts).subgraphs == 1
    info = read_source(BytesSource("m", (FIXTURES / f"{CUSTOM}.tflite").read_bytes()))
    assert facts_of(info, TFLiteFacts).custom_operators == ("Igamma",)
    assert info.operators == {"Igamma": 1}


def test_weights_are_not_read() -> None:
    class Counting(BytesSource):
        taken = 0

        def read(self, offset: int, length: int) -> bytes:
            self.taken += length
            return super().read(offset, length)

    source = Counting("m", large(50 << 20))
    info = read_source(source)
    assert info.parameter_bytes == 50 << 20
    assert source.taken < 100_000


def large(size: int) -> bytes:
    """A model of one constant of so many bytes, as the flatbuffers package writes it."""
    import flatbuffers  # type: ignore[import-untyped]
    import numpy as np
    from tensorflow.lite.python import schema_py_generated as made

    tensor = made.TensorT()
    tensor.name, tensor.shape, tensor.buffer, tensor.type = "weights", [size], 0, 3
    graph = made.SubGraphT()
    graph.tensors, graph.inputs, graph.outputs, graph.operators = [tensor], [0], [0], []
    buffer = made.BufferT()
    model = made.ModelT()
    model.version, model.subgraphs, model.buffers = 3, [graph], [buffer]
    buffer.data = np.zeros(size, np.uint8)
    builder = flatbuffers.Builder(size + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_what_is_refused() -> None:
    whole = (FIXTURES / "cnn.tflite").read_bytes()
    assert recognize(BytesSource("m", whole)) == "TensorFlow Lite model"
    assert recognize(BytesSource("m", b"")) is None
    with pytest.raises(Malformed, match="TFL3"):
        read_source(BytesSource("m", b"\0" * 64))
    with pytest.raises(Malformed):
        read_source(BytesSource("m", whole[: len(whole) // 2]))
    with pytest.raises(LimitExceeded):
        read_source(BytesSource("m", whole), Limits(operations=10))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_other_framework_takes_them(path: Path) -> None:
    with FileSource(path) as source:
        assert [n for n in registry.names() if registry.get(n).recognize(source)] == ["TFLITE"]
