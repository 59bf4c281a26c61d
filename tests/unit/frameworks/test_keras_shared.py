"""A model inside a model, called twice: each call is taken by its own number, as the Keras that
wrote the file counts them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from neopack.frameworks.keras import graph, run, source, weights, write
from neopack.frameworks.keras.graph import LayerGraph
from neopack.frameworks.keras.lowering.lower import lower

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras itself


def inner(kind: str) -> Any:
    if kind == "Sequential":
        return keras.Sequential([keras.Input((3,)), layers.Dense(2, name="inner")])
    taken = keras.Input((3,))
    return keras.Model(taken, layers.Dense(2, name="inner")(taken))


OUTPUTS = {
    "an operation on the second": lambda x, y, a: [x, y * 2.0 + 1.0],
    "a layer on the second": lambda x, y, a: [x, layers.Dense(4)(y)],
    "a layer on the first": lambda x, y, a: [layers.Dense(4)(x), y],
    "the second alone": lambda x, y, a: [layers.ReLU()(y)],
    "both, in turn": lambda x, y, a: [layers.Dense(2)(y), layers.Subtract()([y, x])],
    "the first and its input": lambda x, y, a: [layers.Subtract()([layers.Dense(3)(x), a]), y],
}


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("kind", ["Functional", "Sequential"])
@pytest.mark.parametrize("outputs", OUTPUTS)
def test_what_follows_one_of_two_calls(outputs: str, kind: str, form: str, tmp_path: Path) -> None:
    shared, a, b = inner(kind), keras.Input((3,), name="a"), keras.Input((3,), name="b")
    model = keras.Model([a, b], OUTPUTS[outputs](shared(a), shared(b), a))
    rows = [np.array([[1, 2, -3]], np.float32), np.array([[-2, 5, 4]], np.float32)]
    model.save(tmp_path / f"model.{form}")
    document, _ = source.model_file(tmp_path / f"model.{form}")
    opened = graph.graph_of(document.model, major=3, where="model")
    write.write_h5(lower(opened, weights.weights_of_live(model)), tmp_path / "flat.h5")
    own = run.computed(model, rows)
    computed = run.computed(run.loaded(tmp_path / "flat.h5"), rows)
    for one, other in zip(own, computed, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def of_keras_2(kind: str, taken: int, given: int) -> LayerGraph:
    """As Keras 2.2.4 wrote it, which counts the call that a model makes of itself."""
    names = [{"class_name": "InputLayer", "config": {"name": n, "batch_input_shape": [None, 3]},
              "inbound_nodes": []} for n in "ab"]  # fmt: skip
    dense = {
        "class_name": "Dense",
        "config": {"name": "inner", "units": 2, "batch_input_shape": [None, 3]},
    }
    functional = {
        "layers": [names[0], {**dense, "inbound_nodes": [[["a", 0, 0, {}]]]}],
        "input_layers": [["a", 0, 0]], "output_layers": [["inner", 0, 0]],
    }  # fmt: skip
    config = {"layers": [dense]} if kind == "Sequential" else functional
    shared = {"class_name": kind, "config": {"name": "shared", **config}, "name": "shared",
              "inbound_nodes": [[["a", 0, 0, {}]], [["b", 0, 0, {}]]]}  # fmt: skip
    last = {"class_name": "Dense", "config": {"name": "last", "units": 4}, "name": "last",
            "inbound_nodes": [[["shared", taken, 0, {}]]]}  # fmt: skip
    whole = {
        "layers": [*names, shared, last], "input_layers": [["a", 0, 0], ["b", 0, 0]],
        "output_layers": [["shared", given, 0], ["last", 0, 0]],
    }  # fmt: skip
    return graph.graph_of({"class_name": "Model", "config": whole}, major=2, where="m")


@pytest.mark.parametrize("kind", ["Model", "Sequential"])
@pytest.mark.parametrize(("taken", "given"), [(1, 2), (2, 1)])
def test_keras_2_counts_from_1(kind: str, taken: int, given: int) -> None:
    opened = of_keras_2(kind, taken, given)
    calls = [at for at, call in enumerate(opened.calls) if call.layer == "shared/inner"]
    (last,) = (call for call in opened.calls if call.layer == "last")
    assert last.args[0].call == calls[taken - 1]
    assert opened.outputs[0] == calls[given - 1]
