"""Keras models of every form, packaged, checked, compiled and run for real."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from desk import Call

import neopack as package
from neopack.errors import CheckFailed, SourceError, Unsafe, UsageError
from neopack.goldens.cases import load_goldens
from neopack.goldens.comparison import difference
from neopack.values.artifact import NeoArchive

CODE = Path(__file__).parents[1] / "keras_models.py"
NOT_AN_IMAGE = ("NEO-KR-004",)


def model_in(made: NeoArchive) -> bytes:
    with tarfile.open(made.path) as tar:
        (entry,) = tar.getmembers()
        assert entry.name == "model.h5"
        stream = tar.extractfile(entry)
        assert stream is not None
        return stream.read()


def manifest(made: NeoArchive) -> Any:
    return json.loads(made.manifest.read_bytes())


def goes_all_the_way(made: NeoArchive) -> None:
    """Checked clean, run from the archive, compiled: the golden outputs each time."""
    assert package.check(made.path, target="ml_c5").clean
    inputs, golden = load_goldens(made.goldens)
    assert difference(golden, package.load(made.path).predict(inputs)) <= 1e-5
    compiled = package.compile(made.path, target="ml_c5")
    assert compiled.difference is not None
    assert compiled.difference <= 1e-4
    assert compiled.path is not None
    assert difference(golden, package.load(compiled.path).predict(inputs)) <= 1e-4


@pytest.mark.parametrize(
    ("name", "rewrite"),
    [
        ("keras-1.h5", "the words of Keras 1 are those of Keras 2"),
        ("nested-2.2.4.h5", "models inside the model are laid open"),
    ],
)
def test_an_old_file_that_the_loader_does_not_take_is_rewritten(
    name: str, rewrite: str, tmp_path: Path, fixtures: Path
) -> None:
    made = package.package(fixtures / "keras" / name, path=tmp_path / "m.tar.gz")
    assert rewrite in manifest(made)["rewrites"]
    assert package.check(made.path, target="ml_c5").at("error") == ()


@pytest.mark.parametrize("name", ["sequential-2.2.4.h5", "cnn-2.2.4.h5"])
def test_an_old_file_is_kept_byte_for_byte(name: str, tmp_path: Path, fixtures: Path) -> None:
    path = fixtures / "keras" / name
    made = package.package(path, path=tmp_path / "m.tar.gz")
    assert model_in(made) == path.read_bytes()
    assert manifest(made)["rewrites"] == []
    goes_all_the_way(made)


@pytest.mark.parametrize("name", ["cnn-2.11.h5"])
def test_a_newer_file_is_lowered(name: str, tmp_path: Path, fixtures: Path) -> None:
    made = package.package(fixtures / "keras" / name, path=tmp_path / "m.tar.gz")
    goes_all_the_way(made)


def test_the_config_is_channels_first_and_rewrites_are_named(
    tmp_path: Path, fixtures: Path
) -> None:
    made = package.package(fixtures / "keras/newer.keras", path=tmp_path / "m.tar.gz")
    described = manifest(made)
    assert described["data_input_config"] == '{"image":[1,3,8,8]}'
    assert described["signature"]["inputs"][0]["shape"] == [1, 8, 8, 3]
    assert "Rescaling became a batch normalization (scale)" in described["rewrites"]
    assert described["framework_version"] == "2.2.4"
    goes_all_the_way(made)


def test_a_callable_with_two_inputs_and_two_outputs(tmp_path: Path) -> None:
    made = package.package(f"{CODE}:siamese", framework="KERAS", path=tmp_path / "m.tar.gz")
    described = manifest(made)
    assert described["data_input_config"] == '{"left":[1,2,6,6],"right":[1,2,6,6]}'
    assert [s["name"] for s in described["signature"]["outputs"]] == ["near", "far"]
    goes_all_the_way(made)


def test_weights_go_with_a_callable(tmp_path: Path, fixtures: Path) -> None:
    made = package.package(
        f"{CODE}:stack",
        framework="KERAS",
        weights=fixtures / "keras/sequential.weights.h5",
        path=tmp_path / "m.tar.gz",
    )
    whole = package.package(fixtures / "keras/sequential.h5", path=tmp_path / "w.tar.gz")
    (_, ours), (_, theirs) = load_goldens(made.goldens), load_goldens(whole.goldens)
    assert difference(theirs, ours) <= 1e-6


def test_weights_of_another_model_are_refused(tmp_path: Path, fixtures: Path) -> None:
    with pytest.raises(SourceError, match="not the model's"):
        package.package(
            f"{CODE}:stack",
            framework="KERAS",
            arguments={"units": 5},
            weights=fixtures / "keras/sequential.weights.h5",
            path=tmp_path / "m.tar.gz",
        )


def test_a_size_left_open_is_fixed_by_input(tmp_path: Path, fixtures: Path) -> None:
    path = fixtures / "keras/free-size-2.2.4.h5"
    with pytest.raises(UsageError, match="free dims"):
        package.package(path, path=tmp_path / "m.tar.gz")
    with pytest.raises(UsageError, match="not float32"):
        package.package(path, inputs={"image": (1, 3, 9, 9)}, path=tmp_path / "m.tar.gz")
    made = package.package(path, inputs={"image": (2, 9, 7, 3)}, path=tmp_path / "m.tar.gz")
    assert manifest(made)["data_input_config"] == '{"image":[2,3,9,7]}'


def test_what_is_no_image_is_refused_by_the_rules(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="NEO-KR-004"):
        package.package(f"{CODE}:dense", framework="KERAS", path=tmp_path / "m.tar.gz")
    made = package.package(
        f"{CODE}:dense", framework="KERAS", ignore=NOT_AN_IMAGE, path=tmp_path / "m.tar.gz"
    )
    assert manifest(made)["data_input_config"] == '{"numbers":[1,5]}'


@pytest.mark.parametrize(
    ("name", "message"), [("with_code", "Lambda.*twice"), ("own_layer", "Own.*own")]
)
def test_code_of_ones_own_is_refused_by_name(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=message):
        package.package(f"{CODE}:{name}", framework="KERAS", path=tmp_path / "m.tar.gz")


def test_a_file_with_code_never_reaches_keras(
    tmp_path: Path, fixtures: Path, neopack: Call
) -> None:
    for name in ("lambda.keras", "lambda-2.2.4.h5"):
        with pytest.raises(Unsafe, match="never run here: twice"):
            package.package(fixtures / "keras" / name, path=tmp_path / "m.tar.gz")
    answer = neopack("package", fixtures / "keras/weights-2.2.4.h5", "-o", tmp_path / "m.tar.gz")
    assert answer.code == 1
    assert "--weights" in answer.err
