"""The same compilation is not done twice; another one is never taken for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desk import Copied, Desk

import neopack
from neopack import facts
from neopack.archive.manifest import golden_path
from neopack.compiling import local
from neopack.compiling.earlier import compilation_digest, earlier_artifact
from neopack.engines import registry
from neopack.errors import OutputError
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
