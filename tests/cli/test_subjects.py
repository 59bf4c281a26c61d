"""Every answer in JSON names what it is about by digest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from desk import Call

from neopack.api import subjects

JOB = "--role arn:aws:iam::123456789012:role/r --output s3://models/neo --region us-west-2"


def digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("command", "about"),
    [
        ("inspect net.tar.gz", "net.tar.gz"),
        ("check net.tar.gz", "net.tar.gz"),
        ("check net.tar.gz --all-targets", "net.tar.gz"),
        ("targets ml_c5 --model net.tar.gz", "net.tar.gz"),
        ("run net-ml_c5.tar.gz --random", "net-ml_c5.tar.gz"),
        ("diff net.tar.gz net.tar.gz", "net.tar.gz"),
        ("compile net.tar.gz -t ml_c5", "net.tar.gz"),
        ("package cnn.onnx -o net.tar.gz --seed 5 --code code", "net.tar.gz"),
        ("explain failed.json", "failed.json"),
        ("serve net.tar.gz --docker image", "net.tar.gz"),
        ("provenance net.tar.gz", "net.tar.gz"),
        ("bom net-ml_c5.tar.gz", "net-ml_c5.tar.gz"),
        ("audit net-ml_c5.tar.gz", "net-ml_c5.tar.gz"),
        (f"compile net.tar.gz -t ml_c5 --dry-run {JOB}", "net.tar.gz"),
    ],
)
def test_what_an_answer_is_about(neopack: Call, project: Path, command: str, about: str) -> None:
    (project / "failed.json").write_text(json.dumps({"FailureReason": "ClientError: none"}))
    answer = neopack(*command.split(), "--format", "json")
    subject = answer.document["subjects"][0]
    assert (subject["path"], subject["sha256"]) == (about, digest(about)), answer.err


def test_folders_and_callables(project: Path) -> None:
    """The digest of a folder is what ``sha256sum`` says of its files."""
    (project / "net.py").write_text("Net = None\n")
    (project / "code/.hidden").write_text("not counted")
    folder, file = subjects(["code", "net.py:Net", "no.such:thing", "x" * 5000, "\0"])
    lines = f"{digest('code/inference.py')}  inference.py\n"
    assert folder.sha256 == hashlib.sha256(lines.encode()).hexdigest()
    assert (file.path, file.sha256) == ("net.py", digest("net.py"))
