"""Keras files of all its versions, read without it."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from neopack.errors import Malformed, NotRecognized, SourceError, Unsafe
from neopack.formats.source import BytesSource, FileSource
from neopack.frameworks.keras import config, graph, read, source
from neopack.frameworks.keras.facts import KerasFacts
from neopack.frameworks.keras.lowering.lower import lower
from neopack.frameworks.keras.names import unknown_names
from neopack.values.model import ModelInfo, facts_of

FIXTURES = Path(__file__).parents[3] / "fixtures" / "keras"
MODELS = sorted(p.name for p in FIXTURES.iterdir() if "weights" not in p.name)
# model: classes of its layers, inputs
KNOWN: dict[str, tuple[dict[str, int], dict[str, tuple[int | None, ...]]]] = {
    "cnn": (
        {"BatchNormalization": 1, "Conv2D": 2, "Dense": 1, "DepthwiseConv2D": 1, "Dropout": 1,
         "GlobalAveragePooling2D": 1, "InputLayer": 1, "MaxPooling2D": 1, "ReLU": 1},
        {"image": (None, 8, 8, 3)},
    ),
    "nested": (
        {"Add": 1, "BatchNormalization": 1, "Conv2D": 2, "Dense": 1, "GlobalAveragePooling2D": 1,
         "InputLayer": 2},
        {"image": (None, 6, 6, 2)},
    ),
    "two-inputs": (
        {"Concatenate": 1, "Conv2D": 1, "Dense": 1, "GlobalMaxPooling2D": 1, "InputLayer": 2},
        {"left": (None, 6, 6, 2), "right": (None, 6, 6, 2)},
    ),
}  # fmt: skip


def info(name: str) -> ModelInfo:
    with FileSource(FIXTURES / name) as opened:
        return read.read_source(opened)


@pytest.mark.parametrize("form", ["-2.2.4.h5", "-2.11.h5", ".h5", ".keras"])
@pytest.mark.parametrize("name", KNOWN)
def test_all_versions_say_the_same(name: str, form: str) -> None:
    found = info(name + form)
    layers, inputs = KNOWN[name]
    assert found.operators == layers
    assert found.signature is not None
    assert {spec.name: spec.shape for spec in found.signature.inputs} == inputs
    assert {spec.dtype for spec in found.signature.inputs} == {"float32"}
    assert found.format == ("keras" if form == ".keras" else "h5")
    facts = facts_of(found, KerasFacts)
    assert facts.training_config is False
    assert facts.lambdas == facts.custom == facts.new_layers == ()


@pytest.mark.parametrize(
    ("name", "version"),
    [("keras-1.h5", "1.2.2"), ("cnn-2.2.4.h5", "2.2.4"), ("cnn-2.11.h5", "2.11.0")],
)
def test_versions(name: str, version: str) -> None:
    assert info(name).versions["keras"] == version


@pytest.mark.parametrize("name", [name for name in MODELS if name.endswith(".h5")])
def test_parameters_are_those_that_h5py_counts(name: str) -> None:
    sizes = []
    with h5py.File(FIXTURES / name) as file:
        weights = file["model_weights"]
        weights.visititems(
            lambda _, one: sizes.append(one.size) if isinstance(one, h5py.Dataset) else None
        )
    assert (info(name).parameters, facts_of(info(name), KerasFacts).weights) == (
        sum(sizes),
        len(sizes),
    )


def test_a_sequential_of_keras_1_and_2_has_an_input_of_its_own() -> None:
    for name in ("keras-1.h5", "sequential-2.2.4.h5"):
        signature = info(name).signature
        assert signature is not None
        assert [(s.name, s.shape) for s in signature.inputs] == [("first_input", (None, 6, 6, 2))]


def test_training_is_told() -> None:
    facts = facts_of(info("trained-2.2.4.h5"), KerasFacts)
    assert facts.training_config
    assert facts.sample_weight_mode
    assert facts.optimizer_weights > 0
    assert facts_of(info("trained.keras"), KerasFacts).training_config
    assert info("trained-2.2.4.h5").parameters == info("sequential-2.2.4.h5").parameters


def test_new_layers_are_told() -> None:
    found = facts_of(info("newer.keras"), KerasFacts).new_layers
    assert found == ("Normalization", "RandomFlip", "Rescaling")


@pytest.mark.parametrize("name", ["lambda-2.2.4.h5", "lambda.keras"])
def test_lambda_layers_are_told_and_refused(name: str) -> None:
    assert facts_of(info(name), KerasFacts).lambdas == ("twice",)
    with pytest.raises(Unsafe, match="Lambda"):
        source.model_file(FIXTURES / name)


@pytest.mark.parametrize("name", ["weights-2.2.4.h5", "sequential.weights.h5"])
def test_weights_alone_are_told_and_refused(name: str) -> None:
    assert info(name).format == "weights"
    assert info(name).signature is None
    with pytest.raises(SourceError, match="weights without a model"):
        source.model_file(FIXTURES / name)


@pytest.mark.parametrize("name", [*MODELS, "weights-2.2.4.h5"])
def test_forms_are_told_by_bytes(name: str) -> None:
    with FileSource(FIXTURES / name) as opened:
        words = read.recognize(opened)
    assert words in ("Keras HDF5 model", ".keras model", "Keras weights")


def test_other_hdf5_and_other_zips_are_not_ours(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["measured"] = np.zeros(3)
    with FileSource(tmp_path / "x.h5") as opened:
        assert read.recognize(opened) is None
        with pytest.raises(NotRecognized):
            read.read_source(opened)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", b"x")
    assert read.recognize(BytesSource("x.zip", buffer.getvalue())) is None


# --- configurations made to measure ---------------------------------------------------------


def dense(name: str, **more: Any) -> dict[str, Any]:
    inner = {"name": name, "units": 2, **more.pop("config", {})}
    return {"class_name": "Dense", "name": name, "config": inner, **more}


def opened(layers: list[Any], inputs: Any, outputs: Any) -> graph.LayerGraph:
    entry = {
        "class_name": "InputLayer", "name": "x", "inbound_nodes": [],
        "config": {"name": "x", "batch_shape": [None, 4], "dtype": "float32"},
    }  # fmt: skip
    body = {"layers": [entry, *layers], "input_layers": inputs, "output_layers": outputs}
    model = {"class_name": "Functional", "config": body}
    return graph.graph_of(model, major=3, where="here")


def test_layers_may_stand_in_any_order() -> None:
    layers = [
        dense("b", inbound_nodes=[[["a", 0, 0, {}]]]),
        dense("a", inbound_nodes=[[["x", 0, 0, {}]]]),
    ]
    found = opened(layers, [["x", 0, 0]], [["b", 0, 0]])
    assert [call.layer for call in found.calls] == ["x", "a", "b"]


def test_a_circle_is_refused() -> None:
    layers = [
        dense("a", inbound_nodes=[[["b", 0, 0, {}]]]),
        dense("b", inbound_nodes=[[["a", 0, 0, {}]]]),
    ]
    with pytest.raises(Malformed, match="waits for tensors"):
        opened(layers, [["x", 0, 0]], [["b", 0, 0]])


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", '{"class_name": 3}', "[" * 100_000])
def test_a_configuration_that_is_none(text: str) -> None:
    with pytest.raises(Malformed):
        config.parse(text, "here")


@pytest.mark.parametrize("lost", ["model_weights", "layer_names"])
def test_a_model_without_its_weights_is_refused(lost: str, tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "cnn-2.2.4.h5", tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        if lost == "model_weights":
            del file[lost]
        else:
            del file["model_weights"].attrs[lost]
    with (
        FileSource(tmp_path / "m.h5") as opened_file,
        pytest.raises(Malformed, match="has no weights"),
    ):
        read.read_source(opened_file)


def test_a_list_of_axes_is_told(tmp_path: Path) -> None:
    """tf.keras of 1.13 to 1.15 writes one for BatchNormalization, which Keras 2.2.4 refuses."""
    shutil.copy(FIXTURES / "cnn-2.2.4.h5", tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        config = json.loads(file.attrs["model_config"])
        (norm,) = (
            e for e in config["config"]["layers"] if e["class_name"] == "BatchNormalization"
        )
        norm["config"]["axis"] = [3]
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.2.4-tf"
    with FileSource(tmp_path / "m.h5") as opened_file:
        (told,) = facts_of(read.read_source(opened_file), KerasFacts).unknown_names
    assert told.startswith("list [3] as BatchNormalization.axis")


def test_a_subclassed_model_has_no_signature_and_is_refused(tmp_path: Path) -> None:
    model = {"class_name": "Mine", "module": "mine", "config": {"units": 3}}
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(model)
        file.attrs["keras_version"] = "3.1.0"
        file.create_group("model_weights").attrs["layer_names"] = []
    with FileSource(tmp_path / "m.h5") as opened_file:
        assert read.read_source(opened_file).signature is None
    with pytest.raises(SourceError, match="not a graph of layers"):
        graph.graph_of(model, major=3, where="here")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"class_name": "function", "module": "builtins", "config": "relu"}, []),
        ({"class_name": "GlorotUniform", "module": "keras.initializers", "config": {}}, []),
        ({"class_name": "DTypePolicy", "module": "keras", "config": {}}, []),
        ({"class_name": "Lambda", "config": {}}, ["Lambda"]),
        ({"class_name": "__lambda__", "config": {"value": "x"}}, ["__lambda__"]),
        (
            {"class_name": "get_file", "module": "keras.utils", "config": {}},
            ["keras.utils.get_file"],
        ),
        ({"class_name": "system", "module": "os", "config": {}}, ["os.system"]),
        (
            {"class_name": "function", "module": "os", "config": "os.system"},
            ["function os.system"],
        ),
        ({"class_name": "eval", "module": "builtins", "config": "1"}, ["eval 1"]),
    ],
)
def test_code_is_found_anywhere_in_a_configuration(value: Any, told: list[str]) -> None:
    layer = dense("a", config={"kernel_initializer": [{"deep": value}]})
    model = {"class_name": "Sequential", "config": {"layers": [layer]}}
    assert config.strangers(model) == told


@pytest.mark.parametrize("name", MODELS)
def test_real_files_have_none_but_lambdas(name: str) -> None:
    told = {"lambda.keras": ("Lambda", "__lambda__"), "lambda-2.2.4.h5": ("Lambda",)}
    assert facts_of(info(name), KerasFacts).strangers == told.get(name, ())


def test_own_classes_are_told(tmp_path: Path) -> None:
    entry = {"class_name": "Mine", "module": "mine.layers", "config": {"name": "own"}}
    keras = {**dense("a"), "module": "keras.layers", "registered_name": None}
    model = {"class_name": "Sequential", "config": {"layers": [entry, keras]}}
    assert [(f.path, f.custom) for f in config.walk(model)] == [("own", True), ("a", False)]


def test_unknown_names_are_found_in_wrappers_and_inner_models() -> None:
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "mish"}}
    wrapped = {"class_name": "TimeDistributed", "config": {"name": "t", "layer": dense}}
    inner = {"class_name": "Functional", "config": {"name": "block", "layers": [wrapped]}}
    model = {"class_name": "Model", "config": {"name": "m", "layers": [inner]}}
    assert unknown_names(model) == ("class Functional", "activation mish (block/t/d)")


def test_words_of_keras_1_are_not_unknown() -> None:
    with FileSource(FIXTURES / "keras-1.h5") as opened:
        assert read.document(opened).unknown_names() == ()


@pytest.mark.parametrize(
    ("layer", "training", "told"),
    [
        (keras.layers.Dropout(0.5, name="it"), True, ("it (Dropout)",)),
        (keras.layers.Dropout(0.5, name="it"), False, ()),
        (keras.layers.Dropout(0.5, name="it"), None, ()),
        (keras.layers.GaussianNoise(0.5, name="it"), True, ("it (GaussianNoise)",)),
        (keras.layers.BatchNormalization(name="it"), True, ("it (BatchNormalization)",)),
        (keras.layers.RandomFlip(name="it"), None, ()),
    ],
)
@pytest.mark.parametrize("form", [".h5", ".keras"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras's own, of NumPy 2
def test_layers_called_in_training(
    layer: keras.Layer, training: bool | None, told: tuple[str, ...], form: str, tmp_path: Path
) -> None:
    image = keras.layers.Input((4, 4, 3), name="image")
    model = keras.Model(image, layer(image, training=training))
    model.save(tmp_path / f"m{form}")
    with FileSource(tmp_path / f"m{form}") as opened:
        found = read.read_source(opened)
    assert facts_of(found, KerasFacts).in_training == told
    document, _ = source.model_file(tmp_path / f"m{form}")
    opened_graph = graph.graph_of(document.model, major=3, where="m")
    weights = {"it": layer.get_weights()}
    if told:
        with pytest.raises(SourceError, match="called with training=True"):
            lower(opened_graph, weights)
    else:
        assert lower(opened_graph, weights).layers


# --- what TVM's importer takes ------------------------------------------------------------------


def _excite(x: Any) -> Any:
    pooled = keras.layers.GlobalAveragePooling2D()(x)
    row = keras.layers.Reshape((1, 1, 3))(pooled)
    gate = keras.layers.Dense(3, activation="sigmoid", name="gate")(row)
    return keras.layers.Multiply()([x, gate])


@pytest.mark.filterwarnings("ignore")  # Keras 3 writes .h5 with an old word of NumPy's
@pytest.mark.parametrize(
    ("build", "told"),
    [
        (_excite, ["gate (Dense on 4 dims)"]),
        (keras.layers.Dense(3, name="d"), ["d (Dense on 4 dims)"]),
        (lambda x: keras.layers.Dense(3)(keras.layers.Flatten()(x)), []),
        (lambda x: keras.layers.Dense(3)(keras.layers.GlobalMaxPooling2D()(x)), []),
        (keras.layers.UpSampling2D((2, 3), name="up"), ["up (UpSampling2D by two factors)"]),
        (keras.layers.UpSampling2D(2), []),
        (keras.layers.Activation("exponential", name="a"), ["a (activation exponential)"]),
        (keras.layers.Conv2D(2, 3, activation="hard_sigmoid"), []),
        (
            lambda x: keras.layers.Conv1D(2, 3, name="c")(keras.layers.Reshape((64, 3))(x)),
            ["c (Conv1D in the layout NCHW)"],
        ),
    ],
)  # fmt: skip
def test_settings_that_tvm_does_not_take_are_told(
    build: Any, told: list[str], tmp_path: Path
) -> None:
    x = keras.Input((8, 8, 3))
    path = tmp_path / "model.h5"
    keras.Model(x, build(x)).save(path)
    with FileSource(path) as file:
        facts = facts_of(read.read_source(file), KerasFacts)
    assert list(facts.not_taken) == told
