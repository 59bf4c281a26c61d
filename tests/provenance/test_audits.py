"""``audit`` and ``rebuild``: what holds, what cannot be checked, what is broken."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from desk import Call

from neopack import api
from neopack.archive.manifest import read_manifest
from neopack.provenance.result import Audit
from neopack.provenance.sources import changed_sources
from neopack.values.origin import Material

Keys = Callable[[str], Path]


def states(audit: Audit) -> dict[str, set[str]]:
    """The subjects by state."""
    return {
        state: {claim.subject for claim in audit.claims if claim.state == state}
        for state in ("holds", "unchecked", "broken")
    }


def edit(path: Path, change: Callable[[Any], object]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_all_that_can_be_checked_holds(neopack: Call, project: Path, keys: Keys) -> None:
    for name in ("net.tar.gz", "net-ml_c5.tar.gz"):
        assert neopack("provenance", name).code == 0
        assert neopack("bom", name).code == 0
        assert neopack("sign", name, "--key", keys("own")).code == 0
    public = keys("own").with_suffix(".pub.pem")
    answer = neopack("audit", "net-ml_c5.tar.gz", "--key", public, "--format", "json")
    assert answer.code == 0, answer.out
    claims = {(each["link"], each["subject"]): each for each in answer.document["claims"]}
    holding = {key for key, each in claims.items() if each["state"] == "holds"}
    assert {
        ("artifact", "net-ml_c5.provenance.json"),
        ("artifact", "net-ml_c5.cdx.json"),
        ("artifact", "members of net-ml_c5.tar.gz"),
        ("archive", "net.tar.gz"),
        ("archive", "members of net.tar.gz"),
        ("archive", "net.golden.npz"),
        ("rules", "net.tar.gz for ml_c5"),
        ("sources", "cnn.onnx"),
        ("sources", "code/inference.py"),
    } <= holding
    (left,) = (each for each in claims.values() if each["state"] != "holds")
    assert (left["link"], left["state"]) == ("proofs", "unchecked")
    assert answer.document["subjects"][0]["sha256"] == answer.document["sha256"]
    lines = neopack("audit", "net-ml_c5.tar.gz").out.splitlines()
    assert lines[-1].endswith("2 unchecked, 0 broken")


@pytest.mark.parametrize(
    ("harm", "subject"),
    [
        (lambda: Path("code/inference.py").write_text("other = 1\n"), "code/inference.py"),
        (lambda: Path("net.golden.npz").write_bytes(b"PK"), "net.golden.npz"),
        (
            lambda: edit(Path("net.neopack.json"), lambda m: m["archive"].update(sha256="0" * 64)),
            "net.tar.gz",
        ),
        (
            lambda: edit(
                Path("net.neopack.json"),
                lambda m: m["archive"]["members"][1].update(sha256="0" * 64),
            ),
            "model.onnx",
        ),
        (lambda: shutil.copy("net-ml_c5.tar.gz", "net.tar.gz"), "net.tar.gz"),
    ],
)
def test_what_is_broken_is_named(
    neopack: Call, project: Path, harm: Callable[[], object], subject: str
) -> None:
    harm()
    answer = neopack("audit", "net-ml_c5.tar.gz", "--format", "json")
    assert answer.code == 1, answer.out
    broken = {each["subject"] for each in answer.document["claims"] if each["state"] == "broken"}
    assert subject in broken


def test_documents_of_another_file(neopack: Call, project: Path) -> None:
    for verb in ("provenance", "bom"):
        assert neopack(verb, "net-ml_c5.tar.gz").code == 0
    Path("net-ml_c5.provenance.json").rename("net.provenance.json")
    Path("net-ml_c5.cdx.json").rename("net.cdx.json")
    broken = states(api.audit("net.tar.gz"))["broken"]
    assert broken == {"net.provenance.json", "net.cdx.json"}


def test_what_cannot_be_checked_here(neopack: Call, refused: Call, project: Path) -> None:
    elsewhere = project / "elsewhere"
    elsewhere.mkdir()
    shutil.move("net-ml_c5.tar.gz", elsewhere)
    alone = api.audit(elsewhere / "net-ml_c5.tar.gz")
    assert alone.passes
    assert "its archive" in states(alone)["unchecked"]
    found = api.audit(elsewhere / "net-ml_c5.tar.gz", archive="net.tar.gz")
    assert {"net.tar.gz", "cnn.onnx"} <= states(found)["holds"]
    without = api.audit("net.tar.gz", project=elsewhere)
    assert "files" in states(without)["unchecked"]
    edit(Path("net.neopack.json"), lambda manifest: manifest.pop("origin"))
    assert "files" in states(api.audit("net.tar.gz"))["unchecked"]
    Path("net.neopack.json").unlink()
    assert "net.tar.gz" in states(api.audit("net.tar.gz"))["unchecked"]
    refused(1, "no such file", "audit", "absent.tar.gz")


def test_a_manifest_names_nothing_outside(refused: Call, project: Path) -> None:
    def outside(manifest: Any) -> None:
        manifest["origin"]["materials"][0]["path"] = "../secret"

    edit(Path("net.neopack.json"), outside)
    refused(1, "not a file beside it", "audit", "net.tar.gz")


@pytest.mark.parametrize("name", ["x" * 300, "caf\udce9.onnx", "\ud800"])
def test_names_of_any_kind(neopack: Call, project: Path, name: str) -> None:
    """Names that no file has here, or that UTF-8 lacks; half of a character is refused."""

    def rename(manifest: Any) -> None:
        manifest["origin"]["materials"][0]["path"] = name

    edit(Path("net.neopack.json"), rename)
    for verb in ("provenance", "bom", "audit"):
        answer = neopack(verb, "net.tar.gz")
        assert answer.code == (name == "\ud800"), answer.err
    if name == "\ud800":
        assert not Path("net.cdx.json").exists()
        return
    manifest = read_manifest(Path("net.tar.gz"))
    assert manifest is not None
    assert json.loads(manifest.dumps())["origin"]["materials"][0]["path"] == name


def test_rebuilt(neopack: Call, project: Path, fixtures: Path) -> None:
    answer = neopack("rebuild", "net.tar.gz", "--format", "json")
    assert (answer.code, answer.document["same"]) == (0, True), answer.err
    assert answer.document["rebuilt_sha256"] == answer.document["subjects"][0]["sha256"]
    answer = neopack("rebuild", "net-ml_c5.tar.gz", "--format", "json")
    assert (answer.code, answer.document["same"]) == (0, True), answer.err
    Path("code/inference.py").write_text("other = 1\n")
    answer = neopack("rebuild", "net.tar.gz")
    assert answer.code == 1
    assert "members that differ: code/inference.py" in answer.out
    assert "sources that changed: code/inference.py" in answer.out
    assert sorted(path.name for path in project.glob("*.tar.gz")) == [
        "net-ml_c5.tar.gz",
        "net.tar.gz",
    ]


def test_what_cannot_be_rebuilt(refused: Call, project: Path) -> None:
    Path("cnn.onnx").rename("moved.onnx")
    refused(1, ("was made from cnn.onnx", "--project"), "rebuild", "net.tar.gz")
    manifest = read_manifest(Path("net.tar.gz"))
    assert manifest is not None
    assert manifest.origin is not None
    settings = Material(path="settings.json", use="data", sha256="0" * 64, elsewhere=True)
    origin_with = replace(manifest.origin, materials=(*manifest.origin.materials, settings))
    assert changed_sources(origin_with, project) == ((), ("cnn.onnx",)), "settings are found"
    Path("moved.onnx").rename("cnn.onnx")

    def origin(**changes: object) -> None:
        edit(Path("net.neopack.json"), lambda manifest: manifest["origin"].update(changes))

    origin(kind="object", source="Net")
    refused(3, "live object", "rebuild", "net.tar.gz")
    origin(kind="callable", source="os:system", arguments={"command": "touch ran"})
    refused(2, ("os:system", "--trust-manifest"), "rebuild", "net.tar.gz")
    origin(source="../net.py:Net")
    refused(1, "not a file beside it", "rebuild", "net.tar.gz")
    origin(kind="file", source="cnn.onnx", options={"trust_pickle": True})
    refused(2, "a pickle", "rebuild", "net.tar.gz")
    origin(options={"code": "/etc"})
    refused(1, "not a file beside it", "rebuild", "net.tar.gz")
    Path("net.neopack.json").unlink()
    for name in ("net.tar.gz", "net-ml_c5.tar.gz"):
        refused(3, "no manifest beside it", "rebuild", name)
