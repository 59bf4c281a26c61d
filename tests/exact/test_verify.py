"""``verify`` and ``package --verify``: what loads and computes in the exact version, and what does
not, with the evidence where it belongs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from desk import Call, Copied, Desk

import neopack as package
from neopack import runtimes
from neopack.errors import UsageError, VerificationFailed
from neopack.goldens.cases import FIRST, GoldenCase, load_goldens, save_cases
from neopack.proving.verify import runtime_for
from neopack.runtimes import install
from neopack.values.log import SilentLog

# framework, file, runtime, what it reports
MODELS = {
    "PYTORCH": ("pytorch/cnn-traced.pt", "pytorch-1.8.1", ("torch", "1.8.1")),
    "ONNX": ("onnx/cnn-opset12.onnx", "onnx-1.7.0", ("onnx", "1.7.0")),
    "XGBOOST": ("xgboost/dart.ubj", "xgboost-1.3.3", ("xgboost", "1.3.3")),
}


@pytest.mark.parametrize("framework", MODELS)
def test_an_archive_is_proven_in_the_version_that_neo_has(
    framework: str, tmp_path: Path, fixtures: Path
) -> None:
    given, runtime, (name, version) = MODELS[framework]
    path = tmp_path / "m.tar.gz"
    # edge targets compile PyTorch 1.8
    package.package(fixtures / given, path=path, target="jetson_nano")
    evidence = package.verify(path)
    assert evidence.runtime == runtime
    assert evidence.exact
    assert evidence.versions[name] == version
    assert evidence.difference <= 1e-4
    _, golden = load_goldens(tmp_path / "m.golden.npz")
    assert [(o.name, o.shape) for o in evidence.outputs] == [
        (name, array.shape) for name, array in golden.items()
    ]
    assert package.check(path).evidence == (evidence,)


def test_packaging_with_proof_is_the_same_archive(tmp_path: Path, fixtures: Path) -> None:
    model = fixtures / "xgboost/logistic.json"
    plain = package.package(model, path=tmp_path / "plain.tar.gz")
    proven = package.package(model, path=tmp_path / "proven.tar.gz", verify=True, compiler=False)
    assert plain.sha256 == proven.sha256
    assert [e.runtime for e in proven.report.evidence] == ["xgboost-1.3.3"]
    assert package.check(plain.path).evidence == ()


def test_what_the_version_cannot_read_is_not_written(
    refused: Call, desk: Desk, models: Path
) -> None:
    words = ("a.tar.gz", "pytorch-1.8.1", "scaled_dot_product_attention")
    refused(
        1, words, "package", f"{models}:attention", "-i", "input0=1,4,8", "-o", "a.tar.gz",
        "--verify", "--runtime", "pytorch-1.8.1",
    )  # fmt: skip


def test_other_numbers_are_refused_and_leave_no_evidence(
    tmp_path: Path, fixtures: Path, copied: Copied
) -> None:
    path = copied("onnx", tmp_path)
    inputs, outputs = load_goldens(tmp_path / "onnx.golden.npz")
    golden = tmp_path / "onnx.golden.npz"
    other = {name: array + np.float32(1) for name, array in outputs.items()}
    save_cases(golden, [GoldenCase(name=FIRST, inputs=inputs, outputs=other)], seed=0)
    believe(tmp_path / "onnx.neopack.json", golden)
    with pytest.raises(
        VerificationFailed, match="computes another result: output 'scores' differs by"
    ):
        package.verify(path)
    assert package.check(path).evidence == ()
    assert package.verify(path, max_difference=10).difference > 1e-4


def test_what_is_stood_in_for_is_in_the_evidence(
    desk: Desk, copied: Copied, neopack: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As of a runtime that was built for CUDA: the proof says that it is of the CPU."""
    runtime = runtimes.get("onnx-1.7.0")
    install.ensure(runtime, SilentLog())
    real = install.directory(runtime)
    monkeypatch.setenv("NEOPACK_HOME", str(tmp_path / "home"))
    made = install.directory(runtime)
    made.mkdir(parents=True)
    for path in real.iterdir():
        (made / path.name).symlink_to(path)
    (made / "stood_in.txt").write_text("libcublas.so.11\nlibcudnn.so.8\n")
    path = copied("onnx", desk.path)
    evidence = package.verify(path)
    assert evidence.stood_in == ("libcublas.so.11", "libcudnn.so.8")
    assert package.check(path).evidence == (evidence,)
    assert "without CUDA    2 libraries are empty stand-ins" in neopack("verify", path).out
    assert "proven in onnx-1.7.0 without CUDA: loads" in neopack("check", path).out


def believe(manifest: Path, golden: Path) -> None:
    """As if package had written these golden numbers."""
    import hashlib

    data = json.loads(manifest.read_text())
    data["goldens"]["sha256"] = hashlib.sha256(golden.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(data))


def test_golden_numbers_of_another_archive_are_refused(
    refused: Call, desk: Desk, copied: Copied
) -> None:
    copied("onnx", desk.path)
    (desk.path / "onnx.golden.npz").write_bytes(b"PK\x05\x06" + bytes(18))
    refused(1, ("onnx.golden.npz", "is not the file of golden numbers"), "verify", "onnx.tar.gz")


def test_an_archive_without_golden_numbers_cannot_be_proven(
    refused: Call, desk: Desk, copied: Copied
) -> None:
    copied("onnx", desk.path, beside=False)
    refused(1, ("onnx.tar.gz", "no golden outputs"), "verify", "onnx.tar.gz")


def test_a_runtime_of_another_framework_is_refused(
    refused: Call, desk: Desk, copied: Copied
) -> None:
    copied("onnx", desk.path)
    words = ("xgboost-1.3.3 runs XGBOOST", "ONNX")
    refused(2, words, "verify", "onnx.tar.gz", "--runtime", "xgboost-1.3.3")


def test_the_answer_is_said_in_text_and_json(neopack: Call, desk: Desk, copied: Copied) -> None:
    copied("onnx", desk.path)
    assert "proven in onnx-1.7.0: loads" in neopack("verify", "onnx.tar.gz").out
    answer = neopack("verify", "onnx.tar.gz", "--format", "json").document
    assert answer["kind"] == "verify"
    assert answer["versions"]["onnxruntime"] == "1.4.0"
    assert "proven in onnx-1.7.0" in neopack("check", "onnx.tar.gz").out


@pytest.mark.parametrize(
    ("framework", "version", "runtime"),
    [
        ("PYTORCH", "1.8", "pytorch-1.8.1"),
        ("PYTORCH", "1.7.1", "pytorch-1.7.1"),
        ("PYTORCH", "1.12", "pytorch-1.12.1"),
        ("PYTORCH", "1.13.1", "pytorch-1.13.1"),
        ("PYTORCH", "2.0", "pytorch-2.0.1"),
        ("PYTORCH", "2.1", "pytorch-2.0.1"),
        ("PYTORCH", "1.9", "pytorch-1.9.1"),
        ("TENSORFLOW", "1.15.3", "tensorflow-1.15.0"),
        ("TENSORFLOW", "2.9", "tensorflow-2.9.3"),
        ("KERAS", "2.2", "keras-2.2.4"),
        ("XGBOOST", "1.2", "xgboost-1.3.3"),
    ],
)
def test_the_runtime_is_the_exact_one_or_the_closest(
    framework: str, version: str, runtime: str
) -> None:
    assert runtime_for(framework, version).name == runtime


def test_a_loader_is_not_the_framework_alone() -> None:
    for framework, version in (("PYTORCH", "1.8"), ("ONNX", "1.7"), ("TFLITE", "2")):
        loader = runtimes.closest_loader(framework, version)
        framework_alone = runtimes.closest(framework, version)
        assert (loader is None) == (framework_alone is None)
        if loader is not None and framework_alone is not None:
            assert loader.name == f"neo-loader-{framework_alone.name}"


def test_a_runtime_must_be_of_the_framework() -> None:
    with pytest.raises(UsageError, match="runs KERAS"):
        runtime_for("TENSORFLOW", "1.15", "keras-2.2.4")
    with pytest.raises(UsageError, match="has Neo's public loader"):
        runtime_for("ONNX", "1.7", "neo-loader-onnx-1.7.0")
