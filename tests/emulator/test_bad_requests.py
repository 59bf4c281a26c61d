"""Requests that the service refuses, sent past boto3's own check: each gets the service's word.

The first 31 are those of the survey that showed what botocore lets through (2026).
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from orders import ROLE, order

from neopack.emulator import Emulator

SERIAL, VALID = "SerializationException", "ValidationException"
TAG = {"Key": "team", "Value": "vision"}
VPC = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
LINUX = {"Os": "LINUX", "Arch": "ARM64"}
SAGEMAKER = "sagemaker.amazonaws.com"
PLATFORM: dict[str, Any] = {
    "OutputConfig_TargetDevice": None,
    "InputConfig_FrameworkVersion": None,
}

BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    # caught by botocore too
    "empty name": ({"CompilationJobName": ""}, VALID, "length greater than or equal to 1"),
    "short role": ({"RoleArn": "arn:aws:iam::1"}, VALID, "length greater than or equal to 20"),
    "version of 2": ({"InputConfig_FrameworkVersion": "1."}, VALID, "length greater than"),
    "version a number": ({"InputConfig_FrameworkVersion": 1.8}, SERIAL, "frameworkVersion"),
    "config a dict": ({"InputConfig_DataInputConfig": {"a": [1]}}, SERIAL, "dataInputConfig"),
    "options {}": ({"OutputConfig_CompilerOptions": "{}"}, VALID, "length greater than"),
    "stop at 0": ({"StoppingCondition_MaxRuntimeInSeconds": 0}, VALID, "value greater than"),
    "no stopping condition": ({"StoppingCondition": None}, VALID, "must not be null"),
    "no Arch": (
        PLATFORM | {"OutputConfig_TargetPlatform": {"Os": "LINUX"}}, VALID, "targetPlatform.arch",
    ),
    "unknown key": ({"InputConfig_Colour": "red"}, VALID, "inputConfig.colour"),
    "no subnets": ({"VpcConfig": {**VPC, "Subnets": []}}, VALID, "vpcConfig.subnets"),
    "pending too short": (
        {"StoppingCondition_MaxPendingTimeInSeconds": 60}, VALID, "maxPendingTimeInSeconds",
    ),
    # not caught by botocore: enums
    "unknown framework": ({"InputConfig_Framework": "CAFFE"}, VALID, "enum value set"),
    "framework in lower case": ({"InputConfig_Framework": "pytorch"}, VALID, "enum value set"),
    "unknown device": ({"OutputConfig_TargetDevice": "toaster"}, VALID, "enum value set"),
    "unknown platform": (
        PLATFORM | {"OutputConfig_TargetPlatform": {"Os": "BEOS", "Arch": "Z80"}},
        VALID, "2 validation errors detected",
    ),
    # patterns
    "underscore in the name": ({"CompilationJobName": "a_b"}, VALID, "regular expression"),
    "role of no form": ({"RoleArn": "not-an-arn-but-long-enough"}, VALID, "roleArn"),
    "bad URI": ({"InputConfig_S3Uri": "bad"}, VALID, "inputConfig.s3Uri"),
    "version latest": ({"InputConfig_FrameworkVersion": "latest"}, VALID, "frameworkVersion"),
    "tag of no form": ({"Tags": [{"Key": "a<b", "Value": "v"}]}, VALID, "tags.1.member.key"),
    # maxima
    "name of 64": ({"CompilationJobName": "a" * 64}, VALID, "length less than or equal to 63"),
    "config of 16385": ({"InputConfig_DataInputConfig": "[" * 16385}, VALID, "equal to 16384"),
    "options of 1025": ({"OutputConfig_CompilerOptions": "1" * 1025}, VALID, "equal to 1024"),
    "51 tags": (
        {"Tags": [{"Key": f"k{i}", "Value": ""} for i in range(51)]}, VALID, "equal to 50",
    ),
    "6 security groups": (
        {"VpcConfig": {**VPC, "SecurityGroupIds": ["sg-1"] * 6}}, VALID, "equal to 5",
    ),
    "pending too long": (
        {"StoppingCondition_MaxPendingTimeInSeconds": 2419201}, VALID, "equal to 2419200",
    ),
    # between fields
    "two targets": ({"OutputConfig_TargetPlatform": LINUX}, VALID, "Exactly one of TargetDevice"),
    "no target": ({"OutputConfig_TargetDevice": None}, VALID, "Exactly one of TargetDevice"),
    "no input": ({"InputConfig": None}, VALID, "Exactly one of InputConfig"),
    "two inputs": (
        {"ModelPackageVersionArn": "arn:aws:sagemaker:us-west-2:123456789012:model-package/a/1"},
        VALID, "Exactly one of InputConfig",
    ),
    # and more of those
    "version where none is taken": (
        {"OutputConfig_TargetDevice": "ml_eia2", "InputConfig_Framework": "TENSORFLOW"},
        VALID, "Unsupported framework version field for target",
    ),
    "version of ONNX": ({"InputConfig_Framework": "ONNX"}, VALID, "Unsupported framework version"),
    "a version that no page lists": (
        {"InputConfig_FrameworkVersion": "9.9"}, VALID, "Unsupported framework version 9.9",
    ),
    "a version between those listed": (
        {"InputConfig_FrameworkVersion": "1.10"}, VALID, "Unsupported framework version 1.10",
    ),
    "runs longer than 28 days": (
        {"StoppingCondition_MaxRuntimeInSeconds": 2419201}, VALID, "or equal to 2419200",
    ),
    "waits shorter than it runs": (
        {"StoppingCondition_MaxWaitTimeInSeconds": 899}, VALID, "Invalid MaxWaitTimeInSeconds",
    ),
    "waits shorter than the default of a day": (
        {"StoppingCondition": {"MaxWaitTimeInSeconds": 86399}}, VALID, "Invalid MaxWaitTime",
    ),
    "no such role": (
        {"RoleArn": "arn:aws:iam::123456789012:role/absent"}, VALID, "Could not assume role arn",
    ),
    "a role at another path": (
        {"RoleArn": "arn:aws:iam::123456789012:role/service-role/neo"}, VALID, "Could not assume",
    ),
    "a role of another account": (
        {"RoleArn": "arn:aws:iam::210987654321:role/neo"}, VALID, "Cross-account pass role",
    ),
    "no such key": (
        {"OutputConfig_KmsKeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}, VALID, "KMS key 1234",
    ),
    "no such alias": ({"OutputConfig_KmsKeyId": "alias/absent"}, VALID, "KMS key alias/absent"),
    "no options for NVIDIA": (
        PLATFORM | {"OutputConfig_TargetPlatform": {**LINUX, "Accelerator": "NVIDIA"}},
        VALID, '"gpu-code"',
    ),
    "options no JSON": ({"OutputConfig_CompilerOptions": "{dtype}"}, VALID, "not valid JSON"),
    "no tar.gz": ({"InputConfig_S3Uri": "s3://models/in/"}, VALID, "gzip compressed tar"),
    "another region": (
        {"OutputConfig_TargetDevice": "ml_trn1"}, VALID, "not supported in us-west-2",
    ),
    "a tag twice": ({"Tags": [TAG, TAG]}, VALID, "Duplicate tag keys"),
    "a tag of AWS's": ({"Tags": [{"Key": "aws:x", "Value": ""}]}, VALID, "reserved"),
    "a package that is not there": (
        {
            "InputConfig": None,
            "ModelPackageVersionArn": (
                "arn:aws:sagemaker:us-west-2:123456789012:model-package/a/1"
            ),
        },
        VALID, "does not exist",
    ),
}  # fmt: skip


def sending(aws: Emulator, body: bytes) -> Any:
    """A client whose every request has that body, whatever botocore thinks of it."""

    def put(request: Any, **_: Any) -> None:
        request.data = body

    client = aws.client("sagemaker")
    client.meta.events.register("before-sign.sagemaker.*", put)
    return client


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_refused_in_the_service_s_words(name: str, aws: Emulator) -> None:
    changes, code, words = BAD[name]
    client = sending(aws, json.dumps(order(**changes)).encode())
    with pytest.raises(ClientError) as caught:
        client.create_compilation_job(**order())
    assert caught.value.response["Error"]["Code"] == code
    assert words in caught.value.response["Error"]["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert not aws.client("sagemaker").list_compilation_jobs()["CompilationJobSummaries"]


RIGHT: dict[str, dict[str, Any]] = {
    "as it is": {},
    "tags in any script": {"Tags": [{"Key": "équipe/視覚 1", "Value": "ü_.:/=+-@"}]},
    "a VPC": {"VpcConfig": VPC},
    "an empty stopping condition": {"StoppingCondition": {}},
    "a platform without accelerator": PLATFORM | {"OutputConfig_TargetPlatform": LINUX},
    "NVIDIA with its options": PLATFORM
    | {
        "OutputConfig_TargetPlatform": {**LINUX, "Accelerator": "NVIDIA"},
        "OutputConfig_CompilerOptions": (
            '{"gpu-code": "sm_72", "trt-ver": "6.0.1", "cuda-ver": "10.1"}'
        ),
    },
    "flags for Inferentia": {
        "OutputConfig_TargetDevice": "ml_inf1",
        "OutputConfig_CompilerOptions": '"--neuroncore-pipeline-cores 1"',
    },
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_request_is_taken_and_shown_as_it_was(name: str, aws: Emulator) -> None:
    request = order(**RIGHT[name])
    client = aws.client("sagemaker")
    client.create_compilation_job(**request)
    shown = client.describe_compilation_job(CompilationJobName="job")
    assert {key: shown.get(key) for key in request if key != "Tags"} == {
        key: value for key, value in request.items() if key != "Tags"
    }
    tags = client.list_tags(ResourceArn=shown["CompilationJobArn"])["Tags"]
    assert tags == request.get("Tags", [])
    assert len(client.list_compilation_jobs()["CompilationJobSummaries"]) == 1


def test_a_role_that_does_not_trust_sagemaker_is_refused(aws: Emulator) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["ec2.amazonaws.com"]},
        "Action": "sts:AssumeRole",
    }
    policy: dict[str, Any] = {"Version": "2012-10-17", "Statement": statement}
    arn = aws.client("iam").create_role(
        RoleName="web", Path="/service-role/", AssumeRolePolicyDocument=json.dumps(policy)
    )["Role"]["Arn"]
    client = aws.client("sagemaker")
    with pytest.raises(ClientError, match="allows principal 'sagemaker"):
        client.create_compilation_job(**order(RoleArn=arn))
    policy["Statement"] = [statement, statement | {"Principal": {"Service": SAGEMAKER}}]
    aws.client("iam").update_assume_role_policy(RoleName="web", PolicyDocument=json.dumps(policy))
    client.create_compilation_job(**order(RoleArn=arn))


def test_a_key_that_is_there_is_taken(aws: Emulator) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    aws.client("sagemaker").create_compilation_job(**order(OutputConfig_KmsKeyId=key))


def test_a_resource_has_fifty_tags_at_most(aws: Emulator) -> None:
    client = aws.client("sagemaker")
    arn = client.create_compilation_job(**order(Tags=[TAG]))["CompilationJobArn"]
    many = [{"Key": f"k{i}", "Value": ""} for i in range(49)]
    client.add_tags(ResourceArn=arn, Tags=many)
    client.add_tags(ResourceArn=arn, Tags=[TAG | {"Value": "sound"}])
    for tags in ([{"Key": "one more", "Value": ""}], [{"Key": "aws:x", "Value": ""}]):
        with pytest.raises(ClientError) as caught:
            client.add_tags(ResourceArn=arn, Tags=tags)
        assert caught.value.response["Error"]["Code"] == VALID
    listed = client.list_tags(ResourceArn=arn)["Tags"]
    assert (len(listed), listed[0]) == (50, TAG | {"Value": "sound"})


@pytest.mark.parametrize("depth", [600, 5_000, 100_000])
@pytest.mark.parametrize("form", ["[", '{"Tags":', '{"CompilationJobName":['])
def test_a_deep_request_is_no_fault_of_the_service(depth: int, form: str, aws: Emulator) -> None:
    client = sending(aws, form.encode() * depth)
    with pytest.raises(ClientError) as caught:
        client.create_compilation_job(**order())
    assert caught.value.response["Error"]["Code"] == SERIAL
    ends = {"[": "]", '{"Tags":': "}", '{"CompilationJobName":[': "]}"}
    client = sending(aws, (form * depth + "1" + ends[form] * depth).encode())
    with pytest.raises(ClientError) as caught:
        client.create_compilation_job(**order())
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_what_is_no_json_is_no_request(aws: Emulator) -> None:
    with pytest.raises(ClientError, match="SerializationException"):
        sending(aws, b"{").list_compilation_jobs()


def test_an_operation_that_the_emulator_lacks_is_said_to_lack(aws: Emulator) -> None:
    with pytest.raises(ClientError, match="no ListTrainingJobs"):
        aws.client("sagemaker").list_training_jobs()


def test_a_service_that_the_emulator_lacks_is_said_to_lack(aws: Emulator) -> None:
    with pytest.raises(ClientError, match="iam, kms and logs, not ecr"):
        aws.client("ecr").describe_repositories()


def test_an_operation_that_moto_lacks_is_said_to_lack(aws: Emulator) -> None:
    with pytest.raises(ClientError, match="no ResetServiceSpecificCredential of iam"):
        aws.client("iam").reset_service_specific_credential(ServiceSpecificCredentialId="A" * 20)


def test_a_role_may_do_everything(aws: Emulator) -> None:
    """Version 3 of the SageMaker SDK asks before it creates a model."""
    asked = ["sagemaker:CreateModel", "s3:GetObject"]
    answer = aws.client("iam").simulate_principal_policy(PolicySourceArn=ROLE, ActionNames=asked)
    given = {each["EvalActionName"]: each["EvalDecision"] for each in answer["EvaluationResults"]}
    assert given == dict.fromkeys(asked, "allowed")
