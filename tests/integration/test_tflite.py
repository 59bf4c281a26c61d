"""TensorFlow Lite: OpenVINO computes what TensorFlow's interpreter does, float and int8."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

import neopack
from neopack.errors import NeopackError
from neopack.goldens.comparison import difference

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
