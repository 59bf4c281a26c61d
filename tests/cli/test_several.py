"""Several models in one check, several targets in one package, and the targets of a project."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from desk import Call, Copied, Desk

GOOD, NEWER = "onnx/cnn-opset12.onnx", "onnx/cnn-opset18.onnx"


@pytest.fixture
def three(fixtures: Path, desk: Desk) -> Path:
    shutil.copy(fixtures / GOOD, desk.path / "a.onnx")
    shutil.copy(fixtures / NEWER, desk.path / "b.onnx")
    (desk.path / "c.onnx").write_text("<html>not found</html>")
    return desk.path


def test_each_model_is_judged_though_one_cannot_be(neopack: Call, three: Path) -> None:
    answer = neopack("check", "c.onnx", "a.onnx", "b.onnx", "-t", "ml_c5", "--format", "json")
    assert answer.code == 1
    assert [each["path"] for each in answer.document["results"]] == ["a.onnx", "b.onnx"]
    (unchecked,) = answer.document["unchecked"]
    assert unchecked["path"] == "c.onnx"
    assert "web page" in unchecked["message"]


def test_a_pattern_that_no_shell_replaced(neopack: Call, three: Path) -> None:
    answer = neopack("check", "*.onnx", "-t", "ml_c5")
    assert [line.split()[0] for line in answer.out.splitlines()[-3:]] == [
        "a.onnx", "b.onnx", "c.onnx",
    ]  # fmt: skip
    assert neopack("check", "[ab]*.onnx", "a.onnx", "-t", "ml_c5", "-q").code == 1
    assert neopack("check", "a.*", "a.onnx", "-t", "ml_c5").code == 0


def test_a_folder_of_archives(neopack: Call, desk: Desk, copied: Copied) -> None:
    for name in ("one", "two/three", ".hidden"):
        (desk.path / "nets" / name).mkdir(parents=True)
        copied("onnx", desk.path / "nets" / name)
    answer = neopack("check", "nets", "-t", "ml_c5", "--format", "json")
    paths = [each["path"] for each in answer.document["results"]]
    assert paths == ["nets/one/onnx.tar.gz", "nets/two/three/onnx.tar.gz"]
    answer = neopack("check", "nets", "-t", "ml_c5")
    assert answer.out.startswith("nets/one/onnx.tar.gz: ONNX")
    alone = neopack("check", "nets/one", "-t", "ml_c5", "--format", "json").document
    assert alone["kind"] == "checked models"


def test_a_pattern_without_a_match(refused: Call, three: Path) -> None:
    words = ("nets/*.tar.gz", "nothing matches")
    refused(2, words, "check", "a.onnx", "nets/*.tar.gz", "-t", "ml_c5")


def test_the_worst_code_of_all(neopack: Call, three: Path, copied: Copied) -> None:
    copied("onnx", three)
    call = ("check", "-t", "ml_inf1", "onnx.tar.gz", "-q")  # Neo takes no ONNX for it
    assert neopack(*call).code == 3
    assert neopack(*call, "c.onnx").code == 3


def test_sarif_has_a_run_for_each(neopack: Call, three: Path) -> None:
    answer = neopack("check", "a.onnx", "c.onnx", "-t", "ml_c5", "--format", "sarif")
    ids = [run["automationDetails"]["id"] for run in answer.document["runs"]]
    assert ids == ["neopack/check/a.onnx/", "neopack/check/c.onnx/"]


@pytest.mark.parametrize(
    ("option", "more"),
    [("--fix", ("--fix", "o.tar.gz")), ("--source", ("--source", "a.onnx")), ("--all", ())],
)
def test_what_is_for_one_model(
    refused: Call, three: Path, option: str, more: tuple[str, ...]
) -> None:
    arguments = more or ("--all-targets",)
    refused(2, (option, "for one model"), "check", "a.onnx", "b.onnx", *arguments)


def test_the_project_counts_more_than_a_manifest(
    neopack: Call, desk: Desk, copied: Copied
) -> None:
    archive = copied("onnx", desk.path)
    (desk.path / "neopack.toml").write_text('target = ["ml_m5", "ml_c4"]\n')
    answer = neopack("check", archive.name, "--format", "json")
    assert [report["target"] for report in answer.document["reports"]] == ["ml_m5", "ml_c4"]
    assert "target ml_m5, ml_c4 (neopack.toml)" in answer.err
    (desk.path / "neopack.toml").write_text('target = "ml_m5"\n')
    assert neopack("compile", archive.name).code == 0
    assert (desk.path / "onnx-ml_m5.tar.gz").is_file()


def test_an_archive_for_each_target(neopack: Call, three: Path) -> None:
    call = ("package", "a.onnx", "-o", "net.tar.gz", "-t", "ml_c5", "-t", "linux/arm64")
    answer = neopack(*call, "--format", "json")
    assert answer.code == 0
    names = [Path(each["path"]).name for each in answer.document["archives"]]
    assert names == ["net.ml_c5.tar.gz", "net.linux_arm64.tar.gz"]
    targets = [
        json.loads((three / f"{name[:-7]}.neopack.json").read_text())["target"] for name in names
    ]
    assert targets == ["ml_c5", "linux/arm64"]


def test_nothing_is_written_where_one_target_or_output_is_wrong(
    refused: Call, three: Path
) -> None:
    call = ("package", "a.onnx", "-o", "net.tar.gz", "-t", "ml_c5", "-t")
    refused(2, "did you mean ml_m5?", *call, "ml_m55")
    (three / "net.ml_m5.tar.gz").write_text("somebody's")
    refused(2, "net.ml_m5.tar.gz", *call, "ml_m5")
