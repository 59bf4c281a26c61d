"""``neopack init aws``: policies that IAM takes, and that are enough for the whole road."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cloud import BUCKET, Cloud
from desk import Call, Desk

ACCOUNT = "123456789012"
CALL = ("init", "aws", "--bucket", BUCKET, "--account", ACCOUNT, "--prefix", "neo")
FULL = ("--region", "us-west-2", "--vpc", "--kms-key", f"arn:aws:kms:us-west-2:{ACCOUNT}:key/k")
POLICIES = ("caller-policy", "compile-role-policy", "hosting-role-policy")


def read(name: str) -> Any:
    return json.loads(Path("aws", f"{name}.json").read_text())


def actions(document: Any) -> set[str]:
    return {action for statement in document["Statement"] for action in statement["Action"]}


def test_what_is_written(neopack: Call, desk: Desk) -> None:
    answer = neopack(*CALL, *FULL, "--format", "json")
    assert answer.code == 0, answer.err
    assert len(answer.document["files"]) == 7
    trust = read("compile-role-trust")["Statement"][0]
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:sagemaker:us-west-2:{ACCOUNT}:compilation-job/*"},
    }
    assert {"kms:Decrypt", "ec2:CreateNetworkInterface", "s3:PutObject"} <= actions(
        read("compile-role-policy")
    )
    passing = next(s for s in read("caller-policy")["Statement"] if "iam:PassRole" in s["Action"])
    assert passing["Condition"]["StringEquals"]["iam:PassedToService"] == "sagemaker.amazonaws.com"
    again = neopack(*CALL)
    assert again.code == 2
    assert "already exists" in again.errors[0]


def test_without_key_and_vpc_there_is_nothing_about_them(neopack: Call, desk: Desk) -> None:
    assert neopack(*CALL).code == 0
    assert not [
        a for name in POLICIES for a in actions(read(name)) if a.startswith(("kms", "ec2"))
    ]


def test_the_caller_may_do_all_that_neopack_does(cloud: Cloud) -> None:
    assert cloud.neopack(*CALL).code == 0
    assert cloud.compile("--logs").code == 0
    allowed = {action.partition(":")[2] for action in actions(read("caller-policy"))}
    # HeadObject and HeadBucket ask for the right to get and to list; anybody may ask who he is
    same = {"HeadObject": "GetObject", "HeadBucket": "ListBucket", "GetCallerIdentity": "GetRole"}
    ours = {call["operation"] for call in cloud.aws.seen()} - {"CreateBucket", "CreateRole"}
    assert {same.get(operation, operation) for operation in ours} <= allowed


def test_iam_takes_them(cloud: Cloud) -> None:
    assert cloud.neopack(*CALL, *FULL).code == 0
    iam = cloud.aws.client("iam")
    for role in ("compile", "hosting"):
        trust = Path(f"aws/{role}-role-trust.json").read_text()
        made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
        policy = Path(f"aws/{role}-role-policy.json").read_text()
        iam.put_role_policy(RoleName=role, PolicyName="neopack", PolicyDocument=policy)
        assert cloud.compile("--role", made["Role"]["Arn"], "--force").code == 0
    caller = Path("aws/caller-policy.json").read_text()
    iam.create_policy(PolicyName="caller", PolicyDocument=caller)


def test_the_templates_say_the_same(neopack: Call, desk: Desk) -> None:
    assert neopack(*CALL, *FULL).code == 0
    plain = read("caller-policy")
    values = {"AWS::Partition": "aws", "AWS::AccountId": ACCOUNT, "AWS::Region": "us-west-2"}
    template = read("cloudformation")["Resources"]["CallerPolicy"]["Properties"]
    assert filled(template["PolicyDocument"], {**values, "Bucket": BUCKET}) == plain
    terraform = read("neopack.tf")["resource"]["aws_iam_policy"]["caller"]["policy"]
    names = {
        "data.aws_partition.here.partition": "aws",
        "data.aws_caller_identity.here.account_id": ACCOUNT,
        "data.aws_region.here.name": "us-west-2",
        "var.bucket": BUCKET,
    }
    assert json.loads(re.sub(r"\$\{([^}]+)\}", lambda m: names[m[1]], terraform)) == plain


def filled(value: Any, values: dict[str, str]) -> Any:
    """What CloudFormation makes of Fn::Sub."""
    if isinstance(value, list):
        return [filled(item, values) for item in value]
    if isinstance(value, dict) and set(value) == {"Fn::Sub"}:
        return re.sub(r"\$\{([^}]+)\}", lambda m: values[m[1]], value["Fn::Sub"])
    if isinstance(value, dict):
        return {key: filled(item, values) for key, item in value.items()}
    return value


@pytest.mark.parametrize(
    "options", [("--account", "12"), ("--bucket", "A"), ("--kms-key", "alias/neo")]
)
def test_what_makes_no_policy(refused: Call, options: tuple[str, str]) -> None:
    refused(2, options[0], *CALL, *options)


def test_another_partition(neopack: Call, desk: Desk) -> None:
    assert neopack(*CALL, "--region", "cn-north-1").code == 0
    assert "arn:aws-cn:sagemaker:cn-north-1" in Path("aws/caller-policy.json").read_text()
