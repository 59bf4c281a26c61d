"""Every kind of target with every framework: a job ends, and says why where it fails."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from orders import BUCKET, order, tar_of

from neopack import facts
from neopack.emulator import Emulator, EmulatorScript

FRAMEWORKS = [row.name for row in facts.frameworks()]
# one of each kind: what differs between ml_c4 and ml_c5 is a name
TARGETS = list({(t.kind, t.os, t.arch, t.accelerator): t for t in facts.targets()}.values())


@pytest.fixture(scope="module")
def stocked(emulator: Emulator, fixtures: Path) -> Emulator:
    """An archive of each framework in the bucket; those without a fixture hold what is none."""
    emulator.reset(
        EmulatorScript(
            clock="manual",
            buckets={BUCKET: "us-west-2"},
            running_jobs=len(TARGETS),
            engines=("openvino",),
        )
    )
    bodies = {
        "PYTORCH": tar_of(model_pth=(fixtures / "pytorch/cnn-traced.pt").read_bytes()),
        "ONNX": tar_of(model_onnx=(fixtures / "onnx/cnn-opset12.onnx").read_bytes()),
    }
    for name in FRAMEWORKS:
        body = bodies.get(name, tar_of(model_bin=gzip.compress(b"nothing")))
        emulator.client("s3").put_object(Bucket=BUCKET, Key=f"{name}.tar.gz", Body=body)
    return emulator


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_no_target_ends_a_job_as_a_bug_would(framework: str, stocked: Emulator) -> None:
    client = stocked.client("sagemaker")
    taken = []
    for target in TARGETS:
        name = f"{framework}-{target.name}".lower().replace("_", "-")
        changes = {
            "InputConfig_S3Uri": f"s3://{BUCKET}/{framework}.tar.gz",
            "InputConfig_Framework": framework,
            "InputConfig_FrameworkVersion": None,
            "InputConfig_DataInputConfig": '{"image": [1, 3, 8, 8]}',
            "OutputConfig_TargetDevice": target.name,
        }
        if facts.regions(target):  # compiled for in one region, which this is not
            with pytest.raises(ClientError, match="not supported in us-west-2"):
                client.create_compilation_job(**order(name, **changes))
            continue
        client.create_compilation_job(**order(name, **changes))
        taken.append(name)
    stocked.advance(10)
    for name in taken:
        job = client.describe_compilation_job(CompilationJobName=name)
        assert job["CompilationJobStatus"] in ("COMPLETED", "FAILED")
        assert job["FailureReason"].startswith("ClientError: ") or (
            job["CompilationJobStatus"] == "COMPLETED"
        ), job["FailureReason"]
    assert len(taken) == len(TARGETS) - 2
