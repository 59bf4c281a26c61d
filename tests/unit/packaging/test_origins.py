"""The origin of an archive: what was read, by digest, and no place of this machine."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from neopack.options import PackageOptions
from neopack.packaging.origins import origin_of
from neopack.packaging.repackaging import UnpackedSource
from neopack.packaging.resolving import SourceRequest
from neopack.values.model import ModelSource
from neopack.values.origin import Origin
from neopack.values.reads import Reads


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    (root / "code").mkdir(parents=True)
    for name in ("net.py", "layers.py", "sizes.json", "w.pt", "code/inference.py", "net.onnx"):
        (root / name).write_text(name)
    (tmp_path / "outside.bin").write_text("outside.bin")
    monkeypatch.chdir(root)
    return root


def origin(
    model: str,
    source: ModelSource,
    reads: Reads | None,
    options: PackageOptions,
    weights: str = "",
) -> Origin:
    request = SourceRequest(model=model, weights=Path(weights) if weights else None)
    named = UnpackedSource(request=request, inputs=(), options=options)
    return origin_of(named, named, source, reads)


def test_a_callable(project: Path) -> None:
    reads = Reads(
        files=tuple(
            str(project / name)
            for name in ("layers.py", "net.py", "sizes.json", "absent.json", "../outside.bin")
        ),
        packages=("torch", "no_such_package"),
    )
    options = PackageOptions(
        code=Path("code"), seed=3, force=True, framework_options=(("script", True), ("bind", None))
    )
    source = ModelSource(kind="callable", where="net.py:Net", framework="pytorch")
    made_from = origin("net.py:Net", source, reads, options, weights="w.pt:model")
    assert [(each.path, each.use, each.elsewhere) for each in made_from.materials] == [
        ("code/inference.py", "handler", False),
        ("layers.py", "code", False),
        ("net.py", "code", False),
        ("outside.bin", "data", True),
        ("sizes.json", "data", False),
        ("w.pt", "weights", False),
    ]
    for each in made_from.materials:
        assert each.sha256 == hashlib.sha256(each.path.encode()).hexdigest()
    assert made_from.weights == "w.pt:model"
    assert made_from.options == {"code": "code", "script": True, "seed": 3}
    assert list(made_from.packages) == ["torch"]
    assert str(project.parent) not in json.dumps(repr(made_from))


def test_a_file_by_its_path_here_and_by_its_name_elsewhere(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ModelSource(kind="file", where=str(project / "net.onnx"), framework="onnx")
    near = origin(str(project / "net.onnx"), file, Reads(), PackageOptions())
    assert (near.source, near.materials[0].use, near.complete) == ("net.onnx", "model", True)
    monkeypatch.chdir(project / "code")
    far = origin(str(project / "net.onnx"), file, None, PackageOptions())
    assert (far.source, far.materials[0].elsewhere, far.complete) == ("net.onnx", True, False)


def test_a_file_that_changed_meanwhile_is_not_what_was_read(project: Path) -> None:
    reads = Reads(
        files=(str(project / "layers.py"), str(project / "net.py")),
        changed=(str(project / "net.py"),),
    )
    source = ModelSource(kind="callable", where="net.py:Net", framework="pytorch")
    made_from = origin("net.py:Net", source, reads, PackageOptions())
    assert [each.path for each in made_from.materials] == ["layers.py"]
    assert not made_from.complete
