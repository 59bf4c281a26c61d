"""``check`` on what a job returned: its kind, whether it is whole, whether it was compiled."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from desk import Call, Desk

GRAPH = ("compiled.so", "compiled.params", "compiled_model.json", "compiled.meta", "libdlr.so")


def packed(path: Path, *names: str) -> Path:
    """An archive of files of these names, each with its name as its bytes."""
    with tarfile.open(path, "w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(name)
            tar.addfile(member, io.BytesIO(name.encode()))
    return path


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (GRAPH, "TVM graph, which DLR loads"),
        (("compiled.so", "code.ro", "compiled.meta"), "Relay VM, which DLR loads"),
        (("compiled.so", "compiled.meta", "libdlr.so"), "Treelite, which DLR loads"),
        (
            ("compiled-symbol.json", "compiled-0000.params", "code/inference.py"),
            "MXNet, compiled, which MXNet with",
        ),
        (("compiled.pt", "sample_input.pkl"), "PyTorch 1.4, compiled, which torch.neo"),
        (("compiled_models/1/saved_model.pb",), "TensorFlow, compiled, which TensorFlow"),
    ],
)
def test_each_kind(neopack: Call, desk: Desk, names: tuple[str, ...], kind: str) -> None:
    packed(desk.path / "net-ml_c5.tar.gz", *names)
    answer = neopack("check", "net-ml_c5.tar.gz", "--format", "json")
    assert answer.code == 0
    assert answer.document["target"] == "ml_c5"
    assert kind in answer.document["remark"]
    assert answer.document["findings"] == []


@pytest.mark.parametrize(
    ("names", "lost"),
    [
        (GRAPH[:2], "*.json"),
        (("compiled-symbol.json",), "compiled-*.params"),
        (("compiled.pt",), "sample_input.pkl"),
        (("compiled_models/1/variables/variables.index",), "saved_model.pb"),
    ],
)
def test_what_is_lost(neopack: Call, desk: Desk, names: tuple[str, ...], lost: str) -> None:
    packed(desk.path / "net-ml_c5.tar.gz", *names)
    answer = neopack("check", "net-ml_c5.tar.gz")
    assert answer.code == 1
    assert "NEO-CA-002" in answer.out
    assert lost in answer.out


def test_a_label_map_beside_the_graph(neopack: Call, desk: Desk) -> None:
    packed(desk.path / "net-ml_c5.tar.gz", *GRAPH, "labels.json", "model-shapes.json")
    answer = neopack("check", "net-ml_c5.tar.gz")
    assert answer.code == 1
    assert "NEO-CA-005" in answer.out
    assert "'labels.json'" in answer.out
    assert "model-shapes" not in answer.out


def test_the_device_in_the_meta_file(neopack: Call, desk: Desk) -> None:
    meta = json.dumps({"Requirements": {"TargetDeviceType": "gpu"}}).encode()
    held = {"compiled.so": b"s", "code.ro": b"r", "compiled.meta": meta}
    with tarfile.open(desk.path / "net-ml_c5.tar.gz", "w:gz") as tar:
        for name, content in held.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    assert "NEO-CA-006" in neopack("check", "net-ml_c5.tar.gz").out
    assert "NEO-CA-006" not in neopack("check", "net-ml_c5.tar.gz", "--target", "ml_p3").out


def test_a_model_that_came_back_as_it_went(neopack: Call, shelf: Path, desk: Desk) -> None:
    (desk.path / "out-ml_c5.tar.gz").write_bytes((shelf / "cnn.tar.gz").read_bytes())
    answer = neopack("check", "out-ml_c5.tar.gz", "--source", shelf / "cnn.tar.gz")
    assert answer.code == 1
    assert "NEO-CA-001" in answer.out


def test_a_model_that_came_back_changed(neopack: Call, shelf: Path, desk: Desk) -> None:
    packed(desk.path / "out-ml_c5.tar.gz", "model.pth")
    answer = neopack("check", "out-ml_c5.tar.gz", "--source", shelf / "cnn.tar.gz")
    assert answer.code == 0
    assert "PyTorch, compiled" in answer.out


def test_files_of_no_kind(neopack: Call, shelf: Path, desk: Desk) -> None:
    packed(desk.path / "out-ml_c5.tar.gz", "notes.txt")
    answer = neopack("check", "out-ml_c5.tar.gz", "--source", shelf / "cnn.tar.gz")
    assert answer.code == 0
    assert "NEO-CA-003" in answer.out


def test_what_an_engine_here_made(neopack: Call, shelf: Path) -> None:
    answer = neopack("check", shelf / "cnn-ml_c5.tar.gz", "--verbose")
    assert answer.code == 0
    assert "NEO-CA-004" in answer.out
    assert "artifact of openvino" in answer.out


def test_what_is_unsafe_in_an_artifact_too(neopack: Call, desk: Desk) -> None:
    packed(desk.path / "net-ml_c5.tar.gz", *GRAPH, "../evil")
    answer = neopack("check", "net-ml_c5.tar.gz")
    assert answer.code == 1
    assert "NEO-AR-004" in answer.out


def test_refusals(refused: Call, neopack: Call, desk: Desk, shelf: Path, fixtures: Path) -> None:
    packed(desk.path / "net.tar.gz", *GRAPH)
    refused(2, "compiled for which target?", "check", "net.tar.gz")
    assert neopack("check", "net.tar.gz", "-t", "rasp4b").code == 0
    model = fixtures / "onnx/cnn-opset12.onnx"
    refused(2, "--source goes with", "check", model, "--source", shelf / "cnn.tar.gz")
    refused(1, "gone.tar.gz", "check", "net.tar.gz", "--source", "gone.tar.gz")
