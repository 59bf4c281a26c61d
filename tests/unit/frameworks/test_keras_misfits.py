"""Weights in a Keras file that are not those of its configuration, and layers that lack a word."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest

from neopack.formats.source import BytesSource
from neopack.frameworks.keras.facts import KerasFacts
from neopack.frameworks.keras.read import read_source
from neopack.values.model import facts_of

FIXTURES = Path(__file__).parents[3] / "fixtures" / "keras"
OLD = sorted(p.name for p in FIXTURES.glob("*-2.2.4.h5") if not p.name.startswith("weights"))
Change = Callable[[dict[str, Any], h5py.File], object]


def facts(name: str, change: Change | None = None) -> KerasFacts:
    stream = io.BytesIO((FIXTURES / name).read_bytes())
    if change is not None:
        with h5py.File(stream, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            change(config, file)
            file.attrs["model_config"] = json.dumps(config).encode()
    return facts_of(read_source(BytesSource(name, stream.getvalue())), KerasFacts)


def layer(config: dict[str, Any], kind: str) -> dict[str, Any]:
    entries = config["config"]["layers"]
    found: dict[str, Any] = next(e for e in entries if e["class_name"] == kind)["config"]
    return found


def states(kind: str, **words: object) -> Change:
    return lambda config, _: layer(config, kind).update(words)


def lacks(kind: str, word: str) -> Change:
    return lambda config, _: layer(config, kind).pop(word)


@pytest.mark.parametrize("name", [*OLD, "keras-1.h5"])
def test_what_keras_saved_fits(name: str) -> None:
    assert (facts(name).misfits, facts(name).missing) == ((), ())


@pytest.mark.parametrize("dtype", ["float16", "float64", "int32", "bool"])
def test_layers_that_take_another_type_than_their_weights(dtype: str) -> None:
    assert facts("cnn-2.2.4.h5").mixed_types == ()
    mixed = facts("cnn-2.2.4.h5", states("InputLayer", dtype=dtype)).mixed_types
    assert len(mixed) == 1
    assert mixed[0].endswith(f"(Conv2D of {dtype})")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (states("Conv2D", filters=7), "kernel is 3x3x3x4, not 3x3x3x7"),
        (states("Conv2D", kernel_size=[5, 5]), "kernel is 3x3x3x4, not 5x5x3x4"),
        (states("Conv2D", use_bias=False), "2 weights, not 1"),
        (states("InputLayer", batch_input_shape=[None, 8, 8, 1]), "3x3x3x4, not 3x3x1x4"),
        (states("DepthwiseConv2D", depth_multiplier=2), "depthwise_kernel is"),
        (states("BatchNormalization", scale=False), "4 weights, not 3"),
        (states("Dense", units=9), "not 3x9"),
        (lambda _, file: file["model_weights"].attrs.update(layer_names=[]), "of 0 layers"),
    ],
)  # fmt: skip
def test_other_weights_are_told(change: Change, words: str) -> None:
    assert words in "; ".join(facts("cnn-2.2.4.h5", change).misfits)


@pytest.mark.parametrize(
    ("kind", "word", "told"),
    [
        ("Conv2D", "filters", "(Conv2D without filters)"),
        ("Dense", "units", "(Dense without units)"),
        ("Dropout", "rate", "(Dropout without rate)"),
    ],
)
def test_missing_words_are_told(kind: str, word: str, told: str) -> None:
    assert facts("cnn-2.2.4.h5", lacks(kind, word)).missing[0].endswith(told)
    assert facts("cnn-2.2.4.h5", lacks(kind, "name")).missing == ()


def test_a_policy_is_no_dtype_of_keras_2_2_4() -> None:
    policy = {"class_name": "Policy", "config": {"name": "float32"}}
    named = facts("cnn-2.2.4.h5", states("Conv2D", dtype=policy)).unknown_names
    assert any(name.startswith("policy Policy as dtype") for name in named)


def test_a_sequential_that_begins_with_a_model_names_its_input_after_it() -> None:
    def wrap(config: dict[str, Any], _: h5py.File) -> None:
        inner = {"class_name": "Model", "name": "base", "config": dict(config["config"])}
        config.update(class_name="Sequential", config={"name": "outer", "layers": [inner]})

    stream = io.BytesIO((FIXTURES / "cnn-2.2.4.h5").read_bytes())
    with h5py.File(stream, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        wrap(config, file)
        file.attrs["model_config"] = json.dumps(config).encode()
    found = read_source(BytesSource("outer.h5", stream.getvalue()))
    assert found.signature is not None
    assert [(s.name, s.shape) for s in found.signature.inputs] == [("base_input", (None, 8, 8, 3))]
    assert facts_of(found, KerasFacts).not_taken == ("base (a model inside the model)",)
