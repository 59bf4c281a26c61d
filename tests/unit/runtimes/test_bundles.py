"""Bundles of runtimes: one round trip by the real pip and uv, and what strangers may write."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neopack import runtimes
from neopack.errors import (
    Malformed,
    Missing,
    NeopackError,
    NotRecognized,
    OutputError,
    Unsafe,
    UsageError,
)
from neopack.runtimes import Runtime, install, managing
from neopack.runtimes.bundles.distribution_files import read_name, this_platform
from neopack.runtimes.bundles.manifest import MANIFEST
from neopack.runtimes.bundles.reading import take_out
from neopack.runtimes.bundles.writing import write_bundle
from neopack.runtimes.requirements import requirements, requirements_of
from neopack.values.log import SilentLog

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
WHEEL = "tiny-1.0-py3-none-any.whl"
Rows = list[tuple[str, bytes]]


def wheel(text: str = "x = 1\n") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("tiny.py", text)
        described = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        archive.writestr("tiny-1.0.dist-info/METADATA", described)
        told = "Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr("tiny-1.0.dist-info/WHEEL", told)
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    return made.getvalue()


DATA = wheel()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


TINY = Runtime(
    name="tiny-1.0", framework="XGBOOST", version="1.0", python=HERE, module="xgboost",
    imports="tiny", environment="tiny-1.0", disk=1, requires=("tiny==1.0",),
)  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    lock = f"tiny==1.0 \\\n    --hash=sha256:{digest(DATA)}\n"
    monkeypatch.setenv("NEOPACK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(runtimes, "_rows", lambda: {"tiny-1.0": TINY})
    monkeypatch.setattr(install, "lock_text", lambda runtime: lock)
    monkeypatch.setattr(install, "building_text", lambda: "")
    monkeypatch.setattr(install, "interpreter", lambda version, log: sys.executable)
    return tmp_path / "home"


def manifest(**changes: Any) -> dict[str, Any]:
    lock = install.fingerprint(TINY)
    return {
        "schema": 1,
        "platform": this_platform(),
        "runtimes": [{"name": "tiny-1.0", "python": HERE, "lock": lock}],
        "files": [{"name": WHEEL, "sha256": digest(DATA), "bytes": len(DATA)}],
        **changes,
    }


def bundle(
    tmp_path: Path,
    told: dict[str, Any],
    members: Rows | None = None,
    change: Callable[[tarfile.TarInfo], None] = lambda member: None,
) -> Path:
    path = tmp_path / "strange.tar"
    rows = [(WHEEL, DATA)] if members is None else members
    with tarfile.open(path, "w") as tar:
        for name, data in [(MANIFEST, json.dumps(told).encode()), *rows]:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            if name != MANIFEST:
                change(member)
            tar.addfile(member, io.BytesIO(data))
    return path


def test_what_is_bundled_is_installed_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = tmp_path / "links"
    links.mkdir()
    (links / WHEEL).write_bytes(DATA)
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    monkeypatch.setattr(
        "neopack.runtimes.bundles.downloading.interpreter", lambda version, log: sys.executable
    )
    path = tmp_path / "new" / "tiny.tar"
    first = write_bundle(path, [], SilentLog(), force=False)
    assert first.runtimes == ("tiny-1.0",)
    assert first.pythons == (HERE,)
    assert first.sha256 == digest(path.read_bytes())
    assert [each.name for each in path.parent.iterdir()] == ["tiny.tar"]
    with pytest.raises(OutputError, match="already exists"):
        write_bundle(path, [], SilentLog(), force=False)

    for name in ("UV_FIND_LINKS", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    managing.install_runtimes([], SilentLog(), path)
    assert install.is_whole(TINY)
    assert list(install.directory(TINY).glob("lib/python*/site-packages/tiny.py"))
    assert not (install.home() / "bundle").exists()


HOSTILE: dict[str, tuple[Callable[[Path], Path], type[NeopackError], str]] = {
    "other bytes under the name": (
        lambda at: bundle(at, manifest(), [(WHEEL, DATA[:-1] + b"?")]),
        Malformed,
        "not the file whose hash the lock has",
    ),
    "a file that no lock names": (
        lambda at: bundle(
            at,
            manifest(files=[{"name": WHEEL, "sha256": digest(b"evil"), "bytes": 4}]),
            [(WHEEL, b"evil")],
        ),
        Missing,
        "has no file of tiny 1.0",
    ),
    "a name outside": (
        lambda at: bundle(
            at, manifest(files=[{"name": "../x", "sha256": digest(DATA), "bytes": len(DATA)}])
        ),
        Unsafe,
        "not a file beside it",
    ),
    "a member outside": (
        lambda at: bundle(at, manifest(), [("../../x", DATA)]),
        Malformed,
        "names no such file",
    ),
    "a link": (
        lambda at: bundle(at, manifest(), change=_as_link),
        Unsafe,
        "not a regular file",
    ),
    "a member twice": (
        lambda at: bundle(at, manifest(), [(WHEEL, DATA), (WHEEL, DATA)]),
        Malformed,
        "names no such file",
    ),
    "a name twice": (
        lambda at: bundle(at, manifest(files=manifest()["files"] * 2)),
        Malformed,
        "names a file twice",
    ),
    "a file that is missing": (lambda at: bundle(at, manifest(), []), Malformed, "lacks tiny-1.0"),
    "another platform": (
        lambda at: bundle(at, manifest(platform="darwin-arm64")),
        Missing,
        "is for darwin-arm64",
    ),
    "another lock": (
        lambda at: bundle(
            at, manifest(runtimes=[{"name": "tiny-1.0", "python": HERE, "lock": "0"}])
        ),
        Missing,
        "by another lock",
    ),
    "another form": (lambda at: bundle(at, manifest(schema=2)), Malformed, "form 2"),
    "another runtime": (
        lambda at: bundle(at, manifest(runtimes=[])),
        UsageError,
        "does not have tiny-1.0",
    ),
    "half of it": (lambda at: _half(bundle(at, manifest())), Malformed, "ends too early"),
    "an archive of something else": (lambda at: _other(at), NotRecognized, "not a bundle"),
    "no tar": (lambda at: _text(at), NotRecognized, "not a bundle"),
    "no file": (lambda at: at / "absent.tar", UsageError, "cannot be read"),
}


def _as_link(member: tarfile.TarInfo) -> None:
    member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0


def _half(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: 1024 + 512 + 512 + len(DATA) // 2])
    return path


def _other(at: Path) -> Path:
    with tarfile.open(at / "other.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("model.onnx"))
    return at / "other.tar"


def _text(at: Path) -> Path:
    (at / "text.tar").write_text("no tar\n" * 200)
    return at / "text.tar"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_strange_bundle_installs_nothing(name: str, tmp_path: Path, home: Path) -> None:
    write, kind, message = HOSTILE[name]
    with pytest.raises(kind, match=message) as caught:
        managing.install_runtimes(["tiny-1.0"], SilentLog(), write(tmp_path))
    assert "\n" not in caught.value.line()
    assert caught.value.where
    assert not (home / "runtimes" / "tiny-1.0").exists()
    assert not (home / "bundle").exists()


def test_a_wheel_for_another_system_is_not_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its hash is in the lock, which has the files of all systems."""
    name = "tiny-1.0-cp38-cp38-macosx_11_0_arm64.whl"
    told = manifest(files=[{"name": name, "sha256": digest(DATA), "bytes": len(DATA)}])
    (tmp_path / "out").mkdir()
    with pytest.raises(Missing, match=r"no file of tiny 1\.0 for this platform"):
        take_out(bundle(tmp_path, told, [(name, DATA)]), ["tiny-1.0"], tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "python", "fits"),
    [
        ("numpy-1.24.4-cp38-cp38-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "3.8", True),
        ("numpy-1.24.4-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "3.8", False),
        ("numpy-1.24.4-cp38-cp38-manylinux_2_17_aarch64.whl", "3.8", False),
        ("numpy-1.24.4-cp38-cp38-win_amd64.whl", "3.8", False),
        ("crypt-3.0-1-cp36-abi3-manylinux2010_x86_64.whl", "3.8", True),
        ("crypt-3.0-cp39-abi3-manylinux2010_x86_64.whl", "3.8", False),
        ("six-1.17.0-py2.py3-none-any.whl", "3.6", True),
        ("old-1.0-py2-none-any.whl", "3.6", False),
        ("gast-0.2.2.tar.gz", "3.7", True),
    ],
)
def test_a_name_says_where_a_file_can_be_installed(name: str, python: str, fits: bool) -> None:
    distribution = read_name(name)
    assert distribution is not None
    assert distribution.fits(python, "linux-x86_64") is fits


def test_names_that_are_none() -> None:
    assert [read_name(name) for name in ("x.whl", "README", ".tiny.txt", "tiny.zip")] == [None] * 4


def test_every_line_of_a_lock_is_a_requirement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for name in runtimes.names():
        runtime = runtimes.get(name)
        text = install.lock_text(runtime) + install.apart_text(runtime) + install.building_text()
        needs = requirements_of(runtime)
        assert len(needs) == text.count("==")
        assert sum(len(need.hashes) for need in needs) == text.count("--hash=")
    built = requirements(install.building_text(), builds=True)
    assert [need.name for need in built if need.builds] == ["setuptools", "wheel"]
