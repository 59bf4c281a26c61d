"""Darknet networks by Neo's public loader and TVM's importer, compared with OpenCV."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from desk import Call, Desk

import neopack
from neopack.errors import CheckFailed, SourceError, UsageError


@pytest.mark.parametrize("name", ["residual", "yolo"])
def test_what_tvm_compiles_computes_as_opencv(name: str, fixtures: Path, tmp_path: Path) -> None:
    archive = neopack.package(
        fixtures / f"darknet/{name}.cfg", target="linux/x86_64", path=tmp_path / "m.tar.gz"
    )
    artifact = neopack.compile(archive.path, target="linux/x86_64", engine="tvm")
    assert artifact.difference is not None
    assert artifact.difference < 1e-5
    (spec,) = artifact.signature.inputs
    shape = [dim or 1 for dim in spec.shape]
    image = np.random.default_rng(3).random(shape, np.float32)
    wanted = neopack.load(archive.path).predict({spec.name: image})
    found = neopack.load(artifact).predict({spec.name: image})
    assert wanted.keys() == found.keys()
    for output, array in wanted.items():
        assert np.allclose(found[output], array, atol=1e-4), output


def test_package_proves_by_the_compiler_alone(fixtures: Path, tmp_path: Path) -> None:
    archive = neopack.package(
        fixtures / "darknet/classifier.cfg",
        target="rasp4b",
        path=tmp_path / "m.tar.gz",
        verify=True,
    )
    assert archive.report.evidence == ()
    (compiled,) = archive.report.compiler
    assert compiled.exact
    assert compiled.difference < 1e-5


def test_a_layer_that_tvm_computes_otherwise_is_refused(fixtures: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match=r"NEO-DK-003: \[reorg\]"):
        neopack.package(
            fixtures / "darknet/region.cfg", target="linux/x86_64", path=tmp_path / "m.tar.gz"
        )


@pytest.fixture
def network(fixtures: Path, tmp_path: Path) -> Path:
    for suffix in (".cfg", ".weights"):
        data = (fixtures / f"darknet/classifier{suffix}").read_bytes()
        (tmp_path / f"net{suffix}").write_bytes(data)
    return tmp_path / "net.cfg"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "net.weights").unlink(), "no .weights beside it"),
        (lambda folder: cut(folder, 400), r"has \d+ numbers, and the layers of net.cfg need 355"),
        (lambda folder: cut(folder, 401), "ends within a number"),
    ],
)
def test_weights_that_are_missing_or_cut_are_refused(
    change: object, words: str, network: Path
) -> None:
    change(network.parent)  # type: ignore[operator]
    with pytest.raises((SourceError, neopack.NeopackError), match=words):
        neopack.package(network, target="rasp4b", path=network.parent / "m.tar.gz")
    assert not list(network.parent.glob("m.*"))


def cut(folder: Path, size: int) -> None:
    path = folder / "net.weights"
    path.write_bytes(path.read_bytes()[:size])


def test_another_size_than_the_cfg_s_is_refused(network: Path) -> None:
    with pytest.raises(UsageError, match=r"images of \[3, 15, 15\]"):
        neopack.package(
            network,
            target="rasp4b",
            path=network.parent / "m.tar.gz",
            inputs={"data": (1, 3, 32, 32)},
        )


def test_weights_alone_name_the_way_out(refused: Call, desk: Desk, fixtures: Path) -> None:
    data = (fixtures / "darknet/yolo.weights").read_bytes()
    (desk.path / "yolo.weights").write_bytes(data)
    words = ("yolo.weights", "weights of a Darknet network", "NET.cfg --weights")
    refused(1, words, "package", "yolo.weights", "-t", "rasp4b", "-o", "m.tar.gz")
