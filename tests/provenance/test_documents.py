"""Statements and bills of materials: what they say, in the forms that others read."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from desk import Call
from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

from neopack.errors import UsageError
from neopack.provenance.git import commit_of
from neopack.provenance.statement import builder_of


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def git(*words: str) -> str:
    own = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    command = ["/usr/bin/env", "git", *own, *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def read_statement(path: Path) -> Any:
    """The document, if in-toto's own classes take it: an unknown field is an error to them."""
    document = json.loads(path.read_bytes())
    Statement.copy_from_pb(ParseDict(document, statement_pb2.Statement())).validate()
    provenance = ParseDict(document["predicate"], provenance_pb2.Provenance())
    assert provenance.build_definition.build_type
    assert provenance.run_details.builder.id
    return document


def test_a_statement_of_an_archive(neopack: Call, project: Path) -> None:
    git("init", "--quiet", ".")
    git("remote", "add", "origin", "https://me:secret@example.com/o/nets.git")
    git("add", "cnn.onnx", "code")
    git("commit", "--quiet", "-m", "models")
    answer = neopack("provenance", "net.tar.gz", "--format", "json")
    assert (answer.code, answer.document["kind"]) == (0, "provenance")
    assert answer.document["subjects"][0]["sha256"] == digest(project / "net.tar.gz")
    document = read_statement(project / "net.provenance.json")
    assert document["subject"] == [
        {"name": "net.tar.gz", "digest": {"sha256": digest(project / "net.tar.gz")}}
    ]
    build = document["predicate"]["buildDefinition"]
    assert build["externalParameters"]["source"] == "cnn.onnx"
    assert build["externalParameters"]["options"] == {"code": "code", "seed": 5}
    commit, *materials = build["resolvedDependencies"]
    assert commit["uri"].startswith("git+https://example.com/o/nets.git@refs/heads/")
    assert commit["digest"] == {"gitCommit": git("rev-parse", "HEAD")}
    assert commit["annotations"] == {"dirty": False, "changed": []}
    stated = {each["name"]: each["digest"]["sha256"] for each in materials if "name" in each}
    assert stated["cnn.onnx"] == digest(project / "cnn.onnx")
    assert stated["code/inference.py"] == digest(project / "code/inference.py")

    before = (project / "net.provenance.json").read_bytes()
    assert "unchanged" in neopack("provenance", "net.tar.gz").out
    (project / "code/inference.py").write_text("changed = True\n")
    answer = neopack("provenance", "net.tar.gz")
    assert answer.code == 2
    assert "already exists" in answer.err
    assert (project / "net.provenance.json").read_bytes() == before
    assert neopack("provenance", "net.tar.gz", "--force").code == 0
    commit = read_statement(project / "net.provenance.json")["predicate"]["buildDefinition"][
        "resolvedDependencies"
    ][0]
    assert commit["annotations"] == {"dirty": True, "changed": ["code/inference.py"]}


def test_a_statement_of_an_artifact_with_its_benchmark(neopack: Call, project: Path) -> None:
    artifact = project / "net-ml_c5.tar.gz"
    result = {"schema": 1, "kind": "bench", "subjects": [{"sha256": digest(artifact)}]}
    (project / "bench.json").write_text(json.dumps(result))
    assert neopack("provenance", artifact, "--benchmark", "bench.json").code == 0
    predicate = read_statement(project / "net-ml_c5.provenance.json")["predicate"]
    assert predicate["buildDefinition"]["externalParameters"]["engine"] == "openvino"
    archive, *_ = predicate["buildDefinition"]["resolvedDependencies"]
    assert archive == {
        "name": "net.tar.gz",
        "digest": {"sha256": digest(project / "net.tar.gz")},
    }
    assert predicate["runDetails"]["byproducts"][0]["name"] == "bench.json"
    answer = neopack("provenance", "net.tar.gz", "--benchmark", "bench.json")
    assert (answer.code, "measured other files" in answer.err) == (2, True)
    (project / "bench.json").write_text("[" * 5000)
    answer = neopack("provenance", artifact, "--benchmark", "bench.json")
    assert (answer.code, "is not a result of bench" in answer.err) == (2, True)


def test_bills_of_materials(neopack: Call, project: Path) -> None:
    assert neopack("bom", "net.tar.gz", "net-ml_c5.tar.gz").code == 0
    for name, parts in (("net", ["cnn.onnx", "code/inference.py"]), ("net-ml_c5", ["cnn.onnx"])):
        text = (project / f"{name}.cdx.json").read_text()
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
        document = json.loads(text)
        model = document["metadata"]["component"]
        assert model["type"] == "machine-learning-model"
        assert model["hashes"][0]["content"] == digest(project / f"{name}.tar.gz")
        assert "float32 (1,3,8,8)" in model["modelCard"]["modelParameters"]["inputs"][0]["format"]
        assert set(parts) <= {each["name"] for each in document["components"]}
    ancestor = model["pedigree"]["ancestors"][0]
    assert ancestor["hashes"][0]["content"] == digest(project / "net.tar.gz")


def test_an_archive_of_anybody(neopack: Call, project: Path) -> None:
    """Without a manifest there is little to say, and that is said."""
    (project / "net.neopack.json").unlink()
    assert neopack("provenance", "net.tar.gz").code == 0
    predicate = read_statement(project / "net.provenance.json")["predicate"]
    assert predicate["buildDefinition"]["externalParameters"] == {"command": "package"}
    assert neopack("bom", "net.tar.gz").code == 0


def test_git_or_none(desk: object, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Path.cwd()
    assert commit_of(here, ["a.py"]) is None
    git("init", "--quiet", ".")
    assert commit_of(here, []) is None, "there is no commit yet"
    for name in ("a.py", "b.py", "new.py", "ignored.py"):
        (here / name).write_text(name)
    git("add", "a.py", "b.py")
    git("commit", "--quiet", "-m", "first")
    git("remote", "add", "origin", "git@example.com:o/nets.git")
    (here / "b.py").write_text("other")
    (here / ".gitignore").write_text("ignored.py\n")
    commit = commit_of(here, ["a.py", "b.py", "new.py", "ignored.py"])
    assert commit is not None
    assert commit.remote == "ssh://example.com/o/nets.git"
    assert commit.changed == ("b.py", "new.py", "ignored.py")
    git("remote", "set-url", "origin", str(here))
    commit = commit_of(here, [])
    assert commit is not None
    assert commit.remote == "", "a place of this machine"
    monkeypatch.setenv("PATH", "")
    assert commit_of(here, ["a.py"]) is None


def test_builders() -> None:
    assert builder_of({}).id == "pkg:generic/neopack"
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_RUN_ID": "7",
        "GITHUB_WORKFLOW_REF": "o/r/.github/workflows/ci.yml@refs/heads/main",
    }
    builder = builder_of(github)
    assert builder.id == "https://github.com/o/r/.github/workflows/ci.yml@refs/heads/main"
    assert builder.invocation == "https://github.com/o/r/actions/runs/7/attempts/1"
    gitlab = {"GITLAB_CI": "true", "CI_PROJECT_URL": "https://gitlab.com/o/r", "CI_RUNNER_ID": "3"}
    assert builder_of(gitlab).id == "https://gitlab.com/o/r/-/runners/3"
    assert builder_of(github, "https://ci.example.com").id == "https://ci.example.com"
    with pytest.raises(UsageError, match="is not a URI"):
        builder_of({}, "somebody")
