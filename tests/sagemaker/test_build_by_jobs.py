"""``neopack build`` by jobs: one for each artifact, and none for what is there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from cloud import BUCKET, ROLE, Cloud

from neopack.emulator import JobScript

TOML = f"""
targets = ["ml_c5"]

[[model]]
name = "net"
source = "net.onnx"
compile = true
backend = "sagemaker"
role = "{ROLE}"
output = "s3://{BUCKET}/neo"
"""
BUILD = ("build", "--cache", "cache", "--jobs", "1", "--format", "json")


def write_project(fixtures: Path) -> None:
    shutil.copy(fixtures / "onnx" / "cnn-opset12.onnx", "net.onnx")
    Path("neopack.toml").write_text(TOML)


def test_a_job_compiles_what_changed(cloud: Cloud, fixtures: Path) -> None:
    write_project(fixtures)
    cloud.script(JobScript(name="*", fails="operators"))
    failed = cloud.neopack(*BUILD)
    assert failed.code == 5, failed.err
    (row,) = failed.document["rows"]
    assert [step["state"] for step in row["steps"]] == ["made", "failed"]
    cloud.script()
    assert cloud.neopack(*BUILD).code == 0
    manifest = json.loads(Path("build/ml_c5/net-ml_c5.compiled.json").read_text())
    assert manifest["job"]["name"] in cloud.made()
    assert Path("build/ml_c5/net-ml_c5.tar.gz").is_file()

    jobs = len(cloud.made())
    shutil.rmtree("build")
    again = cloud.neopack(*BUILD)
    assert (again.code, again.document["rows"][0]["state"]) == (0, "restored")
    assert len(cloud.made()) == jobs, "the cache has the artifact"
