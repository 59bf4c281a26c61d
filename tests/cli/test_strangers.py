"""What is not a model of Neo's is named for what it is, with the way out."""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
from pathlib import Path

import pytest
from desk import Call, Desk
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import StandardScaler

FILES = {
    "page.h5": (b"\n<!DOCTYPE html><html><title>404</title>", "a web page"),
    "boost.txt": (b"tree\nversion=v4\nnum_class=1\n", "LightGBM"),
    "boost.cbm": (b"CBM1" + bytes(64), "CatBoost"),
    "chat.gguf": (b"GGUF\3\0\0\0" + bytes(64), "GGUF"),
    "net.onnx": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "net.pb": (b'<?xml version="1.0"?>\n<Error><Code>NoSuchKey</Code></Error>', "error message"),
    "events.out": (bytes(20) + b"\x1a\rbrain.Event:2" + bytes(9), "TensorBoard"),
    "model.pkl": (pickle.dumps({"weights": [1, 2]}), "a pickle"),
    "scaler.pkl": (pickle.dumps(StandardScaler()), "code/inference.py"),
    "forest.pkl": (pickle.dumps(RandomForestClassifier(), 2), "scikit-learn's"),
    "booster.txt": (b"booster[0]:\n0:[f0<1] yes=1,no=2\n", "no XGBoost loads"),
}
FOLDERS = {
    "a SparkML pipeline": ["bundle.json", "root/model.json"],
    "a model saved by Spark": ["metadata/part-00000", "stages/0/metadata/part-00000"],
    "built-in algorithm": ["model_algo-1"],
    "Estimator": ["graph.pbtxt", "checkpoint", "model.ckpt-10.index"],
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_named_for_what_it_is(refused: Call, desk: Desk, name: str) -> None:
    data, words = FILES[name]
    (desk.path / name).write_bytes(data)
    refused(1, (name, words), "package", name, "-o", "model.tar.gz")


@pytest.mark.parametrize("words", FOLDERS)
def test_a_directory_is_named_for_what_it_is(refused: Call, desk: Desk, words: str) -> None:
    for name in FOLDERS[words]:
        path = desk.path / "given" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not a model")
    refused(1, ("given", words), "package", "given", "-o", "model.tar.gz")


@pytest.mark.parametrize("words", FOLDERS)
def test_an_archive_is_named_for_what_it_is(neopack: Call, desk: Desk, words: str) -> None:
    archive(desk.path / "given.tar.gz", FOLDERS[words])
    assert words in neopack("inspect", "given.tar.gz").out


STUBS = {
    "model.onnx": (FILES["net.onnx"][0], "model.onnx is a Git LFS pointer"),
    "model-symbol.json": (FILES["page.h5"][0], "model-symbol.json is a web page"),
    "saved_model.pb": (FILES["net.pb"][0], "saved_model.pb is the error message of a download"),
    "model.pth": (b"", "model.pth is empty"),
    "xgboost-model": (FILES["net.onnx"][0], "xgboost-model is a Git LFS pointer"),
    "net.onnx": (b"Entry not found", "net.onnx is what a server answered"),
    "net.pth": (b'{"message": "Not Found"}', "net.pth is what a server answered"),
    "model.h5": (bytes(4096), "model.h5 is zeros alone"),
}


@pytest.mark.parametrize("name", STUBS)
def test_a_stub_in_place_of_the_model_is_named(
    refused: Call, neopack: Call, desk: Desk, name: str
) -> None:
    """In an archive and in a directory, with the framework given and without."""
    data, words = STUBS[name]
    (desk.path / "given").mkdir()
    (desk.path / "given" / name).write_bytes(data)
    with tarfile.open(desk.path / "given.tar.gz", "w:gz") as tar:
        tar.add(desk.path / "given" / name, f"./{name}")
    for subject in ("given", "given.tar.gz"):
        refused(1, (subject, words), "check", subject, "-t", "ml_c5")
    frameworks = {
        "onnx": "ONNX",
        "json": "MXNET",
        "pb": "TENSORFLOW",
        "pth": "PYTORCH",
        "h5": "KERAS",
    }
    framework = frameworks.get(name.rpartition(".")[2], "XGBOOST")
    answer = neopack("check", "given.tar.gz", "-t", "ml_c5", "--framework", framework)
    assert answer.code == 1
    assert words in " ".join(answer.out.split())


def test_a_stub_in_place_of_mxnet_s_parameters_is_named(
    refused: Call, desk: Desk, fixtures: Path
) -> None:
    (desk.path / "given").mkdir()
    symbol = (fixtures / "mxnet/mxnet-1.8.0/module-symbol.json").read_bytes()
    (desk.path / "given/net-symbol.json").write_bytes(symbol)
    (desk.path / "given/net-0000.params").write_bytes(FILES["net.onnx"][0])
    with tarfile.open(desk.path / "given.tar.gz", "w:gz") as tar:
        tar.add(desk.path / "given", "")
    refused(1, ("net-0000.params", "Git LFS pointer"), "package", "given", "-o", "m.tar.gz")
    refused(1, ("net-0000.params", "Git LFS pointer"), "check", "given.tar.gz", "-t", "ml_c5")


def test_an_archive_without_an_xgboost_model_lacks_one(neopack: Call, desk: Desk) -> None:
    (desk.path / "feature_map.json").write_text("{}")
    with tarfile.open(desk.path / "given.tar.gz", "w:gz") as tar:
        tar.add(desk.path / "feature_map.json", "./feature_map.json")
    out = neopack("check", "given.tar.gz", "-t", "ml_c5", "--framework", "XGBOOST").out
    assert "no model file among 1 members" in out
    assert "cannot be read" not in out


@pytest.mark.parametrize(
    ("framework", "names", "target"),
    [("SKLEARN", ["model.joblib"], "ml_c5")],
)
def test_a_model_that_nobody_reads_is_judged_by_its_name(
    neopack: Call, desk: Desk, framework: str, names: list[str], target: str
) -> None:
    archive(desk.path / "given.tar.gz", names)
    config = '{"input":[1,10]}'
    answer = neopack(
        "check", "given.tar.gz", "-t", target, "--framework", framework,
        "--data-input-config", config,
    )  # fmt: skip
    assert "0 errors" in answer.out
    assert "0 not checked" in answer.out


def test_the_fix_of_missing_shapes_has_the_model_s_own_names(
    neopack: Call, desk: Desk, fixtures: Path
) -> None:
    """TorchScript of PyTorch 1.8 tells names and no shapes."""
    with tarfile.open(desk.path / "given.tar.gz", "w:gz") as tar:
        tar.add(fixtures / "pytorch/torch-1.8.1/tokens-traced.pt", "model.pth")
    out = neopack("check", "given.tar.gz", "-t", "rasp4b").out
    fix = '{"input":[1,3,224,224],"attention_mask":[1,3,224,224]}'
    assert fix in out.replace("\n", "").replace(" " * 13, "")


def test_the_framework_chooses_among_the_models_of_an_archive(
    neopack: Call, desk: Desk, fixtures: Path
) -> None:
    with tarfile.open(desk.path / "two.tar.gz", "w:gz") as tar:
        tar.add(fixtures / "onnx/cnn-opset12.onnx", "a.onnx")
        tar.add(fixtures / "pytorch/cnn-traced.pt", "model.pth")
    for framework in ("ONNX", "PYTORCH"):
        out = neopack("check", "two.tar.gz", "-t", "ml_c5", "--framework", framework).out
        assert f"two.tar.gz: {framework}" in out
        assert "cannot be read" not in out


def test_checking_such_an_archive_says_what_it_is(refused: Call, desk: Desk) -> None:
    archive(desk.path / "given.tar.gz", ["model_algo-1"])
    words = ("given.tar.gz", "Linear Learner", "own container")
    refused(1, words, "check", "given.tar.gz", "--target", "ml_c5")


def archive(path: Path, names: list[str]) -> None:
    with gzip.open(path, "wb") as raw, tarfile.open(fileobj=raw, mode="w") as tar:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = len(b"not a model")
            tar.addfile(entry, io.BytesIO(b"not a model"))


def test_a_trusted_pickle_gives_the_archive_of_its_model(
    neopack: Call, desk: Desk, fixtures: Path
) -> None:
    for name, more in (("booster.pkl", ["--trust-pickle"]), ("logistic.ubj", [])):
        given = fixtures / "xgboost" / name
        answer = neopack("package", given, "-o", f"{name}.tar.gz", *more)
        assert answer.code == 0, answer.err
        assert ("runs whatever is in it" in answer.err) == bool(more)
    contents = {
        gzip.decompress((desk.path / f"{n}.tar.gz").read_bytes())
        for n in ("booster.pkl", "logistic.ubj")
    }
    assert len(contents) == 1


def test_a_trusted_pickle_of_something_else_is_refused(refused: Call, desk: Desk) -> None:
    (desk.path / "other.pkl").write_bytes(pickle.dumps("xgboost.core"))
    words = ("other.pkl", "is of type str, not an XGBoost model")
    refused(1, words, "package", "other.pkl", "-o", "model.tar.gz", "--trust-pickle")
