"""Models of any Keras in the words of 2.2.4: what is written, and what is refused by name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neopack import facts
from neopack.errors import SourceError
from neopack.formats.source import FileSource
from neopack.frameworks.keras import graph, read, run, source, write
from neopack.frameworks.keras.facts import KerasFacts
from neopack.frameworks.keras.keras224 import KEPT
from neopack.frameworks.keras.lowering.lower import lower
from neopack.frameworks.keras.lowering.old_model import OldCall, OldLayer, OldModel
from neopack.values.model import facts_of

FIXTURES = Path(__file__).parents[3] / "fixtures" / "keras"
FILES = sorted(
    path.name for path in FIXTURES.glob("*.h5")
    if "weights" not in path.name and "lambda" not in path.name
)  # fmt: skip
FUNCTION = "keras.src.ops.numpy"


def lowered(name: str) -> OldModel:
    document, _ = source.model_file(FIXTURES / name)
    return run.lowered_file(FIXTURES / name, document)


@pytest.mark.parametrize("name", FILES)
def test_the_same_bytes_every_time(name: str, tmp_path: Path) -> None:
    for file in ("a.h5", "b.h5"):
        write.write_h5(lowered(name), tmp_path / file)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_what_was_lowered_stays_as_it_is(name: str, tmp_path: Path) -> None:
    """A flat file of 2.2.4 is read back as the very model that was written."""
    once = lowered(name)
    write.write_h5(once, tmp_path / "once.h5")
    document, info = source.model_file(tmp_path / "once.h5")
    again = run.lowered_file(tmp_path / "once.h5", document)
    assert write.model_config(again) == write.model_config(once)
    assert again.rewrites == ()
    assert info.versions == {"keras": "2.2.4", "backend": "tensorflow"}
    assert facts_of(info, KerasFacts).new_layers == ()
    for layer, other in zip(once.layers.values(), again.layers.values(), strict=True):
        assert [w for w, _ in layer.weights] == [w for w, _ in other.weights]
        for (_, ours), (_, theirs) in zip(layer.weights, other.weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("stem", ["cnn", "nested", "sequential", "two-inputs"])
def test_all_versions_come_to_the_same(stem: str) -> None:
    """But for the name of a Sequential's input, which Keras 3 lets people choose."""
    of_3, *older = (lowered(f"{stem}{form}") for form in (".h5", "-2.11.h5", "-2.2.4.h5"))
    for other in older:
        assert [c.inputs for c in other.calls] == [c.inputs for c in of_3.calls]
        for layer, theirs in zip(other.layers.values(), of_3.layers.values(), strict=True):
            assert layer.class_name == theirs.class_name
            for (name, ours), (named, weights) in zip(layer.weights, theirs.weights, strict=True):
                assert name == named
                np.testing.assert_allclose(ours, weights, rtol=1e-6)


# --- graphs made to measure -----------------------------------------------------------------


def tensor(name: str, shape: list[int | None]) -> dict[str, Any]:
    history = {"shape": shape, "dtype": "float32", "keras_history": [name, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": history}


def one_layer(
    kind: str,
    config: dict[str, Any],
    weights: list[Any] | None = None,
    *,
    shape: tuple[int | None, ...] = (None, 4, 4, 3),
    module: str = "keras.layers",
    more: tuple[Any, ...] = (),
) -> OldModel:
    entries = [
        {
            "class_name": "InputLayer", "name": "x", "inbound_nodes": [],
            "config": {"name": "x", "batch_shape": list(shape), "dtype": "float32"},
        },
        {
            "class_name": kind, "name": "it", "config": {"name": "it", **config},
            "module": module,
            "inbound_nodes": [{"args": [tensor("x", list(shape)), *more], "kwargs": {}}],
        },
    ]  # fmt: skip
    body = {"layers": entries, "input_layers": ["x", 0, 0], "output_layers": ["it", 0, 0]}
    opened = graph.graph_of({"class_name": "Functional", "config": body}, major=3, where="here")
    return lower(opened, {"it": weights or []})


def kinds(model: OldModel) -> list[str]:
    return [model.layers[call.layer].class_name for call in model.calls[1:]]


@pytest.mark.parametrize(
    ("activation", "made"),
    [
        ("relu", ["Activation"]),
        ("silu", ["Activation", "Multiply"]),
        ("relu6", ["ReLU"]),
        ("leaky_relu", ["LeakyReLU"]),
        ("hard_sigmoid", ["BatchNormalization", "ReLU"]),
        ("hard_silu", ["BatchNormalization", "ReLU", "Multiply"]),
        ("mish", ["Activation", "Activation", "Multiply"]),
        ("hard_tanh", ["BatchNormalization", "ReLU", "BatchNormalization"]),
        ("linear", ["Activation"]),
    ],
)
def test_activations(activation: str, made: list[str]) -> None:
    assert kinds(one_layer("Activation", {"activation": activation})) == made
    fused = kinds(
        one_layer(
            "Dense",
            {"units": 2, "activation": activation},
            [np.zeros((3, 2)), np.zeros(2)],
        )
    )
    assert fused == ["Dense", *(made if activation not in ("relu", "linear") else [])]


@pytest.mark.parametrize(
    ("kind", "config", "message"),
    [
        ("Lambda", {}, "Lambda.*the layers that it stands for"),
        ("LayerNormalization", {"axis": [-1]}, "LayerNormalization.*no square root"),
        ("MultiHeadAttention", {}, "image classification"),
        ("Activation", {"activation": "log_softmax"}, "the activation log_softmax"),
        ("UpSampling2D", {"size": [2, 2], "interpolation": "bilinear"}, "half a pixel"),
        ("Normalization", {"axis": [-1]}, "not adapted"),
        ("Normalization", {"axis": [1], "mean": 0.0, "variance": 1.0}, "axes"),
        ("Resizing", {"height": 9, "width": 9}, "Resizing to 9x9"),
        ("Conv3D", {"groups": 3}, "in 3 groups"),
        ("Mine", {}, "Mine"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_place(
    kind: str, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(SourceError, match=r"\bit\b") as caught:
        one_layer(kind, config, [np.zeros(1)] * 2 if kind == "Conv3D" else [])
    assert re.search(message, caught.value.line())


def test_operations_with_constants() -> None:
    for kind, number, want in (("Add", 3.0, 5.0), ("Multiply", 4.0, 8.0), ("Subtract", 1.5, 0.5)):
        made = one_layer(kind, {}, module=FUNCTION, more=(number,))
        (norm,) = (layer for layer in made.layers.values() if layer.name == "it")
        weights = dict(norm.weights)
        deviation = np.sqrt(weights["moving_variance"] + np.float32(norm.config["epsilon"]))
        value = (2.0 - weights["moving_mean"]) / deviation * weights["gamma"] + weights["beta"]
        np.testing.assert_allclose(value, [want] * 3, rtol=1e-6)


def test_a_convolution_in_groups_is_one_with_zeros() -> None:
    kernel = np.arange(1, 13, dtype="float32").reshape(1, 1, 2, 6)
    made = one_layer(
        "Conv2D",
        {"filters": 6, "kernel_size": [1, 1], "groups": 3, "use_bias": False},
        [kernel],
        shape=(None, 4, 4, 6),
    )
    ((_, wide),) = made.layers["it"].weights
    x = np.arange(6, dtype="float32")
    grouped = [x[2 * (o // 2) : 2 * (o // 2) + 2] @ kernel[0, 0, :, o] for o in range(6)]
    np.testing.assert_array_equal(x @ wide[0, 0], grouped)


def test_sizes_left_open_are_fixed() -> None:
    document, _ = source.model_file(FIXTURES / "free-size-2.2.4.h5")
    made = run.lowered_file(
        FIXTURES / "free-size-2.2.4.h5", document, shapes={"image": (1, 9, 7, 3)}
    )
    assert made.layers["image"].config["batch_input_shape"] == [None, 9, 7, 3]
    assert made.rewrites == ("the input's shape was fixed to [9, 7, 3] (image)",)


def test_layers_stand_as_keras_2_2_4_will_hold_them() -> None:
    """By depth from the outputs; of one depth, as walking back meets them."""
    names = ["in", "left", "right", "far", "sum"]
    layers = {name: OldLayer(name=name, class_name="Add", config={}) for name in names}
    calls = (
        OldCall("in"), OldCall("far", (0,)), OldCall("right", (0,)), OldCall("left", (1,)),
        OldCall("sum", (3, 2)),
    )  # fmt: skip
    model = OldModel(name="m", layers=layers, calls=calls, inputs=(0,), outputs=(4,))
    assert write.layer_order(model) == ["in", "far", "left", "right", "sum"]


def test_many_names_go_into_several_attributes(tmp_path: Path) -> None:
    names = [f"{place:04}{'x' * 60}" for place in range(1200)]
    layers = {
        name: OldLayer(name=name, class_name="ReLU" if place else "InputLayer",
                       config={} if place else {"batch_input_shape": [None, 3]})
        for place, name in enumerate(names)
    }  # fmt: skip
    calls = tuple(OldCall(n, (at - 1,) if at else ()) for at, n in enumerate(names))
    model = OldModel(name="m", layers=layers, calls=calls, inputs=(0,), outputs=(1199,))
    write.write_h5(model, tmp_path / "m.h5")
    with FileSource(tmp_path / "m.h5") as opened:
        tree = read.document(opened).tree
    attributes = tree.attributes("model_weights")
    first, second = attributes["layer_names0"], attributes["layer_names1"]
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert first + second == names


def test_layers_that_tf_keras_gave_versions() -> None:
    config = {"axis": [3], "epsilon": 0.001, "center": True, "scale": True}
    weights = [np.ones(3), np.zeros(3), np.zeros(3), np.ones(3)]
    model = one_layer("BatchNormalizationV1", config, weights)
    assert kinds(model) == ["BatchNormalization"]


def test_tables_name_classes_of_2_2_4() -> None:
    assert set(KEPT) <= set(facts.keras_names().layers)
    assert json.dumps(write.model_config(lowered("cnn.h5")))


def masked(mask_zero: bool, zero: int) -> graph.LayerGraph:
    """A network of Keras 3 that writes the mask of its embedding as an operation."""
    ids, rows = tensor("ids", [None, 6]), tensor("rows", [None, 6, 2])
    mask = tensor("mask", [None, 6])
    nodes: list[tuple[str, str, dict[str, Any], list[Any], dict[str, Any]]] = [
        (
            "Embedding",
            "rows",
            {"input_dim": 5, "output_dim": 2, "mask_zero": mask_zero},
            [ids],
            {},
        ),
        ("NotEqual", "mask", {}, [ids, zero], {}),
        ("LSTM", "it", {"units": 3}, [rows], {"mask": mask}),
    ]
    entries: list[dict[str, Any]] = [
        {
            "class_name": "InputLayer", "name": "ids", "inbound_nodes": [],
            "config": {"name": "ids", "batch_shape": [None, 6], "dtype": "int32"},
        },
        *(
            {
                "class_name": kind, "name": name, "config": dict(settings, name=name),
                "module": FUNCTION if kind == "NotEqual" else "keras.layers",
                "inbound_nodes": [{"args": args, "kwargs": kwargs}],
            }
            for kind, name, settings, args, kwargs in nodes
        ),
    ]  # fmt: skip
    body = {"layers": entries, "input_layers": ["ids", 0, 0], "output_layers": ["it", 0, 0]}
    return graph.graph_of({"class_name": "Functional", "config": body}, major=3, where="here")


def test_the_mask_of_an_embedding_is_left_to_it() -> None:
    shapes: dict[str, list[tuple[int, ...]]] = {"rows": [(5, 2)], "it": [(2, 12), (3, 12), (12,)]}
    weights = {name: [np.zeros(s) for s in each] for name, each in shapes.items()}
    model = lower(masked(True, 0), weights)
    assert kinds(model) == ["Embedding", "LSTM"]
    assert model.layers["rows"].config["mask_zero"] is True
    for others in ((False, 0), (True, 3)):
        with pytest.raises(SourceError, match="the operation NotEqual"):
            lower(masked(*others), weights)
