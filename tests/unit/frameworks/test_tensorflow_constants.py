"""Graphs whose large constants are apart: read, written, frozen and run, each as TensorFlow does
it with the constants inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neopack.errors import SourceError
from neopack.frameworks.tensorflow.lowering import constants, freeze
from neopack.frameworks.tensorflow.run import frozen_runner
from neopack.values.signature import Signature, TensorSpec

X = np.random.default_rng(0).standard_normal((2, 300), dtype=np.float32)
LARGE = np.random.default_rng(1).standard_normal((300, 100), dtype=np.float32)
SMALL = np.arange(100, dtype=np.float32)
SIGNATURE = Signature(inputs=(TensorSpec(name="x", dtype="float32", shape=X.shape),))


def definition() -> Any:
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, X.shape, name="x")
        deep = tf.matmul(x, tf.constant(LARGE, name="large"))
        tf.add(deep, tf.constant(SMALL, name="small"), name="y")
    return graph.as_graph_def()


def computed(graph: constants.StrippedGraph, output: str = "y:0") -> Any:
    fed, numbers = constants.fed(graph)
    runner = frozen_runner(fed, SIGNATURE, {"y": output}, constants=numbers)
    return runner.predict({"x": X})["y"]


def test_only_what_is_large_is_taken_apart() -> None:
    graph = constants.taken_apart(definition())
    assert list(graph.numbers) == ["large"]
    assert graph.definition.ByteSize() < constants.LARGE
    np.testing.assert_allclose(computed(graph), X @ LARGE + SMALL, rtol=1e-4, atol=1e-4)


def test_what_is_written_is_the_graph_with_its_constants(tmp_path: Path) -> None:
    whole = definition()
    constants.write_graph(constants.taken_apart(whole), tmp_path / "m.pb")
    assert type(whole).FromString((tmp_path / "m.pb").read_bytes()) == whole


def test_reading_leaves_the_numbers_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "m.pb").write_bytes(definition().SerializeToString())
    graph = constants.read_graph(tmp_path / "m.pb")
    apart = constants.taken_apart(definition())
    assert graph.definition == apart.definition
    assert graph.numbers["large"]().tobytes() == LARGE.tobytes()
    np.testing.assert_array_equal(computed(graph), computed(apart))


def test_other_large_attributes_stay(tmp_path: Path) -> None:
    """Of an operator that is no constant, and numbers that are no plain bytes."""
    whole = definition()
    tensor = whole.node[0].attr["_kept"].tensor
    tensor.tensor_content = bytes(constants.LARGE)
    values = whole.node.add(name="listed", op="Const").attr["value"].tensor
    values.float_val.extend([0.5] * constants.LARGE)
    (tmp_path / "m.pb").write_bytes(whole.SerializeToString())
    graph = constants.read_graph(tmp_path / "m.pb")
    assert list(graph.numbers) == ["large"]
    constants.write_graph(graph, tmp_path / "again.pb")
    assert type(whole).FromString((tmp_path / "again.pb").read_bytes()) == whole


def test_beyond_what_protobuf_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "MOST", LARGE.nbytes)
    with pytest.raises(SourceError, match="too large for one frozen graph"):
        constants.write_graph(constants.taken_apart(definition()), tmp_path / "m.pb")


# --- freezing -------------------------------------------------------------------------------


def frozen_of(body: Any) -> freeze.FrozenGraph:
    import tensorflow as tf

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def serve(x: Any) -> dict[str, Any]:
        return {"y": body(x)}

    function = serve.get_concrete_function(x=tf.TensorSpec(X.shape, name="x"))
    expected = function(x=tf.constant(X))["y"].numpy()
    frozen = freeze.freeze_function(function)
    np.testing.assert_allclose(
        computed(frozen.graph, frozen.outputs["y"]), expected, rtol=1e-4, atol=1e-4
    )
    return frozen


def test_a_large_variable_is_not_copied() -> None:
    import tensorflow as tf

    weights = tf.Variable(LARGE)
    offset = tf.Variable(SMALL)
    frozen = frozen_of(lambda x: tf.matmul(x, weights) + offset)
    assert len(frozen.graph.numbers) == 1
    assert frozen.graph.definition.ByteSize() < constants.LARGE
    assert {node.op for node in frozen.graph.definition.node} & {"ReadVariableOp"} == set()


def test_a_large_variable_that_a_loop_takes() -> None:
    import tensorflow as tf

    square = tf.Variable(LARGE[:, :1] * LARGE[:, :1].T / 300)
    frozen = frozen_of(
        lambda x: tf.while_loop(
            lambda turn, _: turn < 3, lambda turn, v: (turn + 1, tf.matmul(v, square)), (0, x)
        )[1]
    )
    assert len(frozen.graph.numbers) == 1
    assert "While" in {node.op.removeprefix("Stateless") for node in frozen.graph.definition.node}


def test_a_large_variable_whose_rows_are_looked_up() -> None:
    import tensorflow as tf

    table = tf.Variable(LARGE)
    frozen_of(lambda x: tf.gather(table, tf.cast(tf.abs(x) * 10, tf.int32)))


def test_functions_that_xla_compiles_are_inlined() -> None:
    import tensorflow as tf

    weights = tf.Variable(LARGE)

    @tf.function(jit_compile=True)  # type: ignore[untyped-decorator]
    def deep(x: Any) -> Any:
        return tf.matmul(x, weights)

    frozen = frozen_of(lambda x: deep(x) + 1.0)
    assert "MatMul" in {node.op for node in frozen.graph.definition.node}
    assert len(frozen.graph.numbers) == 1


def test_a_large_variable_of_a_saved_model(tmp_path: Path) -> None:
    """What was loaded of it is gone by the time that its numbers are asked for."""
    import tensorflow as tf

    from neopack.frameworks.tensorflow.lowering.saved_model import meta_graph

    module = tf.Module()
    module.weights = tf.Variable(LARGE)
    module.free = tf.Variable(SMALL, shape=tf.TensorShape(None))

    @tf.function(input_signature=[tf.TensorSpec(X.shape, name="x")])  # type: ignore[untyped-decorator]
    def serve(x: Any) -> dict[str, Any]:
        return {"y": tf.matmul(x, module.weights) + tf.ensure_shape(module.free, [100])}

    tf.saved_model.save(module, str(tmp_path / "m"), signatures=serve)
    meta = meta_graph(tmp_path / "m").meta_graphs[0]
    frozen = freeze.freeze_saved_model(tmp_path / "m", meta, SIGNATURE.inputs, "m")
    assert len(frozen.graph.numbers) == 1
    made = computed(frozen.graph, frozen.outputs["y"])
    np.testing.assert_allclose(made, X @ LARGE + SMALL, rtol=1e-4, atol=1e-4)
