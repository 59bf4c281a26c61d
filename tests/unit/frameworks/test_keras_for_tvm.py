"""Keras models in layers that TVM's importer takes: the same numbers, and nothing left to tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from neopack.formats.source import FileSource
from neopack.frameworks.keras import graph, read, run, source, weights, write
from neopack.frameworks.keras.channels import refs
from neopack.frameworks.keras.facts import KerasFacts
from neopack.frameworks.keras.lowering.for_tvm import lower_for_tvm
from neopack.frameworks.keras.lowering.lower import lower
from neopack.frameworks.keras.lowering.old_model import OldModel
from neopack.frameworks.keras.shapes import output_shape
from neopack.values.model import facts_of

# Keras 3 copies arrays with an old word of NumPy's
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Build = Callable[[Any], Any]


def steps(build: Build) -> Build:
    """Of an image as 64 steps."""
    return lambda x: build(layers.Reshape((64, 4))(x))


def excited(x: Any) -> Any:
    row = layers.Reshape((1, 1, 4))(layers.GlobalAveragePooling2D()(x))
    return layers.Multiply()([x, layers.Dense(4, activation="sigmoid")(row)])


def joined(x: Any) -> Any:
    tall = layers.Concatenate(axis=1)([x, layers.Conv2D(4, 1)(x)])
    return layers.Concatenate(axis=-1)([tall, layers.Activation("tanh")(tall)])


def spread(x: Any) -> Any:
    return layers.Multiply()([x, layers.Dense(4)(layers.Flatten()(x))])


def sequence(x: Any) -> Any:
    x = layers.Conv1D(6, 3, padding="causal", dilation_rate=2, activation="relu")(x)
    x = layers.SeparableConv1D(5, 3, dilation_rate=2)(x)
    x = layers.MaxPooling1D(2)(layers.Cropping1D((1, 2))(layers.ZeroPadding1D((2, 1))(x)))
    x = layers.UpSampling1D(3)(layers.BatchNormalization()(x))
    x = layers.Dense(5, activation="softmax")(x)
    return layers.Add()([layers.GlobalMaxPooling1D()(x), layers.GlobalAveragePooling1D()(x)])


REWRITTEN: dict[str, Build] = {
    "excite": excited,
    "excite a large plane": lambda x: excited(layers.UpSampling2D(5)(x)),
    "joined": joined,
    "spread": spread,
    "sequence": steps(sequence),
    "recurrent": steps(layers.LSTM(3, return_sequences=True)),
    "permute": steps(lambda x: layers.Flatten()(layers.Permute((2, 1))(x))),
    "turned": lambda x: layers.Permute((3, 2, 1))(layers.Reshape((64, 1, 4))(x)),
    "steps": steps(lambda x: layers.Softmax(axis=1)(layers.PReLU(shared_axes=[1])(x))),
    "rows": layers.UpSampling2D((3, 1)),
    "both": layers.UpSampling2D((2, 3)),
    "to -1": layers.Reshape((-1, 2, 4)),
    "axis": layers.Softmax(axis=-3),
    "slope": layers.ReLU(negative_slope=0.2),
    "dot": lambda x: layers.Dot(1)([layers.Flatten()(x), layers.Flatten()(x)]),
    "separable": layers.SeparableConv2D(3, 3, dilation_rate=2),
    "uneven": layers.Conv2DTranspose(3, 4, strides=3, padding="same"),
    "small": layers.Conv2DTranspose(3, 2, strides=3, padding="same"),
    "dilated": layers.Conv2DTranspose(2, 3, dilation_rate=2),
    "passed on": lambda x: [x, layers.Conv2D(2, 3)(x)],
}  # fmt: skip
# with no words for it; some have their reason
LEFT: dict[str, tuple[Build, str]] = {
    "plain": (lambda x: layers.Dense(2)(layers.Flatten()(layers.Conv2D(2, 3)(x))), ""),
    "mean": (layers.GlobalAveragePooling2D(), ""),
    "permute": (layers.Permute((2, 1, 3)), "Permute (2, 1, 3)"),
    "axis": (layers.BatchNormalization(axis=1), "BatchNormalization over the axis 1"),
    "gru": (steps(layers.GRU(3, reset_after=False)), "GRU over 64 steps"),
    "volume": (
        lambda x: layers.ZeroPadding3D()(layers.Reshape((4, 4, 4, 4))(x)),
        "ZeroPadding3D in the layout NCHW",
    ),
    "slope": (layers.ReLU(max_value=1.0, negative_slope=0.2), "ReLU with a slope or a threshold"),
}


def model_of(build: Build) -> Any:
    keras.utils.set_random_seed(0)
    x = keras.Input((8, 8, 4))
    return keras.Model(x, build(x))


def lowered(model: Any) -> OldModel:
    config = weights.config_of_live(model)
    return lower(graph.graph_of(config, major=3, where="m"), weights.weights_of_live(model))


def told(path: Path) -> tuple[str, ...]:
    with FileSource(path) as file:
        return facts_of(read.read_source(file), KerasFacts).not_taken


@pytest.mark.parametrize("name", REWRITTEN)
def test_other_layers_compute_alike(name: str, tmp_path: Path) -> None:
    model = model_of(REWRITTEN[name])
    whole = lowered(model)
    for_tvm = lower_for_tvm(whole)
    write.write_h5(whole, tmp_path / "whole.h5")
    write.write_h5(for_tvm, tmp_path / "tvm.h5")
    assert told(tmp_path / "whole.h5") or name == "passed on"
    assert not told(tmp_path / "tvm.h5")
    assert all(note.count(", for TVM (") for note in for_tvm.rewrites[len(whole.rewrites) :])
    image = np.random.default_rng(0).standard_normal((2, *model.input_shape[1:]), np.float32)
    before = run.computed(model, [image])
    after = run.computed(run.loaded(tmp_path / "tvm.h5"), [image])
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", LEFT)
def test_what_cannot_be_written_otherwise_is_told(name: str, tmp_path: Path) -> None:
    build, reason = LEFT[name]
    whole = lowered(model_of(build))
    for_tvm = lower_for_tvm(whole)
    write.write_h5(for_tvm, tmp_path / "tvm.h5")
    assert [text.partition(" (")[2][:-1] for text in told(tmp_path / "tvm.h5")] == (
        [reason] if reason else []
    )
    assert for_tvm is whole or name == "gru"


@pytest.mark.parametrize("build", REWRITTEN.values(), ids=REWRITTEN)
def test_the_shape_of_each_layer_is_that_of_keras(build: Build, tmp_path: Path) -> None:
    model = model_of(build)
    path = tmp_path / "model.h5"
    write.write_h5(lowered(model), path)
    document, _ = source.model_file(path)
    opened = graph.graph_of(document.model, major=2, where="m")
    live = {layer.name: layer for layer in run.loaded(path).layers}
    shapes: list[Any] = []
    for call in opened.calls:
        layer = opened.layers[call.layer]
        taken = [shapes[ref.call] for ref in refs(call)]
        shapes.append(output_shape(layer.class_name, layer.config, taken))
        if layer.class_name != "InputLayer":
            assert shapes[-1] == tuple(live[layer.name].output.shape), layer.name
