"""TensorFlow 1.15 passes over dilations of depthwise convolutions, and has no groups on CPUs: what
NEO-TF-023 and NEO-TF-024 say, and what packaging makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neopack as package
from neopack import runtimes
from neopack.errors import EngineFailed

IMAGES = np.random.default_rng(0).standard_normal((1, 8, 8, 4), dtype=np.float32)
RUNTIME = "tensorflow-1.15.0"


def dilated(rate: int) -> Any:
    import tensorflow as tf

    kernel = np.random.default_rng(1).standard_normal((3, 3, 4, 2), dtype=np.float32)
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, IMAGES.shape, name="x")
        steps = [1, rate, rate, 1]
        found = tf.raw_ops.DepthwiseConv2dNative(
            input=x, filter=kernel, strides=[1] * 4, padding="SAME", dilations=steps
        )
        tf.nn.relu(found, name="y")
    return without_newer_attributes(graph.as_graph_def())


def grouped() -> Any:
    import tensorflow as tf

    kernel = np.random.default_rng(1).standard_normal((3, 3, 2, 6), dtype=np.float32)
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, IMAGES.shape, name="x")
        tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME"), name="y")
    return graph.as_graph_def()


def without_newer_attributes(graph: Any) -> Any:
    """As somebody wrote it whose TensorFlow had none: 1.15 loads it."""
    for node in graph.node:
        if node.op == "DepthwiseConv2dNative":
            node.attr.pop("explicit_paddings", None)
    return graph


def today(graph: Any) -> Any:
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.import_graph_def(graph, name="")
        return session.run("y:0", {"x:0": IMAGES})


def in_1_15(path: Path) -> Any:
    with runtimes.worker(RUNTIME) as worker:
        told = {"path": str(path), "inputs": ["x"], "outputs": ["y"]}
        handle, _ = worker.call("load", told)
        _, found = worker.call("predict", handle, arrays={"x": IMAGES})
    return found["y"]


def found_by_check(archive: Path) -> set[str]:
    report = package.check(archive, target="ml_c5", framework_version="1.15.3")
    return {finding.id for finding in report.findings}


def test_dilations_are_passed_over_and_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "model.pb"
    path.write_bytes(dilated(2).SerializeToString())
    np.testing.assert_allclose(in_1_15(path), today(dilated(1)), atol=1e-5)
    assert "NEO-TF-024" in found_by_check(path)
    made = package.package(path, inputs={"x": IMAGES.shape}, path=tmp_path / "m.tar.gz")
    assert "NEO-TF-024" not in found_by_check(made.path)
    assert package.verify(made.path, runtime=RUNTIME).difference <= 1e-5


def test_groups_cannot_be_computed_and_are_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "model.pb"
    path.write_bytes(grouped().SerializeToString())
    with pytest.raises(EngineFailed, match="grouped convolutions"):
        in_1_15(path)
    assert "NEO-TF-023" in found_by_check(path)
    made = package.package(path, inputs={"x": IMAGES.shape}, path=tmp_path / "m.tar.gz")
    assert "NEO-TF-023" not in found_by_check(made.path)
    assert package.verify(made.path, runtime=RUNTIME).difference <= 1e-5
