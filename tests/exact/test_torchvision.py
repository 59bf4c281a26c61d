"""Models that call torchvision's operators, in the torchvision of each PyTorch's time."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from desk import Call, Desk

import neopack as package
from neopack.goldens.cases import load_goldens
from neopack.goldens.comparison import difference
from neopack.values.artifact import NeoArchive

FINDER = f"{Path(__file__).parents[1] / 'finding_models.py'}:finder"
INPUTS = {"image": (1, 3, 32, 32)}
OPERATORS = "'torchvision::nms', 'torchvision::roi_align'"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> NeoArchive:
    path = tmp_path_factory.mktemp("found") / "finder.tar.gz"
    return package.package(FINDER, inputs=INPUTS, framework_version="1.8", path=path)


def test_a_detector_is_proven_with_the_torchvision_of_its_time(found: NeoArchive) -> None:
    evidence = package.verify(found.path)
    assert (evidence.runtime, evidence.versions["torchvision"]) == ("pytorch-1.8.1", "0.9.1")
    assert evidence.difference < 1e-5
    assert [output.shape for output in evidence.outputs] == [(10, 4), (10,), (10, 6, 3, 3)]


def test_check_warns_of_its_operators(found: NeoArchive) -> None:
    report = package.check(found.path, framework_version="1.8")
    assert report.clean
    (warning,) = [finding for finding in report.findings if finding.id == "NEO-PT-024"]
    assert OPERATORS in warning.message


def test_a_model_without_them_is_proven_without_torchvision(
    tmp_path: Path, fixtures: Path
) -> None:
    made = package.package(
        fixtures / "pytorch/cnn-traced.pt", path=tmp_path / "m.tar.gz", target="jetson_nano"
    )
    assert "torchvision" not in package.verify(made.path).versions


def test_a_version_that_lacks_one_is_refused(refused: Call, desk: Desk) -> None:
    words = ("NEO-PT-011", "PyTorch 1.4 and its torchvision: 'torchvision::roi_align(")
    refused(
        1, words, "package", FINDER, "-i", "image=1,3,32,32", "-o", "m.tar.gz",
        "--framework-version", "1.4",
    )  # fmt: skip


def test_its_torchscript_file_is_packaged_and_run(found: NeoArchive, tmp_path: Path) -> None:
    with tarfile.open(found.path) as archive:
        archive.extract("model.pth", tmp_path, filter="data")
    kept = package.package(tmp_path / "model.pth", inputs=INPUTS, path=tmp_path / "kept.tar.gz")
    inputs, golden = load_goldens(kept.goldens)
    assert difference(golden, package.load(kept.path).predict(inputs)) < 1e-5
