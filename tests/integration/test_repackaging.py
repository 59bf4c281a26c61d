"""``package ARCHIVE``: for another target or version, with what lies in it and beside it."""

from __future__ import annotations

import json
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from desk import Call, Desk

import neopack as package
from neopack.errors import Malformed, UsageError
from neopack.goldens.cases import load_goldens
from neopack.values.signature import InputRequest

MODELS = {
    "onnx": ("onnx/cnn-opset12.onnx", {}),
    "keras": ("keras/cnn.h5", {}),
    "xgboost": ("xgboost/dart.ubj", {}),
    "tensorflow": ("tensorflow/2/saved-model", {"images": (1, 8, 8, 3)}),
    "mxnet": ("mxnet/gluon", {"data": (1, 3, 8, 8)}),
}


@pytest.mark.parametrize("name", MODELS)
def test_an_archive_packages_to_itself(name: str, tmp_path: Path, fixtures: Path) -> None:
    model, inputs = MODELS[name]
    first = package.package(fixtures / model, inputs=inputs, path=tmp_path / "a.tar.gz")
    again = package.package(first.path, path=tmp_path / "b.tar.gz")
    assert again.sha256 == first.sha256
    assert load_goldens(again.goldens)[1].keys() == load_goldens(first.goldens)[1].keys()


def test_another_version_is_lowered_and_proven(tmp_path: Path) -> None:
    torch.manual_seed(2)
    model = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    first = package.package(model, inputs={"src": (1, 4, 8)}, path=tmp_path / "a.tar.gz")
    older = package.package(
        first.path, path=tmp_path / "b.tar.gz", target="rasp4b", framework_version="1.8",
        verify=True, compiler=False,
    )  # fmt: skip
    assert older.report.framework_version == "1.8"
    assert [evidence.runtime for evidence in older.report.evidence] == ["pytorch-1.8.1"]
    given, golden = load_goldens(first.goldens)
    np.testing.assert_array_equal(load_goldens(older.goldens)[0]["src"], given["src"])
    np.testing.assert_allclose(
        load_goldens(older.goldens)[1]["output0"], golden["output0"], atol=1e-5
    )


def test_code_and_golden_inputs_come_along(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "inference.py").write_text("def input_fn(body, kind):\n    return body\n")
    ids = (
        InputRequest(name="input_ids", shape=(1, 6), dtype="int64", below=30),
        InputRequest(name="attention_mask", shape=(1, 6), dtype="int64"),
    )
    first = package.package(
        tiny_models.Tokens().eval(), inputs=ids, code=code, path=tmp_path / "a.tar.gz"
    )
    again = package.package(first.path, path=tmp_path / "b.tar.gz", target="ml_m5")
    assert again.sha256 == first.sha256
    with tarfile.open(again.path) as tar:
        assert "code/inference.py" in tar.getnames()
    given, _ = load_goldens(first.goldens)
    for name, array in load_goldens(again.goldens)[0].items():
        np.testing.assert_array_equal(array, given[name])


def test_what_the_user_gives_comes_first(tmp_path: Path, fixtures: Path) -> None:
    model = fixtures / "tensorflow/2/saved-model"
    first = package.package(model, inputs={"images": (1, 8, 8, 3)}, path=tmp_path / "a.tar.gz")
    more = package.package(
        first.path, inputs={"images": (2, 8, 8, 3)}, path=tmp_path / "b.tar.gz", form="frozen"
    )
    assert load_goldens(more.goldens)[0]["images"].shape == (2, 8, 8, 3)
    assert package.inspect(more.path).form == "archive with model.pb"


def test_an_archive_of_anybody_needs_its_inputs(
    refused: Call, neopack: Call, desk: Desk, fixtures: Path
) -> None:
    """No manifest lies beside it."""
    with tarfile.open(desk.path / "given.tar.gz", "w:gz") as tar:
        tar.add(fixtures / "pytorch/torch-1.8.1/cnn-traced.pt", "./m/net.pth")
    words = ("net.pth does not tell its input shapes", "--input")
    refused(2, words, "package", "given.tar.gz", "-o", "out.tar.gz")
    answer = neopack("package", "given.tar.gz", "-o", "out.tar.gz", "-i", "image=1,3,8,8")
    assert answer.code == 0
    manifest = json.loads((desk.path / "out.neopack.json").read_text())
    assert manifest["source"] == "net.pth"


def mar(path: Path, manifest: object, **files: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in files.items():
            archive.write(file, name)
        archive.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
    return path


def test_the_model_of_a_torchserve_archive(tmp_path: Path, fixtures: Path) -> None:
    model = fixtures / "pytorch/cnn-traced.pt"
    given = mar(tmp_path / "n.mar", {"model": {"serializedFile": "net"}}, net=model)
    inputs = {"image": (1, 3, 8, 8)}
    of_file = package.package(model, inputs=inputs, path=tmp_path / "a.tar.gz")
    assert (
        package.package(given, inputs=inputs, path=tmp_path / "b.tar.gz").sha256 == of_file.sha256
    )


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"serializedFile": "net", "modelFile": "code"}, "holds a model that is code, code"),
        ({"serializedFile": "gone"}, "names 'gone', which is not in it"),
        ({"serializedFile": "../net"}, "names '../net', which is not in it"),
        ({}, "holds a model that is code"),
        ("net", "does not describe a model"),
    ],
)
def test_a_torchserve_archive_without_such_a_model(
    refused: Call, desk: Desk, fixtures: Path, model: object, words: str
) -> None:
    file = fixtures / "pytorch/state-dict.pt"
    mar(desk.path / "n.mar", {"model": model}, net=file, code=file)
    refused(1, ("n.mar", words), "package", "n.mar", "-o", "out.tar.gz")
    refused(1, ("n.mar", "is a TorchServe model archive"), "check", "n.mar", "-t", "ml_c5")


def test_errors_name_the_archive(refused: Call, desk: Desk, fixtures: Path) -> None:
    with tarfile.open(desk.path / "given.tar.gz", "w:gz") as tar:
        tar.add(fixtures / "onnx/cnn-opset12.onnx", "m/net.onnx")
    words = ("given.tar.gz:", "net.onnx", "has no input 'wrong'")
    refused(2, words, "package", "given.tar.gz", "-i", "wrong=1,3,8,8", "-o", "out.tar.gz")


def test_a_compiled_archive_is_not_packaged(tmp_path: Path, fixtures: Path) -> None:
    first = package.package(fixtures / "onnx/cnn-opset12.onnx", path=tmp_path / "a.tar.gz")
    compiled = package.compile(first.path, target="ml_c5")
    assert compiled.path is not None
    with pytest.raises(UsageError, match="is compiled already"):
        package.package(compiled.path, path=tmp_path / "b.tar.gz")


@pytest.mark.parametrize("name", ["cnn.keras", "cnn.h5", "cnn-2.2.4.h5"])
def test_a_keras_file_is_packaged_for_tensorflow(
    name: str, tmp_path: Path, fixtures: Path
) -> None:
    inputs = {"image": (1, 8, 8, 3)}
    path = fixtures / "keras" / name
    of_keras = package.package(path, inputs=inputs, path=tmp_path / "k.tar.gz")
    made = package.package(path, inputs=inputs, framework="TENSORFLOW", path=tmp_path / "t.tar.gz")
    assert package.inspect(made.path).form == "archive with export/saved_model.pb"
    golden = list(load_goldens(of_keras.goldens)[1].values())
    for one, other in zip(load_goldens(made.goldens)[1].values(), golden, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_keras_file_with_code_is_not_loaded(refused: Call, desk: Desk, fixtures: Path) -> None:
    shutil.copy(fixtures / "keras/lambda.keras", desk.path)
    words = ("lambda.keras", "Lambda layers, whose code is never run")
    refused(1, words, "package", "lambda.keras", "--framework", "TENSORFLOW", "-o", "out.tar.gz")


ELSEWHERE: dict[str, dict[str, Any]] = {
    "pytorch/cnn-traced.pt": {"target": "ml_c5", "framework_version": "1.4"},
    "onnx/cnn-opset12.onnx": {"target": "linux/arm64"},
    "mxnet/gluon": {"target": "ml_inf1"},
    "tensorflow/2/saved-model": {"target": "ml_inf1", "form": "frozen"},
}
INPUTS = {name.removeprefix("./"): inputs for name, inputs in MODELS.values()}


@pytest.mark.parametrize(
    ("model", "mode"), list(zip(ELSEWHERE, ("w:gz", "w:", "w:bz2", "w:xz"), strict=True))
)
def test_a_foreign_tar_goes_elsewhere(
    model: str, mode: str, tmp_path: Path, fixtures: Path
) -> None:
    """As the SageMaker SDK repacks it, with code and a member of its own for the root."""
    archive = tmp_path / "theirs.tar"
    with tarfile.open(archive, mode) as tar:  # type: ignore[call-overload]
        root = tarfile.TarInfo("/")
        root.type = tarfile.DIRTYPE
        tar.addfile(root)
        source = fixtures / model
        tar.add(source, "./" if source.is_dir() else f"./{source.stem}.{_suffix(source)}")
        script = tarfile.TarInfo("./code/inference.py")
        tar.addfile(script)
    path = tmp_path / "ours.tar.gz"
    made = package.package(archive, inputs=INPUTS.get(model, {}), path=path, **ELSEWHERE[model])
    assert made.report.target == ELSEWHERE[model]["target"]
    with tarfile.open(path) as tar:
        assert "code/inference.py" in tar.getnames()


def _suffix(source: Path) -> str:
    return "pth" if source.suffix == ".pt" else source.suffix[1:]


def test_a_torn_tar_is_refused(tmp_path: Path, fixtures: Path) -> None:
    archive = tmp_path / "torn.tar.xz"
    with tarfile.open(archive, "w:xz") as tar:
        tar.add(fixtures / "onnx/cnn-opset12.onnx", "m.onnx")
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) - 40])
    with pytest.raises(Malformed, match="cannot be decompressed"):
        package.package(archive, path=tmp_path / "ours.tar.gz")
    assert not (tmp_path / "ours.tar.gz").exists()
