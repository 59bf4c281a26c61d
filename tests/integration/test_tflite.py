"""TensorFlow Lite: files and converted models packaged, and compiled by OpenVINO, which computes
what TensorFlow's interpreter does, float and int8."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neopack
from neopack.archive.manifest import read_manifest
from neopack.errors import NeopackError, UsageError
from neopack.frameworks.tflite.converting import traced
from neopack.goldens.comparison import difference
from neopack.values.signature import InputRequest

LARGEST = 90


def archive_of(model: Path, folder: Path) -> Path:
    path = folder / "m.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(model, model.name)
    return path


@pytest.mark.parametrize("name", ["cnn", "int8", "int64-input", "two-inputs", "bool-output"])
def test_a_compiled_model_computes_as_the_interpreter(
    name: str, fixtures: Path, tmp_path: Path
) -> None:
    archive = archive_of(fixtures / f"tflite/{name}.tflite", tmp_path)
    artifact = neopack.compile(archive, target="ml_c5")
    own, compiled = neopack.load(archive), neopack.load(artifact)
    assert (own.engine, compiled.engine) == ("TFLITE", "openvino")
    numbers = np.random.default_rng(0)
    below = 2 if name == "int64-input" else LARGEST
    inputs = {
        spec.name: numbers.normal(size=[dim or 1 for dim in spec.shape])
        if spec.dtype == "float32"
        else numbers.integers(0, below, [dim or 1 for dim in spec.shape])
        for spec in own.signature.inputs
    }
    wanted = own.predict(inputs)
    assert all(array.any() for array in wanted.values())
    assert difference(wanted, compiled.predict(inputs)) < 1e-5


def test_bench_measures_both(fixtures: Path, tmp_path: Path) -> None:
    archive = archive_of(fixtures / "tflite/cnn.tflite", tmp_path)
    artifact = neopack.compile(archive, target="ml_c5")
    result = neopack.bench(artifact, against=archive, seconds=0.1)
    assert [side.engine for side in result.sides] == ["openvino", "tensorflow"]
    assert result.difference is not None
    assert result.difference < 1e-5


def test_what_the_interpreter_does_not_load_is_one_line(fixtures: Path, tmp_path: Path) -> None:
    archive = archive_of(fixtures / "tflite/custom-operator.tflite", tmp_path)
    with pytest.raises(NeopackError, match=r"TensorFlow Lite cannot load it: .*Igamma"):
        neopack.load(archive)


@pytest.fixture(scope="module")
def keras_model() -> Any:
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 3), name="image"),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(5),
        ]
    )


def calibration(folder: Path, shape: tuple[int, ...] = (12, 8, 8, 3)) -> str:
    np.savez(folder / "real.npz", image=np.random.default_rng(1).random(shape, np.float32))
    return str(folder / "real.npz")


def package(source: Any, folder: Path, **options: Any) -> Any:
    options = {"framework": "TFLITE", "inputs": {"image": (2, 8, 8, 3)}, **options}
    return neopack.package(source, target="rasp4b", path=folder / "m.tar.gz", **options)


def test_a_live_keras_model_is_converted_in_the_shape_asked_for(
    keras_model: Any, tmp_path: Path
) -> None:
    archive = package(keras_model, tmp_path)
    manifest = read_manifest(archive.path)
    assert manifest is not None
    assert [(spec.name, spec.shape) for spec in manifest.signature.inputs] == [
        ("image", (2, 8, 8, 3))
    ]
    image = np.random.default_rng(2).random((2, 8, 8, 3), np.float32)
    (answer,) = neopack.load(archive.path).predict({"image": image}).values()
    assert np.allclose(answer, keras_model(image), atol=1e-5)


def test_a_functional_model_of_one_input_is_traced() -> None:
    import keras

    image = keras.Input((4, 4, 3), name="image")
    model = keras.Model(image, keras.layers.Flatten()(image))
    found = traced(model, [InputRequest(name="image", shape=(2, 4, 4, 3))], None, "m")
    assert [(each.name, each.shape) for each in found.requests] == [("image", (2, 4, 4, 3))]


def test_a_quantized_model_has_one_scale_a_dense_layer(fixtures: Path, tmp_path: Path) -> None:
    archive = package(
        fixtures / "keras/cnn-2.2.4.h5",
        tmp_path,
        quantize="int8",
        calibration=calibration(tmp_path),
        inputs={"image": (1, 8, 8, 3)},
    )
    assert archive.report.findings == ()  # NEO-TL-004 among others
    manifest = read_manifest(archive.path)
    assert manifest is not None
    (note,) = [rewrite for rewrite in manifest.rewrites if "int8" in rewrite]
    assert 0 < float(note.split()[3]) < 0.1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"quantize": "int8"}, "measures the ranges of real inputs"),
        ({"quantize": "float16", "calibration": "x.npz"}, "goes with --quantize int8"),
        ({"inputs": {"pixels": (1, 8, 8, 3)}}, "no input 'pixels'"),
        ({"inputs": {"image": (1, 9, 9, 3)}}, r"not float32 \[1, 9, 9, 3\]"),
        ({"inputs": ()}, "free dims"),
        ({"signature": "serve"}, "is for a SavedModel"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    options: dict[str, Any], words: str, keras_model: Any, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        package(keras_model, tmp_path, **options)
    assert not list(tmp_path.glob("m.*"))


def test_samples_of_another_shape_are_refused(keras_model: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="samples first"):
        package(
            keras_model,
            tmp_path,
            quantize="int8",
            calibration=calibration(tmp_path, (12, 8, 8, 1)),
        )


def test_a_saved_model_is_converted_by_its_signature(fixtures: Path, tmp_path: Path) -> None:
    saved, shapes = fixtures / "tensorflow/2/saved-model", {"images": (2, 8, 8, 3)}
    archive = package(saved, tmp_path, inputs=shapes)
    answers = neopack.load(archive.path).predict(ones(archive.path))
    whole = neopack.package(saved, path=tmp_path / "whole.tar.gz", inputs=shapes)
    wanted = neopack.load(whole.path).predict(ones(whole.path))
    for answer, right in zip(answers.values(), wanted.values(), strict=True):
        assert np.allclose(answer, right, atol=1e-5)


def ones(archive: Path) -> dict[str, Any]:
    manifest = read_manifest(archive)
    assert manifest is not None
    return {spec.name: np.ones(spec.shape, spec.dtype) for spec in manifest.signature.inputs}


def test_options_of_conversions_do_nothing_for_a_file(fixtures: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="packaged as it is"):
        package(fixtures / "tflite/cnn.tflite", tmp_path, quantize="float16", inputs=())
