"""Convolutions in groups, rewritten for TensorFlow 1.15, compute as before."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neopack import inspect
from neopack.frameworks.tensorflow.facts import TensorFlowFacts
from neopack.frameworks.tensorflow.lowering.grouped_convolutions import DEPTHWISE, SPLIT, ungroup
from neopack.values.model import facts_of

IMAGES = np.random.default_rng(0).standard_normal((2, 9, 9, 6), dtype=np.float32)


def kernel(depth: int, outputs: int) -> Any:
    return np.random.default_rng(1).standard_normal((3, 3, depth, outputs), dtype=np.float32)


def graph_of(depth: int, outputs: int, *, variable: bool = False, **options: Any) -> Any:
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, IMAGES.shape, name="x")
        weights = tf.constant(kernel(depth, outputs))
        if variable:  # what is read of one is no constant
            weights = tf.compat.v1.placeholder_with_default(weights, weights.shape, name="read")
        settings = {"strides": 1, "padding": "SAME", **options}
        tf.nn.conv2d(x, tf.identity(weights), name="y", **settings)
    return graph.as_graph_def(add_shapes=True)


def computed(graph: Any) -> Any:
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.import_graph_def(graph, name="")
        return session.run("y:0", {"x:0": IMAGES})


@pytest.mark.parametrize("variable", [False, True])
@pytest.mark.parametrize(
    ("depth", "outputs", "options", "way"),
    [
        (1, 6, {}, DEPTHWISE),
        (1, 18, {"strides": 2, "padding": "VALID"}, DEPTHWISE),
        (1, 6, {"strides": [1, 2, 1, 1]}, SPLIT),
        (1, 12, {"dilations": 2}, SPLIT),
        (1, 6, {"padding": [[0, 0], [1, 2], [0, 1], [0, 0]]}, SPLIT),
        (3, 4, {}, SPLIT),
        (2, 9, {"strides": 2, "dilations": 1}, SPLIT),
    ],
)
def test_they_compute_as_before(
    depth: int, outputs: int, options: Any, way: str, *, variable: bool
) -> None:
    graph = graph_of(depth, outputs, variable=variable, **options)
    before = computed(graph)
    assert ungroup(graph) == Counter({way: 1})
    shapes = {tuple(node.input): node.op for node in graph.node if node.op == "Reshape"}
    assert bool(shapes) == (variable and way == DEPTHWISE)
    assert np.ptp(before) > 1
    np.testing.assert_allclose(computed(graph), before, rtol=0, atol=1e-5)


def test_a_kernel_that_others_take_keeps_its_shape() -> None:
    import tensorflow as tf

    with tf.Graph().as_default() as built:
        x = tf.compat.v1.placeholder(tf.float32, IMAGES.shape, name="x")
        weights = tf.constant(kernel(1, 6))
        first = tf.nn.conv2d(x, weights, strides=1, padding="SAME")
        tf.nn.conv2d(first, weights, strides=1, padding="SAME", name="y")
    graph = built.as_graph_def()
    before = computed(graph)
    assert ungroup(graph) == Counter({DEPTHWISE: 2})
    np.testing.assert_allclose(computed(graph), before, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("depth", "outputs"), [(6, 6), (6, 12)])
def test_others_are_left_alone(depth: int, outputs: int) -> None:
    graph = graph_of(depth, outputs)
    before = graph.SerializeToString(deterministic=True)
    assert not ungroup(graph)
    assert graph.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize(("depth", "way"), [(1, DEPTHWISE), (3, SPLIT)])
def test_channels_first(depth: int, way: str) -> None:
    """TensorFlow computes them on GPUs alone: the shapes stay, and the cuts are along channels."""
    import tensorflow as tf

    with tf.Graph().as_default() as built:
        x = tf.compat.v1.placeholder(tf.float32, (2, 6, 9, 9), name="x")
        weights = tf.constant(kernel(depth, 6))
        tf.nn.conv2d(x, weights, strides=2, padding="SAME", data_format="NCHW", name="y")
    graph = built.as_graph_def()
    assert ungroup(graph) == Counter({way: 1})
    with tf.Graph().as_default() as again:
        tf.import_graph_def(graph, name="")
    assert again.get_tensor_by_name("y:0").shape == (2, 6, 5, 5)


def test_those_in_functions_of_a_saved_model(tmp_path: Path) -> None:
    """With variables for kernels, one convolution of each way in a function of its own."""
    import tensorflow as tf

    from neopack.frameworks.tensorflow.lowering.saved_model import meta_graph
    from neopack.frameworks.tensorflow.run import saved_runner
    from neopack.values.signature import Signature

    module = tf.Module()
    module.one = tf.Variable(kernel(1, 12))
    module.two = tf.Variable(kernel(4, 9))

    @tf.function(input_signature=[tf.TensorSpec(IMAGES.shape, name="x")])  # type: ignore[untyped-decorator]
    def serve(x: Any) -> Any:
        halves = tf.nn.conv2d(x, module.one, strides=1, padding="SAME")
        return {"y": tf.nn.conv2d(halves, module.two, strides=2, padding="VALID")}

    tf.saved_model.save(module, str(tmp_path / "m"), signatures=serve)
    runner = saved_runner(tmp_path / "m", ["serve"], "serving_default", Signature(inputs=()))
    before = runner.predict({"x": IMAGES})["y"]
    model = meta_graph(tmp_path / "m")
    assert ungroup(model.meta_graphs[0].graph_def) == Counter({DEPTHWISE: 1, SPLIT: 1})
    (tmp_path / "m" / "saved_model.pb").write_bytes(model.SerializeToString())
    after = saved_runner(tmp_path / "m", ["serve"], "serving_default", Signature(inputs=()))
    np.testing.assert_allclose(after.predict({"x": IMAGES})["y"], before, rtol=1e-4, atol=1e-4)
    answers = tf.saved_model.load(str(tmp_path / "m")).signatures["serving_default"](x=IMAGES)
    np.testing.assert_allclose(answers["y"].numpy(), before, rtol=1e-4, atol=1e-4)


# --- dilations of depthwise convolutions ------------------------------------------------------


def depthwise_graph(multiplier: int, dilations: list[int], *, variable: bool = False) -> Any:
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, IMAGES.shape, name="x")
        weights = tf.constant(kernel(6, multiplier))
        if variable:
            weights = tf.compat.v1.placeholder_with_default(weights, weights.shape, name="read")
        tf.raw_ops.DepthwiseConv2dNative(
            input=x, filter=weights, strides=[1] * 4, padding="SAME", dilations=dilations, name="y"
        )
    return graph.as_graph_def(add_shapes=True)


@pytest.mark.parametrize("variable", [False, True])
@pytest.mark.parametrize("multiplier", [1, 2])
@pytest.mark.parametrize("dilations", [[1, 2, 2, 1], [1, 1, 3, 1]])
def test_dilations_of_depthwise_convolutions_are_computed(
    multiplier: int, dilations: list[int], *, variable: bool
) -> None:
    graph = depthwise_graph(multiplier, dilations, variable=variable)
    before = computed(graph)
    assert ungroup(graph) == Counter({SPLIT: 1})
    assert "DepthwiseConv2dNative" not in {node.op for node in graph.node}
    np.testing.assert_allclose(computed(graph), before, atol=1e-5)


def test_depthwise_convolutions_without_dilations_stay() -> None:
    graph = depthwise_graph(1, [1, 1, 1, 1])
    assert not ungroup(graph)


# --- what check sees in a graph of somebody else ----------------------------------------------


def facts_of_graph(graph: Any, folder: Path) -> TensorFlowFacts:
    path = folder / "model.pb"
    path.write_bytes(graph.SerializeToString())
    return known(path)


def known(path: Path) -> TensorFlowFacts:
    return facts_of(inspect(path).info, TensorFlowFacts)


@pytest.mark.parametrize("variable", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_convolutions_in_groups_are_seen(depth: int, *, variable: bool, tmp_path: Path) -> None:
    graph = graph_of(depth, 6, variable=variable)
    found = facts_of_graph(graph, tmp_path)
    assert found.grouped == (("y",) if depth < 6 else ())
    assert found.dilated_depthwise == ()


def test_channels_are_followed_where_no_shape_is_written(tmp_path: Path) -> None:
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None, 9, 9, 6], name="x")
        first = tf.nn.conv2d(x, tf.constant(kernel(6, 8)), 1, "SAME", name="first")
        second = tf.nn.relu(tf.nn.bias_add(first, tf.zeros(8)))
        third = tf.nn.max_pool2d(second, 2, 2, "VALID")
        tf.nn.conv2d(third, tf.constant(kernel(2, 8)), 1, "SAME", name="grouped")
    found = facts_of_graph(graph.as_graph_def(), tmp_path)
    assert found.grouped == ("grouped",)


def test_channels_first_have_another_axis(tmp_path: Path) -> None:
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [1, 6, 12, 12], name="x")
        tf.nn.conv2d(x, tf.constant(kernel(6, 8)), 1, "SAME", data_format="NCHW", name="whole")
        tf.nn.conv2d(x, tf.constant(kernel(3, 8)), 1, "SAME", data_format="NCHW", name="half")
    assert facts_of_graph(graph.as_graph_def(), tmp_path).grouped == ("half",)


@pytest.mark.parametrize("form", ["binary", "text"])
def test_dilated_depthwise_convolutions_are_seen(form: str, tmp_path: Path) -> None:
    from google.protobuf import text_format

    graph = depthwise_graph(1, [1, 2, 2, 1])
    if form == "text":
        path = tmp_path / "model.pbtxt"
        path.write_text(text_format.MessageToString(graph))
        assert known(path).dilated_depthwise == ("y",)
    else:
        assert facts_of_graph(graph, tmp_path).dilated_depthwise == ("y",)


def test_those_of_a_saved_model_are_seen_in_its_functions(tmp_path: Path) -> None:
    import tensorflow as tf

    model: Any = tf.Module()
    model.kernel = tf.Variable(kernel(3, 6))

    def convolve(x: Any) -> Any:
        return tf.nn.conv2d(tf.nn.relu(x), model.kernel, 1, "SAME")

    taken = tf.TensorSpec((1, 9, 9, 6), tf.float32, name="x")
    model.convolve = tf.function(convolve, input_signature=[taken])
    tf.saved_model.save(model, str(tmp_path / "m"), signatures=model.convolve)
    assert len(known(tmp_path / "m").grouped) == 1
