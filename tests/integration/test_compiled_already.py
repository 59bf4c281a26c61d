"""The same compilation is not done twice; another one is never taken for it."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desk import Copied, Desk

import neopack
from neopack import distributions, facts
from neopack.archive.manifest import golden_path
from neopack.compiling import local
from neopack.compiling.earlier import compilation_digest, earlier_artifact
from neopack.engines import registry
from neopack.errors import Malformed, OutputError
from neopack.options import CompileOptions
from neopack.runtimes import this_cpu
from neopack.values.artifact import CompilationRequest
from neopack.values.signature import Signature


def test_once(desk: Desk, copied: Copied, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = copied("onnx", desk.path)
    first = neopack.compile(archive, target="ml_c5")
    assert first.path is not None
    written = first.path.stat()
    assert not first.unchanged
    with monkeypatch.context() as patched:
        patched.setattr(local, "_compiled", None)
        again = neopack.compile(archive, target="ml_c5")
    assert again.unchanged
    assert (again.path, again.difference) == (first.path, first.difference)
    assert first.path.stat().st_ino == written.st_ino
    assert not neopack.compile(archive, target="ml_c5", rerun=True).unchanged
    assert first.path.stat().st_ino != written.st_ino
    with pytest.raises(OutputError, match="already exists"):
        neopack.compile(archive, target="ml_c5", max_difference=0.1)
    first.path.write_bytes(first.path.read_bytes()[:-9])
    with pytest.raises(OutputError, match="already exists"):
        neopack.compile(archive, target="ml_c5")
    assert earlier_artifact(first.path) is None


def test_an_artifact_whose_damage_cannot_be_told_is_not_taken(desk: Desk, copied: Copied) -> None:
    made = neopack.compile(copied("onnx", desk.path), target="ml_c5")
    assert made.path is not None
    assert earlier_artifact(made.path) is not None
    edit_manifest(made.path, digests={})
    assert earlier_artifact(made.path) is None


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"members": []}, "neopack.json: names no members"),
        ({"members": ["compiled.xml"] * 2}, "neopack.json: names a member twice"),
        ({"precision": "int9"}, "neopack.json: has precision 'int9'"),
    ],
)
def test_a_manifest_that_was_edited_is_refused(
    desk: Desk, copied: Copied, changed: dict[str, Any], words: str
) -> None:
    artifact = copied("cnn-ml_c5", desk.path)
    edit_manifest(artifact, **changed)
    with pytest.raises(Malformed, match=words):
        neopack.load(artifact)
    assert earlier_artifact(artifact) is None


def edit_manifest(artifact: Path, **changed: Any) -> None:
    with tarfile.open(artifact) as archive:
        files = {name: archive.extractfile(name) for name in archive.getnames()}
        members = {name: file.read() for name, file in files.items() if file is not None}
    members["neopack.json"] = json.dumps(json.loads(members["neopack.json"]) | changed).encode()
    with tarfile.open(artifact, "w:gz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


@pytest.fixture
def digest(tmp_path: Path) -> Callable[..., str]:
    goldens = golden_path(tmp_path / "a.tar.gz")
    goldens.write_bytes(b"numbers")

    def digest_of(archive: str = "0" * 64, target: str = "ml_c5", **choices: Any) -> str:
        request = CompilationRequest(
            framework="ONNX",
            model=Path("m.onnx"),
            target=facts.target(target),
            signature=Signature(inputs=()),
            goldens=goldens,
        )
        settings = CompileOptions(**choices)
        return compilation_digest(archive, request, [registry.get("openvino")], settings)

    return digest_of


def test_whatever_the_artifact_follows_from_counts(
    digest: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data.npy"
    np.save(data, np.zeros(3))
    int8 = {"precision": "int8", "calibration": str(data)}
    seen = [digest(), digest("1" * 64), digest(target="ml_c4"), digest(precision="bf16")]
    seen += [digest(**int8), digest(**int8, metric="mse"), digest(**int8, max_accuracy_drop=0.1)]
    np.save(data, np.ones(3))
    seen.append(digest(**int8))
    with monkeypatch.context() as patched:
        # of another NNCF, in the precisions that it makes
        real = distributions.version
        patched.setattr(
            distributions, "version", lambda name: "another" if name == "nncf" else real(name)
        )
        fp32, changed = digest(), [digest(**int8), digest(precision="auto")]
    assert fp32 == seen[0] == digest()
    seen += changed
    monkeypatch.setattr(this_cpu, "identity", lambda: "another")
    seen.append(digest())
    (golden_path(tmp_path / "a.tar.gz")).write_bytes(b"other numbers")
    seen.append(digest())
    assert len(set(seen)) == len(seen)
    assert digest() == digest(force=True, rerun=True)


def test_code_is_not_known_by_a_digest(digest: Callable[..., str], tmp_path: Path) -> None:
    data = tmp_path / "data.npy"
    np.save(data, np.zeros(3))
    assert not digest(precision="int8", calibration="data:images")
    assert not digest(precision="int8", calibration=str(data), metric="metrics:f1")
    assert digest(precision="int8", calibration="random")
