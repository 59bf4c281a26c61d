"""Scalar inputs that become constants, the order of outputs, and the form that Neuron reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from neopack.errors import UsageError
from neopack.frameworks import ExportOptions, ExportTask
from neopack.frameworks.tensorflow.export import export
from neopack.frameworks.tensorflow.natural_order import natural
from neopack.frameworks.tensorflow.options import TensorFlowOptions
from neopack.goldens.cases import load_goldens
from neopack.values.log import SilentLog
from neopack.values.model import ExportedModel, ModelSource
from neopack.values.signature import InputRequest

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own
OFFSET = np.array([1, 2, 3])
X = (InputRequest(name="x", shape=(2, 3)),)


def exported(
    source: ModelSource, folder: Path, own: TensorFlowOptions | None = None, **options: Any
) -> ExportedModel:
    staging = folder / "staging"
    staging.mkdir()
    task = ExportTask(
        source=source, inputs=X, staging=staging, own=own, options=ExportOptions(**options)
    )
    return export(task, SilentLog())


def of_file(path: Path) -> ModelSource:
    return ModelSource(kind="file", where=str(path), framework="TENSORFLOW")


def frozen(folder: Path) -> Path:
    """(x * keep_prob if training else -x) + offset"""
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [None, 3], name="x")
        keep = v1.placeholder(tf.float32, [], name="keep_prob")
        training = v1.placeholder(tf.bool, [], name="training")
        offset = v1.placeholder(tf.int32, [3], name="offset")
        y = tf.cond(training, lambda: x * keep, lambda: -x) + tf.cast(offset, tf.float32)
        tf.identity(y, name="y")
    (folder / "model.pb").write_bytes(graph.as_graph_def().SerializeToString())
    return folder / "model.pb"


class Scaled(tf.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.weight = tf.Variable(2.0)

    @tf.function(  # type: ignore[untyped-decorator]
        input_signature=[tf.TensorSpec([None, 3], name="x"), tf.TensorSpec([], name="scale")]
    )
    def __call__(self, x: Any, scale: Any) -> Any:
        return {"y": x * scale * self.weight}


@pytest.mark.parametrize(
    ("training", "expected"), [("true", lambda x: x * 0.5), ("0", lambda x: -x)]
)
def test_scalar_placeholders_of_a_frozen_graph_become_constants(
    training: str, expected: Any, tmp_path: Path
) -> None:
    constants = ("keep_prob=0.5", f"training={training}", "offset=[1, 2, 3]")
    model = exported(of_file(frozen(tmp_path)), tmp_path, TensorFlowOptions(constants=constants))
    assert [spec.name for spec in model.signature.inputs] == ["x"]
    inputs, outputs = load_goldens(model.goldens.path)
    np.testing.assert_allclose(outputs["y"], expected(inputs["x"]) + OFFSET, rtol=1e-6)
    assert "input keep_prob became the constant 0.5" in model.rewrites


@pytest.mark.parametrize("form", ["saved-model", "frozen"])
def test_a_scalar_of_a_saved_model_becomes_a_constant(form: Any, tmp_path: Path) -> None:
    tf.saved_model.save(Scaled(), str(tmp_path / "saved"))
    options = TensorFlowOptions(constants=("scale=3",), form=form)
    model = exported(of_file(tmp_path / "saved/saved_model.pb"), tmp_path, options)
    assert [spec.name for spec in model.signature.inputs] == ["x"]
    inputs, outputs = load_goldens(model.goldens.path)
    np.testing.assert_allclose(outputs["y"], inputs["x"] * 6, rtol=1e-6)


@pytest.mark.parametrize(
    ("constants", "words"),
    [
        ((), "'keep_prob' has no dims"), (("keep_prob",), "is not NAME=VALUE"),
        (("training=2",), "is not bool"), (("keep_prob=x",), "is not float32"),
        (("offset=0.5",), r"is not int32 \[3\]"), (("keep_prop=1",), "did you mean keep_prob"),
    ],
)  # fmt: skip
def test_what_is_no_constant_is_refused(
    constants: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    path = frozen(tmp_path)
    with pytest.raises(UsageError) as refused:
        exported(of_file(path), tmp_path, TensorFlowOptions(constants=constants))
    text = f"{refused.value} {refused.value.hint}"
    assert re.search(words, text), text


class Many(tf.Module):  # type: ignore[misc]
    @tf.function  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        return [x + float(at) for at in range(11)]


@pytest.mark.parametrize("form", ["saved-model", "frozen"])
def test_outputs_are_in_the_model_s_order(form: Any, tmp_path: Path) -> None:
    source = ModelSource(kind="object", where="Many", framework="TENSORFLOW", model=Many())
    model = exported(source, tmp_path, TensorFlowOptions(form=form))
    names = [spec.name for spec in model.signature.outputs]
    inputs, outputs = load_goldens(model.goldens.path)
    values = [float((outputs[name] - inputs["x"]).mean().round()) for name in names]
    assert values == [*range(11)]


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["output_10", "output_2", "output_1"], ["output_1", "output_2", "output_10"]),
        (["b", "a10_2", "a9", "a10_1", "a"], ["a", "a9", "a10_1", "a10_2", "b"]),
        (["x01", "x1", "x001"], ["x001", "x01", "x1"]),
    ],
)
def test_names_are_in_the_order_of_their_numbers(names: list[str], ordered: list[str]) -> None:
    assert natural(names) == ordered


@pytest.mark.parametrize(
    ("path", "version", "file"),
    [("neuron", "1.15", "model.pb"), ("neuron", "2.5", "saved_model.pb"),
     ("tvm", "1.15", "saved_model.pb")],
)  # fmt: skip
@pytest.mark.parametrize("live", [True, False])
def test_neuron_1_gets_a_frozen_graph(
    path: Any, version: str, file: str, live: bool, tmp_path: Path
) -> None:
    source = ModelSource(kind="object", where="Many", framework="TENSORFLOW", model=Many())
    if not live:
        tf.saved_model.save(Many(), str(tmp_path / "m"), Many().__call__.get_concrete_function(
            tf.TensorSpec((2, 3), name="x")))  # fmt: skip
        source = of_file(tmp_path / "m/saved_model.pb")
    model = exported(source, tmp_path, compiler_path=path, framework_version=version)
    assert model.members[0].path.name == file
