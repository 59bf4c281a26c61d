"""Graphs cut down and made readable for TensorFlow 1.15, on graphs made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neopack import facts
from neopack.frameworks.tensorflow.layout import layout, model_members, model_parts
from neopack.frameworks.tensorflow.lowering.lower import lower
from neopack.frameworks.tensorflow.lowering.prune import prune, safe_name
from neopack.values.signature import Signature, TensorSpec

FLOAT = 1


def graph_of(build: Any) -> Any:
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        build(tf.compat.v1)
    return graph.as_graph_def()


def computed(graph: Any, output: str, **inputs: Any) -> Any:
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.import_graph_def(graph, name="")
        return session.run(f"{output}:0", {f"{name}:0": value for name, value in inputs.items()})


@pytest.mark.parametrize(
    ("name", "taken", "safe"),
    [
        ("scores", set(), "scores"),
        ("scores", {"scores"}, "scores_out"),
        ("logits_10", set(), "logits_10_out"),
        ("a:b c", set(), "a_b_c"),
        ("_hidden", set(), "out_hidden"),
        ("layer/out", set(), "layer_out"),
    ],
)
def test_safe_names(name: str, taken: set[str], safe: str) -> None:
    assert safe_name(name, taken) == safe


def test_what_only_training_needs_is_passed_over() -> None:
    def build(v1: Any) -> None:
        import tensorflow as tf

        x = v1.placeholder(tf.float32, [2], name="x")
        training = v1.placeholder_with_default(np.float32(3), [], name="scale")
        with v1.control_dependencies([v1.no_op(name="assert")]):
            checked = tf.debugging.check_numerics(tf.stop_gradient(x), "bad")
        tf.multiply(checked, training, name="y")
        tf.reduce_sum(x, name="unused")

    pruned = prune(graph_of(build), {"y": "y:0"}, {"y": FLOAT})
    assert {node.op for node in pruned.graph.node} == {"Placeholder", "Const", "Mul"}
    assert pruned.outputs == {"y": "y"}
    assert computed(pruned.graph, "y", x=[1.0, 2.0]).tolist() == [3.0, 6.0]


def test_each_output_gets_a_node_that_ends_the_graph() -> None:
    """A second output of one node, one that another takes from, and an input itself."""

    def build(v1: Any) -> None:
        import tensorflow as tf

        x = v1.placeholder(tf.float32, [4], name="x")
        _, second = tf.split(x, 2, name="split")
        tf.square(second, name="square")

    wanted = {"second": "split:1", "square": "square:0", "same": "x:0"}
    pruned = prune(graph_of(build), wanted, dict.fromkeys(wanted, FLOAT))
    assert pruned.outputs == {"second": "second", "square": "square", "same": "same"}
    consumed = {name.split(":")[0] for node in pruned.graph.node for name in node.input}
    assert not consumed & set(pruned.outputs.values())
    for name, expected in {"second": [3, 4], "square": [9, 16], "same": [1, 2, 3, 4]}.items():
        given = np.arange(1, 5, dtype=np.float32)
        assert computed(pruned.graph, pruned.outputs[name], x=given).tolist() == expected


def test_a_loop_of_tensorflow_1_survives() -> None:
    def build(v1: Any) -> None:
        import tensorflow as tf

        v1.disable_control_flow_v2()
        try:
            x = v1.placeholder(tf.float32, [], name="x")
            end = v1.while_loop(lambda v: v < 100.0, lambda v: v * 2.0, [x])
            tf.identity(end, name="y")
        finally:
            v1.enable_control_flow_v2()

    pruned = prune(graph_of(build), {"y": "y:0"}, {"y": FLOAT})
    assert computed(pruned.graph, "y", x=3.0) == 192.0


def test_new_attributes_at_their_defaults_are_left_out() -> None:
    def build(v1: Any) -> None:
        import tensorflow as tf

        x = v1.placeholder(tf.float32, [1, 4, 4, 1], name="x")
        tf.nn.max_pool2d(x, 2, 2, "VALID", name="pooled")

    graph = graph_of(build)
    done = lower(graph)
    assert set(done.dropped) == {"MaxPool.explicit_paddings"}
    assert not done.unknown
    (node,) = [node for node in graph.node if node.op == "MaxPool"]
    assert set(node.attr) <= facts.tensorflow_operators()["MaxPool"] | {"_output_shapes"}


def test_what_cannot_be_left_out_is_named() -> None:
    def build(v1: Any) -> None:
        import tensorflow as tf

        x = v1.placeholder(tf.float32, [1, 4, 4, 1], name="x")
        tf.nn.max_pool2d(x, 2, 2, [[0, 0], [1, 1], [1, 1], [0, 0]], name="pooled")
        tf.raw_ops.DenseBincount(input=[1, 2], size=3, weights=[1.0, 1.0], name="counts")

    done = lower(graph_of(build))
    assert set(done.unknown) == {"DenseBincount", "MaxPool.explicit_paddings"}
    assert "DenseBincount" in done.warnings()[0]


def test_the_table_of_operators_is_of_1_15() -> None:
    known = facts.tensorflow_operators()
    assert len(known) > 1000
    assert "explicit_paddings" in known["Conv2D"]
    assert not {"DenseBincount", "DisableCopyOnRead"} & set(known)


# --- the layout -----------------------------------------------------------------------------

SAVED = ["export/saved_model.pb", "export/variables/variables.index"]
SIGNATURE = Signature(inputs=(TensorSpec(name="x", dtype="float32", shape=(1, 4)),))


def test_members_and_parts_of_a_saved_model() -> None:
    names = [*SAVED, "export/keras_metadata.pb", "export/assets/a.pbtxt", "variables/other"]
    assert model_members(names) == ("export/saved_model.pb",)
    assert model_parts(names, SAVED[0]) == (SAVED[1], "export/assets/a.pbtxt")
    assert model_parts(["saved_model.pb", "variables/v"], "saved_model.pb") == ("variables/v",)
    assert model_parts(["model.pb", "variables/v"], "model.pb") == ()


@pytest.mark.parametrize(
    ("members", "directories"),
    [
        (SAVED, ("export",)),
        (SAVED[:1], ("export", "export/variables")),
        (["saved_model.pb", "variables/v"], ()),
        (["model.pb"], ()),
    ],
)
def test_directories_that_are_members(members: list[str], directories: tuple[str, ...]) -> None:
    assert layout(SIGNATURE, facts.target("ml_c5"), members).directories == directories
