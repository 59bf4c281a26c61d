"""TensorFlow Lite models in the interpreter of TensorFlow 1.15, and by Neo's public loader."""

from __future__ import annotations

from pathlib import Path

import pytest

import neopack
from neopack.errors import CheckFailed


@pytest.mark.parametrize("name", ["cnn", "two-inputs"])
def test_a_file_of_today_is_proven_in_both(name: str, fixtures: Path, tmp_path: Path) -> None:
    archive = neopack.package(
        fixtures / f"tflite/{name}.tflite",
        target="rasp4b",
        path=tmp_path / "m.tar.gz",
        verify=True,
    )
    (exact,), (compiled,) = archive.report.evidence, archive.report.compiler
    assert exact.runtime == "tflite-1.15.0"
    assert exact.exact
    assert exact.difference < 1e-5
    assert compiled.runtime == "neo-loader-tflite-1.15.0"
    assert compiled.difference < 1e-5


def test_it_compiles_by_tvm(fixtures: Path, tmp_path: Path) -> None:
    archive = neopack.package(
        fixtures / "tflite/cnn.tflite", target="linux/x86_64", path=tmp_path / "m.tar.gz"
    )
    artifact = neopack.compile(archive.path, target="linux/x86_64", engine="tvm")
    assert artifact.difference is not None
    assert artifact.difference < 1e-5


def test_inputs_of_int8_are_refused_before_anything_is_compiled(
    fixtures: Path, tmp_path: Path
) -> None:
    with pytest.raises(CheckFailed, match="NEO-TL-001"):
        neopack.package(
            fixtures / "tflite/int8.tflite", target="rasp4b", path=tmp_path / "m.tar.gz"
        )
