"""Requests: names, keys, fields, what the service would refuse, the line for AWS's own CLI."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
from cloud import ROLE
from hypothesis import given
from hypothesis import strategies as st

from neopack import facts
from neopack.errors import Unsupported, UsageError
from neopack.sagemaker import naming
from neopack.sagemaker.commandline import aws_command
from neopack.sagemaker.location import Location
from neopack.sagemaker.request import JobInput, JobRequest, JobSettings, build
from neopack.sagemaker.validate import problems, refuse_what_is_wrong

TARGETS = [target.name for target in facts.targets()] + ["linux/arm64", "android/arm64/mali"]
NAME = re.compile(facts.limit("CompilationJobName").pattern)
PLACE = Location.of("s3://bucket/prefix")


def request(target: str = "ml_c5", **changes: Any) -> JobRequest:
    subject = JobInput(
        stem=changes.pop("stem", "resnet50"),
        content_sha256=changes.pop("content", "ab" * 32),
        framework=changes.pop("framework", "PYTORCH"),
        framework_version=changes.pop("version", "1.8.1"),
        target=facts.target(target),
        data_input_config=changes.pop("config", '{"input0":[1,3,224,224]}'),
        compiler_options=changes.pop("options", None),
    )
    defaults: dict[str, Any] = {"role": ROLE, "output": PLACE, "region": "us-west-2"}
    return build(subject, JobSettings(**{**defaults, **changes}))


# --- names ----------------------------------------------------------------------------------


@given(stem=st.text(max_size=90), target=st.sampled_from(TARGETS), attempt=st.integers(1, 50))
def test_a_job_name_is_one_that_the_api_takes(stem: str, target: str, attempt: int) -> None:
    digest = naming.digest(stem)
    name = naming.job_name(stem, facts.target(target), digest, attempt)
    assert NAME.fullmatch(name)
    assert len(name) <= 63
    assert digest[:10] in name


@given(a=st.text(max_size=30), b=st.text(max_size=30), target=st.sampled_from(TARGETS))
def test_other_content_has_another_name_and_the_same_the_same(a: str, b: str, target: str) -> None:
    names = {content: request(target, content=content).name for content in (a, b)}
    assert len(set(names.values())) == len({a, b})
    assert request(target, content=a).name == names[a]


def test_a_name_can_be_recognized() -> None:
    assert request("ml_inf1").name.startswith("resnet50-ml-inf1-")
    assert request("linux/arm64/nvidia").name.startswith("resnet50-linux-arm64-nvidia-")


def test_what_makes_no_other_work_makes_no_other_name() -> None:
    assert request(tags={"team": "vision"}).name == request().name


@pytest.mark.parametrize(
    "changes",
    [
        {"role": ROLE + "2"}, {"config": "[[1]]"}, {"options": '{"dtype":"int64"}'},
        {"output": Location.of("s3://bucket/other")}, {"region": "eu-west-1"},
        {"max_runtime": 901}, {"version": "1.13"}, {"kms_key": "alias/key"},
    ],
    ids=str,
)  # fmt: skip
def test_other_work_has_another_name(changes: dict[str, Any]) -> None:
    assert request(**changes).name != request().name


def test_each_attempt_and_each_job_has_a_place_of_its_own() -> None:
    first, second = request(), request().again()
    assert second.name == first.name + "-2"
    assert first.output != second.output
    assert first.archive == second.archive


@given(stem=st.text(max_size=40))
def test_a_key_is_one_that_s3_takes(stem: str) -> None:
    key = naming.archive_key(PLACE, "c" * 64, stem)
    assert Location.of(str(key)) == key
    assert str(key).endswith(".tar.gz")


# --- fields ---------------------------------------------------------------------------------


def test_a_request_for_a_device() -> None:
    body = request(options='{"dtype":"float32"}').body
    assert body["InputConfig"]["FrameworkVersion"] == "1.8"
    assert body["OutputConfig"]["TargetDevice"] == "ml_c5"
    assert "TargetPlatform" not in body["OutputConfig"]
    assert body["StoppingCondition"] == {"MaxRuntimeInSeconds": 900}
    assert not {"Tags", "VpcConfig"} & set(body)


def test_a_request_for_a_platform() -> None:
    body = request("linux/arm64/nvidia").body
    platform = {"Os": "LINUX", "Arch": "ARM64", "Accelerator": "NVIDIA"}
    assert body["OutputConfig"]["TargetPlatform"] == platform
    assert "TargetDevice" not in body["OutputConfig"]
    assert "Accelerator" not in request("linux/arm64").body["OutputConfig"]["TargetPlatform"]


@pytest.mark.parametrize(
    ("framework", "target", "version"),
    [
        ("PYTORCH", "ml_c5", "1.8"), ("TENSORFLOW", "ml_g4dn", "1.8"), ("MXNET", "ml_inf1", "1.8"),
        ("TENSORFLOW", "ml_eia2", ""), ("PYTORCH", "coreml", ""), ("PYTORCH", "amba_cv22", ""),
        ("ONNX", "ml_c5", ""), ("XGBOOST", "ml_m5", ""), ("KERAS", "ml_c5", ""),
    ],
)  # fmt: skip
def test_the_version_is_sent_where_it_is_taken(framework: str, target: str, version: str) -> None:
    body = request(target, framework=framework).body
    assert body["InputConfig"].get("FrameworkVersion", "") == version


def test_what_is_empty_is_left_out() -> None:
    body = request(config=None, options="").body
    assert "DataInputConfig" not in body["InputConfig"]
    assert set(body["OutputConfig"]) == {"S3OutputLocation", "TargetDevice"}


# --- what the service would refuse -----------------------------------------------------------


def test_nothing_is_wrong_with_a_right_request() -> None:
    full = request(
        "linux/arm64",
        kms_key="alias/neo",
        security_groups=("sg-1",),
        subnets=("subnet-1",),
        tags={"équipe": "vision / été"},
        max_pending=7200,
        name="a-job",
    )
    assert not list(problems(full))


WRONG: dict[str, dict[str, Any]] = {
    "CompilationJobName": {"name": "a_b"},
    "CompilationJobName: 64": {"name": "a" * 64},
    "RoleArn": {"role": "neo"},
    "RoleArn: 'arn:aws:iam::123:role/neo-role'": {"role": "arn:aws:iam::123:role/neo-role"},
    "DataInputConfig: 16385": {"config": "x" * 16385},
    "FrameworkVersion": {"version": "latest"},
    "CompilerOptions: 2": {"options": "{}"},
    "CompilerOptions: 1025": {"options": "x" * 1025},
    "KmsKeyId": {"kms_key": "my key"},
    "KmsKeyId: 'mykey' is not a key id": {"kms_key": "mykey"},
    "SecurityGroupIds: 6": {"security_groups": ("sg-1",) * 6, "subnets": ("subnet-1",)},
    "Subnets: 0": {"security_groups": ("sg-1",)},
    "Subnets: 'no such thing'": {"security_groups": ("sg",), "subnets": ("no such thing",)},
    "MaxRuntimeInSeconds: 0": {"max_runtime": 0},
    "MaxPendingTimeInSeconds: 60": {"max_pending": 60},
    "Tags: 51": {"tags": {f"k{n}": "" for n in range(51)}},
    "Tags.Key": {"tags": {"a{b": ""}},
    "Tags.k": {"tags": {"k": "v" * 257}},
    "aws:own": {"tags": {"aws:own": "x"}},
    "partition aws-cn": {"role": ROLE.replace("arn:aws:", "arn:aws-cn:")},
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_said(words: str) -> None:
    changes = WRONG[words]
    (found,) = problems(request(**changes))
    assert all(word in found for word in words.split(": ", 1))


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(UsageError, match=r"RoleArn.*KmsKeyId.*MaxRuntimeInSeconds"):
        refuse_what_is_wrong(request(role="neo", kms_key="my key", max_runtime=0))


def test_a_region_that_has_not_the_target() -> None:
    with pytest.raises(Unsupported, match="us-east-2 only, not in us-west-2"):
        refuse_what_is_wrong(request("ml_inf2"))
    refuse_what_is_wrong(request("ml_inf2", region="us-east-2"))
    refuse_what_is_wrong(request("ml_inf2", region=""))


@pytest.mark.parametrize(
    "uri", ["bucket/key", "s3://B/k", "s3://a/k", "s3://bu..ck/k", "https://b/k"]
)
def test_what_is_no_place_in_s3(uri: str) -> None:
    with pytest.raises(UsageError):
        Location.of(uri)


# --- AWS's own command line ------------------------------------------------------------------


@given(
    config=st.text(min_size=1, max_size=60),
    tags=st.dictionaries(st.text(min_size=1, max_size=9), st.text(max_size=9), max_size=3),
)
def test_the_command_line_says_the_same(config: str, tags: dict[str, str]) -> None:
    asked = request(config=config, tags=tags)
    words = shlex.split(aws_command(asked))
    assert words[:5] == ["aws", "sagemaker", "create-compilation-job", "--region", "us-west-2"]
    said = dict(zip(words[5::2], words[6::2], strict=True))
    body = asked.body
    assert said["--compilation-job-name"] == asked.name
    assert said["--role-arn"] == ROLE
    assert json.loads(said["--input-config"]) == body["InputConfig"]
    assert json.loads(said["--output-config"]) == body["OutputConfig"]
    assert json.loads(said.get("--tags", "[]")) == body.get("Tags", [])
