"""Graphs that are written anew for TVM: TensorFlow computes the same of them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from neopack.frameworks.tensorflow.lowering.for_tvm import REWRITES, SEVERAL, lower_for_tvm

# the operators of the zip that no shape or constant lets be written, and those of other tests
LEFT = {"resize_bi", "resize_nn"}


def graphs(fixtures: Path) -> dict[str, Any]:
    with zipfile.ZipFile(fixtures / "tensorflow/1.15/operators.zip") as archive:
        names = {name.removesuffix(".pb"): archive.read(name) for name in archive.namelist()}
    return {name: tf.compat.v1.GraphDef.FromString(data) for name, data in names.items()}


def computed(graph: Any, x: Any) -> Any:
    with tf.Graph().as_default() as held, tf.compat.v1.Session(graph=held) as session:
        tf.import_graph_def(graph, name="")
        return session.run("y:0", {"x:0": x})


def copy(graph: Any) -> Any:
    return type(graph).FromString(graph.SerializeToString())


def test_tensorflow_computes_the_same_of_what_is_written_anew(fixtures: Path) -> None:
    tried = set()
    for name, graph in graphs(fixtures).items():
        wanted = {node.op for node in graph.node} & {*REWRITES, SEVERAL}
        if not wanted or name in LEFT:
            continue
        again = copy(graph)
        done = lower_for_tvm(again, copy(graph))
        assert set(done) == wanted, name
        (shape,) = (node.attr["shape"].shape.dim for node in graph.node if node.name == "x")
        x = np.random.default_rng(0).uniform(-3, 3, [dim.size for dim in shape]).astype("float32")
        for given in (x, np.round(x * 2) / 2):  # and halves
            golden = computed(graph, given)
            np.testing.assert_allclose(computed(again, given), golden, 1e-5, 1e-6, err_msg=name)
        tried |= wanted
    assert {*REWRITES, SEVERAL} - tried <= {"Rint", "UpperBound", "ResizeNearestNeighbor"}


@pytest.mark.parametrize("method", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("size", [(9, 3), (3, 2)])
def test_resizing_is_a_product(method: str, size: tuple[int, int]) -> None:
    with tf.Graph().as_default() as held:
        x = tf.compat.v1.placeholder(tf.float32, (2, 4, 6, 3), "x")
        tf.identity(tf.image.resize(x, size, method), "y")
    graph = held.as_graph_def()
    again = copy(graph)
    assert lower_for_tvm(again, copy(graph))
    assert not {node.op for node in again.node} & REWRITES.keys()
    given = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype("float32")
    np.testing.assert_allclose(computed(again, given), computed(graph, given), 1e-5, 1e-6)


def test_what_no_constant_tells_stays() -> None:
    with tf.Graph().as_default() as held:
        x = tf.compat.v1.placeholder(tf.float32, (None, 6), "x")
        tf.identity(tf.raw_ops.Cumsum(x=x, axis=0), "y")
    graph = held.as_graph_def()
    assert lower_for_tvm(graph, copy(graph)) == ()
    assert "Cumsum" in {node.op for node in graph.node}
