"""Every file that may come from others and names another one: nothing outside its folder."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neopack.archive.manifest import read_manifest
from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.errors import NeopackError, Unsafe
from neopack.formats.file_names import require_inner_name
from neopack.goldens.arrays import load_arrays, save_arrays
from neopack.options import PackageOptions
from neopack.outputs import journal
from neopack.outputs.atomic import settle
from neopack.packaging.repackaging import UnpackedSource, unpacked
from neopack.packaging.resolving import SourceRequest
from neopack.sagemaker import receipt

SPEC = {"name": "x", "dtype": "float32", "shape": [1]}
SIGNATURE: dict[str, Any] = {"inputs": [SPEC], "outputs": [SPEC]}
NAMES = ("/etc/passwd", "../up", "a/../../up", "..", ".", "", "a\0b", "..\\up", "c:\\x", "a//b")


def manifest(folder: Path, archive: str, goldens: str, member: str) -> None:
    document = {
        "schema": 1, "framework": "ONNX", "framework_version": "1.7.0", "target": "ml_c5",
        "archive": {
            "name": archive, "bytes": 1, "sha256": "0", "content_sha256": "0",
            "members": [{"name": member, "bytes": 1, "sha256": "0"}],
        },
        "signature": SIGNATURE,
        "goldens": {"name": goldens, "sha256": "0", "seed": 0, "inputs": [], "outputs": []},
    }  # fmt: skip
    (folder / "net.neopack.json").write_text(json.dumps(document))
    assert read_manifest(folder / "net.tar.gz") is not None


def artifact(folder: Path, member: str) -> None:
    document = {
        "schema": 1, "engine": "openvino", "engine_version": "1", "target": "ml_c5",
        "precision": "fp32", "framework": "ONNX", "members": [member], "signature": SIGNATURE,
    }  # fmt: skip
    assert ArtifactManifest.loads(json.dumps(document).encode(), "net.tar.gz:neopack.json")


OWN = receipt.Receipt(
    job="job", region="us-west-2", target="ml_c5", archive="net.tar.gz", content_sha256="",
    artifact="net-ml_c5.tar.gz", framework="ONNX", request={},
)  # fmt: skip


def job(folder: Path, field: str, name: str) -> None:
    path = folder / "net.ml_c5.job.json"
    path.write_text(json.dumps(json.loads(OWN.dumps()) | {field: name}))
    assert receipt.read(path)
    # and as the service tells it
    assert receipt.checked(replace(OWN, artifact=name), "arn")


def commit(folder: Path, name: str) -> None:
    change = {"name": name, "inode": 1, "fresh": False}
    document = {"token": "0123456789ab", "changes": [change]}
    journal.journal_of(folder / "net.tar.gz").write_text(json.dumps(document))
    settle(folder / "net.tar.gz")


def served(folder: Path, name: str) -> None:
    """A TorchServe archive; the records of a zip can have any name."""
    path = folder / "net.mar"
    with zipfile.ZipFile(path, "w") as to:
        model = {"model": {"serializedFile": name, "handler": "image_classifier"}}
        to.writestr("MAR-INF/MANIFEST.json", json.dumps(model))
        to.writestr(name, b"model")
    source = UnpackedSource(
        request=SourceRequest(model=path), inputs=(), options=PackageOptions(target="ml_c5")
    )
    with unpacked(source) as inside:
        assert isinstance(inside.request.model, Path)
        assert inside.request.model.is_file()
        assert inside.request.model.resolve().is_relative_to(inside.request.model.parent)


READERS: dict[str, Callable[[Path, str], None]] = {
    "archive of a manifest": lambda folder, name: manifest(folder, name, "g.npz", "model.onnx"),
    "goldens of a manifest": lambda folder, name: manifest(folder, "a.tar.gz", name, "model.onnx"),
    "member of a manifest": lambda folder, name: manifest(folder, "a.tar.gz", "g.npz", name),
    "member of an artifact": artifact,
    "archive of a receipt": lambda folder, name: job(folder, "archive", name),
    "artifact of a receipt": lambda folder, name: job(folder, "artifact", name),
    "file of a journal": commit,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reader", READERS)
def test_a_place_elsewhere_is_refused(tmp_path: Path, reader: str, name: str) -> None:
    with pytest.raises(Unsafe, match="is not a file beside it"):
        READERS[reader](tmp_path, name)


@pytest.mark.parametrize("reader", READERS)
def test_a_plain_name_is_taken(tmp_path: Path, reader: str) -> None:
    for name in ("net.tar.gz", "..net", "a b", "ä.npz", "-x"):
        READERS[reader](tmp_path, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_in_a_served_archive_stays_inside(tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.iterdir())
    with suppress(NeopackError):
        served(tmp_path, name or "x/")
    assert sorted(tmp_path.iterdir()) == [*before, tmp_path / "net.mar"]


@pytest.mark.parametrize("name", NAMES)
def test_golden_numbers_name_no_place(tmp_path: Path, name: str) -> None:
    import numpy as np

    path = tmp_path / "g.npz"
    with path.open("wb") as stream:
        save_arrays(stream, {name: np.zeros(1)})
    assert list(load_arrays(path)) == [name]
    with zipfile.ZipFile(path) as stored:
        (member,) = stored.namelist()
    assert require_inner_name(member, "g.npz")
