"""An architecture in JSON and its weights beside it are the model that both were saved from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from neopack.errors import SourceError, Unsafe
from neopack.formats.source import BytesSource, FileSource
from neopack.frameworks.finding import find_model
from neopack.frameworks.keras import architecture, read, run, source
from neopack.frameworks.keras.facts import KerasFacts
from neopack.values.model import facts_of

FIXTURES = Path(__file__).parents[3] / "fixtures" / "keras"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras itself


def parted(name: str, folder: Path, *, as_string: bool = False) -> Path:
    """An .h5 as ``to_json`` and ``save_weights`` of the Keras that wrote it give its model."""
    with h5py.File(FIXTURES / name) as whole, h5py.File(folder / "model.weights.h5", "w") as file:
        text = json.loads(whole.attrs["model_config"])
        group = whole["model_weights"]
        for key, value in group.attrs.items():
            file.attrs[key] = value
        for key in group:
            group.copy(group[key], file, key)
        version = whole.attrs["keras_version"]
    told = version.decode() if isinstance(version, bytes) else version
    given = json.dumps({**text, "keras_version": told, "backend": "tensorflow"})
    (folder / "model.json").write_text(json.dumps(given) if as_string else given)
    return folder / "model.json"


@pytest.mark.parametrize("as_string", [False, True])
@pytest.mark.parametrize(
    "name",
    ["cnn-2.2.4.h5", "nested-2.2.4.h5", "sequential-2.11.h5", "two-inputs-2.11.h5", "keras-1.h5"],
)
def test_both_make_the_whole_of_keras_1_and_2(name: str, as_string: bool, tmp_path: Path) -> None:
    path = parted(name, tmp_path, as_string=as_string)
    document, info = source.model_file(path)
    assert info.format == "json"
    whole = architecture.joined(document, source.weights_beside(path), tmp_path)
    own, _ = source.model_file(FIXTURES / name)
    computed, expected = run.lowered_file(whole, source.model_file(whole)[0]), run.lowered_file(
        FIXTURES / name, own
    )  # fmt: skip
    assert computed.calls == expected.calls
    for one, other in zip(computed.layers.values(), expected.layers.values(), strict=True):
        assert one.config == other.config
        for (_, ours), (_, theirs) in zip(one.weights, other.weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("kind", ["functional", "sequential"])
def test_both_make_the_model_of_keras_3(kind: str, tmp_path: Path) -> None:
    layers = [keras.Input((3,)), keras.layers.Dense(2), keras.layers.BatchNormalization()]
    model: Any = keras.Sequential(layers)
    if kind == "functional":
        model = keras.Model(model.inputs, keras.layers.ReLU()(model.outputs[0]))
    model.set_weights([array + 0.25 for array in model.get_weights()])
    (tmp_path / "config.json").write_text(model.to_json())
    model.save_weights(tmp_path / "model.weights.h5")
    path = find_model(tmp_path)[0]
    assert path.name == "config.json"
    document, _ = source.model_file(path)
    built = architecture.live(document, source.weights_beside(path), "m")
    rows = [np.array([[1, -2, 3]], np.float32)]
    np.testing.assert_array_equal(run.computed(built, rows)[0], run.computed(model, rows)[0])


def test_several_files_of_weights_are_refused(tmp_path: Path) -> None:
    path = parted("cnn-2.2.4.h5", tmp_path)
    (tmp_path / "other.h5").write_bytes((tmp_path / "model.weights.h5").read_bytes())
    with pytest.raises(SourceError, match="there are 2 beside it") as refused:
        source.weights_beside(path)
    assert refused.value.hint.endswith("model.json --weights FILE")


def test_weights_of_keras_3_do_not_go_with_an_older_architecture(tmp_path: Path) -> None:
    document, _ = source.model_file(parted("cnn-2.2.4.h5", tmp_path))
    weights = FIXTURES / "sequential.weights.h5"
    with pytest.raises(SourceError, match="in the form of Keras 3"):
        architecture.joined(document, weights, tmp_path)


def test_code_in_an_architecture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unsafe, match="Lambda"):
        source.model_file(parted("lambda-2.2.4.h5", tmp_path))


def test_an_architecture_tells_its_layers_and_inputs(tmp_path: Path) -> None:
    with FileSource(parted("cnn-2.2.4.h5", tmp_path)) as opened:
        info = read.read_source(opened)
    assert info.versions["keras"] == "2.2.4"
    assert info.signature is not None
    assert facts_of(info, KerasFacts).layers > 3


@pytest.mark.parametrize(
    "text",
    [b"{}", b'{"nodes": []}', b'{"learner": {"class_name": "Model"}}', b'"text"', b"{",
     b'{"class_name": "Custom", "config": {}}'],
)  # fmt: skip
def test_other_json_is_no_architecture(text: bytes) -> None:
    assert read.form(BytesSource("m", text)) is None
