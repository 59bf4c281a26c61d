"""``deploy`` and ``undeploy`` against the emulator, and what is refused before."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cloud import BUCKET, QUICK, Cloud
from desk import Call

import neopack as package
from neopack import facts
from neopack.artifacts.compiled_manifest import ArtifactManifest, JobRecord, beside
from neopack.emulator import EmulatorScript, Fault, Span, Timeline
from neopack.errors import Unsupported, UsageError
from neopack.facts.hosting import instances
from neopack.options import DeployOptions
from neopack.sagemaker.hosting import plan
from neopack.values.signature import Signature
from neopack.values.target import Target

JSON = ("--format", "json")
OTHER = "301217895009.dkr.ecr.us-west-2.amazonaws.com/other:1"
C5 = ("deploy", "onnx-ml_c5.tar.gz", "--instance", "ml.c5.xlarge", "--poll", "0")
SEEN = Timeline(starting=Span(describes=1), running=Span(describes=1), stopping=Span(describes=1))


@pytest.fixture
def compiled(cloud: Cloud) -> Cloud:
    cloud.aws.script(EmulatorScript(clock="manual", timeline=QUICK, endpoint=SEEN))
    assert cloud.compile().code == 0
    return cloud


def endpoints(cloud: Cloud) -> list[str]:
    listed = cloud.aws.client("sagemaker").list_endpoints()["Endpoints"]
    return [endpoint["EndpointName"] for endpoint in listed]


def left(cloud: Cloud) -> list[Any]:
    sagemaker = cloud.aws.client("sagemaker")
    rest = list(sagemaker.list_models()["Models"])
    rest += sagemaker.list_endpoint_configs()["EndpointConfigs"]
    return rest + endpoints(cloud)


def test_up_asked_and_down(compiled: Cloud) -> None:
    answer = compiled.neopack(*C5, *JSON)
    assert answer.code == 0, answer.err
    made = answer.document
    (about,) = made["subjects"]
    artifact = Path("onnx-ml_c5.tar.gz").read_bytes()
    assert about["sha256"] == hashlib.sha256(artifact).hexdigest()
    assert made["status"] == "InService"
    assert made["endpoint"] == "onnx-ml-c5"
    assert made["image_from"] == "the job"
    assert "sagemaker-neo-onnx" in made["image"]
    assert made["smoke"]["difference"] < 1e-3
    down = compiled.neopack("undeploy", "onnx-ml-c5", "--poll", "0")
    assert down.code == 0, down.err
    assert down.out.count("deleted") == 3
    assert left(compiled) == []
    again = compiled.neopack("undeploy", "onnx-ml-c5")
    assert again.code == 5
    assert "there is no endpoint onnx-ml-c5" in again.errors[0]


def test_the_same_again_changes_nothing_and_another_moves_it(compiled: Cloud) -> None:
    assert compiled.neopack(*C5).code == 0
    again = compiled.neopack(*C5)
    assert again.code == 0, again.err
    assert "has this already (InService)" in again.err
    assert compiled.calls("CreateEndpoint") == 1
    moved = compiled.neopack(*C5[:3], "ml.c5.large", "--poll", "0")
    assert moved.code == 0, moved.err
    assert compiled.calls("UpdateEndpoint") == 1
    assert compiled.neopack("undeploy", "onnx-ml-c5", "--poll", "0").out.count("deleted") == 5
    assert left(compiled) == []


def test_a_model_without_its_endpoint_is_taken_away(compiled: Cloud) -> None:
    fault = Fault(effect="denied", operation="CreateEndpoint", times=0)
    compiled.aws.fault(fault)
    answer = compiled.neopack(*C5)
    assert answer.code == 5
    assert "neopack undeploy onnx-ml-c5" in answer.errors[0]
    assert compiled.neopack("undeploy", "onnx-ml-c5", "--poll", "0").code == 0
    assert left(compiled) == []


def test_what_is_put_in_its_way(compiled: Cloud) -> None:
    compiled.aws.fault(
        Fault(effect="throttle", operation="CreateModel"),
        Fault(effect="lose reply", operation="CreateEndpointConfig"),
        Fault(effect="error", operation="DescribeEndpoint", times=10, after=1),
    )
    answer = compiled.neopack(*C5)
    assert answer.code == 0, answer.err
    assert endpoints(compiled) == ["onnx-ml-c5"]


def test_an_endpoint_that_fails_is_not_left_unsaid(compiled: Cloud) -> None:
    answer = compiled.neopack(
        *C5, "--image", "301217895009.dkr.ecr.us-west-2.amazonaws.com/other:1"
    )
    assert answer.code == 5
    assert "does not serve ONNX" in answer.errors[0]
    assert "what was made stays: neopack undeploy onnx-ml-c5" in answer.errors[0]
    assert compiled.neopack("undeploy", "onnx-ml-c5", "--poll", "0").code == 0
    assert left(compiled) == []


def test_no_smoke_no_request(compiled: Cloud) -> None:
    assert compiled.neopack(*C5, "--no-smoke").code == 0
    assert not compiled.aws.seen(operation="InvokeEndpoint")
    Path("onnx-ml_c5.golden.npz").unlink()
    answer = compiled.neopack(*C5)
    assert answer.code == 0
    assert "not asked anything" in answer.err


def test_leaving_before_it_is_up(compiled: Cloud) -> None:
    compiled.aws.script(
        EmulatorScript(
            clock="manual", timeline=QUICK, endpoint=Timeline(starting=Span(seconds=99))
        )
    )
    answer = compiled.neopack(*C5[:4], "--no-wait", *JSON)
    assert answer.document["status"] == "Creating"
    late = compiled.neopack(*C5, "--timeout", "0")
    assert late.code == 7
    assert "neopack undeploy onnx-ml-c5" in late.errors[0]


def test_scripts_that_were_put_back_are_uploaded(cloud: Cloud, fixtures: Path) -> None:
    code = fixtures.parent / "templates/onnx/code"
    package.package(fixtures / "onnx/cnn-opset12.onnx", path="coded.tar.gz", code=code)
    cloud.aws.script(EmulatorScript(clock="manual", timeline=QUICK, endpoint=SEEN))
    coded = Cloud(cloud.aws, cloud.neopack, Path("coded.tar.gz"))
    assert coded.compile().code == 0
    before = cloud.calls("PutObject")
    answer = cloud.neopack(
        "deploy", "coded-ml_c5.tar.gz", "--instance", "ml.c5.large", "--poll", "0", *JSON
    )
    assert answer.code == 0, answer.err
    manifest = json.loads(Path("coded-ml_c5.compiled.json").read_text())
    changed = manifest["archive_sha256"] != manifest["job"]["received_sha256"]
    assert cloud.calls("PutObject") == before + changed


# --- refused, without a network -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("onnx-ml_c5.tar.gz", "was compiled here, and SageMaker's containers serve what Neo"),
        ("onnx.tar.gz", "nothing beside it says which job made it"),
    ],
)
def test_what_is_not_of_a_job_is_not_deployed(
    name: str, words: str, shelf: Path, refused: Call
) -> None:
    refused(2, words, "deploy", shelf / name, "--instance", "ml.c5.xlarge", "--dry-run")


def test_a_local_compilation_and_a_job_do_not_replace_each_other(cloud: Cloud) -> None:
    cloud.aws.script(EmulatorScript(clock="manual", timeline=QUICK, endpoint=SEEN))
    local = ("compile", cloud.archive, "-t", "ml_c5", "--backend", "local")
    assert cloud.neopack(*local).code == 0
    assert "already exists" in cloud.compile().errors[0]
    assert cloud.calls("CreateCompilationJob") == 0
    Path("onnx-ml_c5.tar.gz").unlink()
    assert cloud.compile().code == 0
    assert "already exists" in cloud.neopack(*local).errors[0]
    assert cloud.neopack(*local, "--force").code == 0
    assert "has changed since it was fetched" in cloud.neopack(*C5).errors[0]


def manifest(target: str, **job: str) -> ArtifactManifest:
    record = JobRecord(
        name="job",
        arn="arn",
        region="us-west-2",
        artifact=f"s3://{BUCKET}/jobs/job/model.tar.gz",
        received_sha256="a",
        role="arn:aws:iam::123456789012:role/neo",
    )
    return ArtifactManifest(
        engine="sagemaker",
        engine_version="1.8",
        target=target,
        precision="fp32",
        framework="PYTORCH",
        members=(),
        signature=Signature(inputs=()),
        archive_sha256="a",
        job=replace(record, **job),
    )


@pytest.mark.parametrize(
    "target", [t for t in facts.targets() if instances(t)], ids=lambda t: t.name
)
def test_each_target_has_its_instances(target: Target) -> None:
    accelerated = target.kind == "eia"
    for instance in instances(target):
        settings = DeployOptions(
            instance=instance,
            accelerator="ml.eia2.medium" if accelerated else "",
            allow_retired=True,
            image="an/image:1",
        )
        made = plan(f"net-{target.name}", manifest(target.name), settings)
        assert made.create_config["ProductionVariants"][0]["InstanceType"] == instance
        assert facts.target(instance.rpartition(".")[0]).name == target.name or accelerated


@pytest.mark.parametrize(
    ("target", "settings", "error", "words"),
    [
        ("ml_c5", {"instance": "ml.c4.xlarge"}, UsageError, "does not serve"),
        ("ml_c5", {"instance": "ml.c5.3xlarge"}, UsageError, "does not serve"),
        ("rasp3b", {"instance": "ml.c5.xlarge"}, UsageError, "runs on the device"),
        ("linux/arm64", {"instance": "ml.c6g.xlarge"}, UsageError, "runs on the device"),
        ("lambda", {"instance": "ml.c5.xlarge"}, UsageError, "runs on the device"),
        (
            "ml_c5",
            {"instance": "ml.c5.xlarge", "accelerator": "ml.eia2.medium"},
            UsageError,
            "no accelerator",
        ),
        ("ml_eia2", {"instance": "ml.c5.xlarge"}, UsageError, "needs an accelerator"),
        (
            "ml_eia2",
            {"instance": "ml.c5.xlarge", "accelerator": "ml.eia2.medium"},
            Unsupported,
            "2023-04-15",
        ),
        (
            "ml_c5",
            {"instance": "ml.c5.xlarge", "count": 0},
            UsageError,
            "1 or more, not 0",
        ),
        ("ml_c5", {"instance": "ml.c5.xlarge", "endpoint": "a_b"}, UsageError, "not a name"),
    ],
)
def test_what_does_not_go_together(
    target: str, settings: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        plan("net", manifest(target), DeployOptions(**settings))


def test_the_environment_of_a_container() -> None:
    cpu = plan("net-ml_c5", manifest("ml_c5"), DeployOptions(instance="ml.c5.xlarge"))
    assert cpu.endpoint == "net-ml-c5"
    assert cpu.image_from == "the table of images"
    assert cpu.image.startswith(
        "301217895009.dkr.ecr.us-west-2.amazonaws.com/sagemaker-inference-"
    )
    assert cpu.environment["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"
    assert cpu.environment["SAGEMAKER_REGION"] == "us-west-2"
    assert "NEURONCORE_GROUP_SIZES" not in cpu.environment
    neuron = plan(
        "net",
        manifest("ml_inf1", compiler_options='"--neuroncore-pipeline-cores 4"', image="i"),
        DeployOptions(instance="ml.inf1.6xlarge", environment=(("MORE", "1"),)),
    )
    assert neuron.environment["NEURONCORE_GROUP_SIZES"] == "4"
    assert neuron.environment["SAGEMAKER_MODEL_SERVER_WORKERS"] == "4"
    assert neuron.environment["MORE"] == "1"


def test_a_dry_run_asks_nobody(compiled: Cloud) -> None:
    before = len(compiled.aws.seen())
    answer = compiled.neopack(*C5, "--dry-run", *JSON)
    assert answer.code == 0
    assert set(answer.document["requests"]) == {
        "CreateModel", "CreateEndpointConfig", "CreateEndpoint",
    }  # fmt: skip
    assert len(compiled.aws.seen()) == before


def test_an_artifact_that_was_changed(compiled: Cloud) -> None:
    path = beside(Path("onnx-ml_c5.tar.gz"))
    said = json.loads(path.read_text())
    path.write_text(json.dumps({**said, "archive_sha256": "0" * 64}))
    answer = compiled.neopack(*C5)
    assert answer.code == 1
    assert "has changed since it was fetched" in answer.errors[0]
