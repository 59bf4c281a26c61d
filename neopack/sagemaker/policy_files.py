"""The policies as files: plain JSON, a CloudFormation template, Terraform in its JSON syntax.

One source for all three: only the placeholders differ.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from neopack.errors import UsageError
from neopack.options import PolicyOptions
from neopack.outputs.atomic import AtomicOutputs, writing
from neopack.sagemaker.location import Location
from neopack.sagemaker.policies import (
    PolicyNames,
    caller_policy,
    compile_role_policy,
    hosting_role_policy,
    trust_policy,
)
from neopack.sagemaker.validate import partition_of
from neopack.values.json import Json

__all__ = ["files", "write_policies"]

COMPILATION = ("compilation-job",)


def files(names: PolicyNames) -> dict[str, str]:
    """Every file by its name."""
    return {
        "caller-policy.json": _text(caller_policy(names)),
        "compile-role-trust.json": _text(trust_policy(names, COMPILATION)),
        "compile-role-policy.json": _text(compile_role_policy(names)),
        "hosting-role-trust.json": _text(trust_policy(names, ())),
        "hosting-role-policy.json": _text(hosting_role_policy(names)),
        "cloudformation.json": _text(_cloudformation(names)),
        "neopack.tf.json": _text(_terraform(names)),
    }


def write_policies(folder: Path, options: PolicyOptions) -> tuple[Path, ...]:
    """Write every file into ``folder``, which is created where it does not exist."""
    texts = files(_names(options))
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with AtomicOutputs(force=options.force) as outputs:
        for name, text in texts.items():
            outputs.open(folder / name).write(text.encode())
    return tuple(folder / name for name in texts)


def _names(options: PolicyOptions) -> PolicyNames:
    if not re.fullmatch(r"\d{12}", options.account):
        raise UsageError(f"--account {options.account} is not 12 digits")
    if options.kms_key and not options.kms_key.startswith("arn:"):
        raise UsageError(
            f"--kms-key {options.kms_key} is not an ARN", hint="policies name keys by ARN"
        )
    place = Location.of(f"s3://{options.bucket}/{options.prefix}", where="--bucket")
    return PolicyNames(
        partition=partition_of(options.region),
        account=options.account,
        region=options.region,
        bucket=place.bucket,
        prefix=f"{place.key}/" if place.key else "",
        compile_role=options.role_name,
        hosting_role=options.hosting_role_name,
        kms_key=options.kms_key,
        vpc=options.vpc,
    )


def _cloudformation(names: PolicyNames) -> Json:
    inside = replace(
        names, partition="${AWS::Partition}", account="${AWS::AccountId}",
        region="${AWS::Region}", bucket="${Bucket}",
    )  # fmt: skip
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Roles and the caller's policy for SageMaker Neo, by neopack",
        "Parameters": {"Bucket": {"Type": "String", "Default": names.bucket}},
        "Resources": {
            "CompileRole": _cfn_role(
                names.compile_role, trust_policy(inside, COMPILATION), compile_role_policy(inside)
            ),
            "HostingRole": _cfn_role(
                names.hosting_role, trust_policy(inside, ()), hosting_role_policy(inside)
            ),
            "CallerPolicy": {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {
                    "ManagedPolicyName": f"{names.compile_role}-caller",
                    "PolicyDocument": _substituted(caller_policy(inside)),
                },
            },
        },
        "Outputs": {
            name: {"Value": {"Fn::GetAtt": [name, "Arn"]}}
            for name in ("CompileRole", "HostingRole")
        },
    }


def _cfn_role(name: str, trust: Json, policy: Json) -> Json:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": name,
            "AssumeRolePolicyDocument": _substituted(trust),
            "Policies": [{"PolicyName": "neopack", "PolicyDocument": _substituted(policy)}],
        },
    }


def _substituted(value: Json) -> Json:
    """Fn::Sub around every text that has a placeholder; keys never have one."""
    if isinstance(value, dict):
        return {key: _substituted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_substituted(item) for item in value]
    return {"Fn::Sub": value} if isinstance(value, str) and "${" in value else value


def _terraform(names: PolicyNames) -> Json:
    """Terraform language, "JSON configuration syntax": texts are templates there too."""
    inside = replace(
        names,
        partition="${data.aws_partition.here.partition}",
        account="${data.aws_caller_identity.here.account_id}",
        region="${data.aws_region.here.name}",
        bucket="${var.bucket}",
    )
    return {
        "variable": {"bucket": {"type": "string", "default": names.bucket}},
        "data": {
            kind: {"here": {}} for kind in ("aws_partition", "aws_caller_identity", "aws_region")
        },
        "resource": {
            "aws_iam_role": {
                "compile": {
                    "name": names.compile_role,
                    "assume_role_policy": json.dumps(trust_policy(inside, COMPILATION)),
                },
                "hosting": {
                    "name": names.hosting_role,
                    "assume_role_policy": json.dumps(trust_policy(inside, ())),
                },
            },
            "aws_iam_role_policy": {
                "compile": {
                    "name": "neopack",
                    "role": "${aws_iam_role.compile.id}",
                    "policy": json.dumps(compile_role_policy(inside)),
                },
                "hosting": {
                    "name": "neopack",
                    "role": "${aws_iam_role.hosting.id}",
                    "policy": json.dumps(hosting_role_policy(inside)),
                },
            },
            "aws_iam_policy": {
                "caller": {
                    "name": f"{names.compile_role}-caller",
                    "policy": json.dumps(caller_policy(inside)),
                }
            },
        },
        "output": {
            "compile_role": {"value": "${aws_iam_role.compile.arn}"},
            "hosting_role": {"value": "${aws_iam_role.hosting.arn}"},
        },
    }


def _text(value: Json) -> str:
    return json.dumps(value, indent=2) + "\n"
