"""What today's TensorFlow wrote, packaged, loads and computes alike in the versions Neo names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

import neopack as package

IMAGES = {"images": (1, 8, 8, 3)}


@pytest.mark.parametrize("form", ["saved-model", "frozen"])
@pytest.mark.parametrize("runtime", ["tensorflow-1.15.0", "tensorflow-2.9.3"])
def test_a_model_of_today_in_the_versions_of_neo(
    tmp_path: Path, fixtures: Path, form: Literal["saved-model", "frozen"], runtime: str
) -> None:
    path = tmp_path / "m.tar.gz"
    package.package(
        fixtures / "tensorflow/2/saved-model", inputs=IMAGES, form=form, signature="raw", path=path
    )
    evidence = package.verify(path, runtime=runtime)
    assert evidence.versions["tensorflow"] == runtime.removeprefix("tensorflow-")
    assert evidence.difference <= 1e-5
    assert [output.name for output in evidence.outputs] == ["logits"]


@pytest.mark.parametrize("name", ["1.15/frozen.pb", "2/frozen.pbtxt", "1.15/names-end-in-zero.pb"])
def test_a_frozen_graph_in_tensorflow_1(tmp_path: Path, fixtures: Path, name: str) -> None:
    shape = {"1.15/frozen.pb": {"x": (1, 8, 8, 3)}, "2/frozen.pbtxt": IMAGES}.get(name, {})
    path = tmp_path / "m.tar.gz"
    package.package(fixtures / "tensorflow" / name, inputs=shape, path=path)
    assert package.verify(path, runtime="tensorflow-1.15.0").difference <= 1e-5


@pytest.mark.parametrize("form", ["saved-model", "frozen"])
def test_convolutions_in_groups_in_tensorflow_1(
    tmp_path: Path, form: Literal["saved-model", "frozen"]
) -> None:
    """It has them on GPUs alone."""
    import tensorflow as tf

    random = np.random.default_rng(0)
    module = tf.Module()
    module.each = tf.Variable(random.standard_normal((3, 3, 1, 12), dtype=np.float32))
    module.pairs = tf.Variable(random.standard_normal((3, 3, 2, 6), dtype=np.float32))

    @tf.function(input_signature=[tf.TensorSpec((1, 8, 8, 6), name="images")])  # type: ignore[untyped-decorator]
    def serve(images: Any) -> Any:
        deep = tf.nn.conv2d(images, module.each, strides=1, padding="SAME")
        return {"logits": tf.nn.conv2d(deep, module.pairs, strides=2, padding="VALID")}

    module.serve = serve
    made = package.package(module, form=form, path=tmp_path / "m.tar.gz")
    rewrites = json.loads(made.manifest.read_bytes())["rewrites"]
    assert any("1 as DepthwiseConv2dNative, 1 as a Conv2D for each group" in r for r in rewrites)
    assert package.verify(made.path, runtime="tensorflow-1.15.0").difference <= 1e-5


def test_an_input_and_an_output_of_one_name(tmp_path: Path) -> None:
    import tensorflow as tf

    class Doubled(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec((1, 4), tf.float32, name="x")])  # type: ignore[untyped-decorator]
        def __call__(self, x: Any) -> Any:
            return {"x": 2 * x, "y": x}

    model = Doubled()
    tf.saved_model.save(model, str(tmp_path / "saved"), signatures=model.__call__)
    package.package(tmp_path / "saved", path=tmp_path / "m.tar.gz", target="ml_c5")
    evidence = package.verify(tmp_path / "m.tar.gz", runtime="tensorflow-2.9.3")
    assert [(output.name, output.relative) for output in evidence.outputs] == [("x", 0), ("y", 0)]
