"""The target that compile takes where none is given, and what it says of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Call, Copied, Desk

import neopack
from neopack.errors import UsageError


def test_the_manifest_names_it(neopack: Call, desk: Desk, copied: Copied) -> None:
    archive = copied("onnx", desk.path)
    answer = neopack("compile", archive.name)
    assert answer.code == 0
    assert "target ml_c5 (the manifest's)" in answer.err
    assert (desk.path / "onnx-ml_c5.tar.gz").is_file()


def test_the_one_that_is_asked_for_goes_before(neopack: Call, desk: Desk, copied: Copied) -> None:
    archive = copied("onnx", desk.path)
    answer = neopack("compile", archive.name, "-t", "ml_m5")
    assert answer.code == 0
    assert "the manifest's" not in answer.err
    assert (desk.path / "onnx-ml_m5.tar.gz").is_file()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "which target? no manifest beside the archive names one"),
        ('target = ["ml_c5", "ml_m5"]', "which target? neopack.toml names ml_c5, ml_m5"),
    ],
)
def test_none_and_several_are_refused(
    refused: Call, desk: Desk, copied: Copied, text: str, words: str
) -> None:
    archive = copied("onnx", desk.path, beside=False)
    (desk.path / "neopack.toml").write_text(text)
    refused(2, (words, "--target"), "compile", archive.name)


def test_the_project_names_one(neopack: Call, desk: Desk, copied: Copied) -> None:
    archive = copied("onnx", desk.path, beside=False)
    (desk.path / "neopack.toml").write_text('backend = "local"\ntarget = "ml_m4"\n')
    answer = neopack("compile", archive.name)
    assert answer.code == 0
    assert "target ml_m4 (neopack.toml)" in answer.err
    assert "backend local (neopack.toml)" in answer.err


def test_a_file_above_is_named_from_here(
    neopack: Call, desk: Desk, copied: Copied, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied("onnx", desk.path)
    (desk.path / "neopack.toml").write_text('backend = "local"\n')
    (desk.path / "below").mkdir()
    monkeypatch.chdir(desk.path / "below")
    answer = neopack("compile", "../onnx.tar.gz")
    assert answer.code == 0
    assert "backend local (../neopack.toml)" in answer.err
    assert str(desk.path) not in answer.err


def test_in_python_too(desk: Desk, copied: Copied) -> None:
    made = neopack.compile(copied("onnx", desk.path))
    assert made.path is not None
    assert made.path.name == "onnx-ml_c5.tar.gz"
    (desk.path / "onnx.neopack.json").unlink()
    with pytest.raises(UsageError, match="which target"):
        neopack.compile(Path("onnx.tar.gz"))
