"""The IAM policies that jobs and endpoints need: what a caller may do, and what the roles may.

No page prints the least that a compilation job's role needs; this is what the API reference names
(RoleArn: read the input, write the output, logs, metrics) and neo-vpc's list (2026). The trust
conditions against a confused deputy: SageMaker developer guide, security-confused-deputy (2026).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neopack.values.json import Json

__all__ = [
    "PolicyNames",
    "caller_policy",
    "compile_role_policy",
    "hosting_role_policy",
    "trust_policy",
]

_VERSION = "2012-10-17"
_JOBS = (
    "CreateCompilationJob", "DescribeCompilationJob", "StopCompilationJob",
    "DeleteCompilationJob", "AddTags", "ListTags",
)  # fmt: skip
_HOSTING = (
    "CreateModel", "DescribeModel", "DeleteModel", "CreateEndpointConfig",
    "DescribeEndpointConfig", "DeleteEndpointConfig", "CreateEndpoint", "UpdateEndpoint",
    "DescribeEndpoint", "DeleteEndpoint", "InvokeEndpoint", "AddTags",
)  # fmt: skip
_LISTS = ("ListCompilationJobs", "ListModels", "ListEndpointConfigs", "ListEndpoints")
_VPC = (
    "DescribeVpcEndpoints", "DescribeDhcpOptions", "DescribeVpcs", "DescribeSubnets",
    "DescribeSecurityGroups", "DescribeNetworkInterfaces", "DeleteNetworkInterfacePermission",
    "DeleteNetworkInterface", "CreateNetworkInterfacePermission", "CreateNetworkInterface",
    "ModifyNetworkInterfaceAttribute",
)  # fmt: skip
_IMAGES = (
    "GetAuthorizationToken", "BatchCheckLayerAvailability", "GetDownloadUrlForLayer",
    "BatchGetImage",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyNames:
    """Whose account, where, and what things are called; a template has placeholders here."""

    partition: str
    account: str
    region: str
    bucket: str
    prefix: str
    compile_role: str
    hosting_role: str
    kms_key: str = ""
    vpc: bool = False

    def arn(self, service: str, rest: str, *, region: bool = True) -> str:
        where = self.region if region else ""
        return f"arn:{self.partition}:{service}:{where}:{self.account}:{rest}"

    @property
    def objects(self) -> str:
        return f"arn:{self.partition}:s3:::{self.bucket}/{self.prefix}*"

    @property
    def own_bucket(self) -> str:
        return f"arn:{self.partition}:s3:::{self.bucket}"


def trust_policy(names: PolicyNames, kinds: Sequence[str]) -> Json:
    """Who may take a role: SageMaker, for this account's own jobs (or endpoints) only."""
    condition: dict[str, Json] = {"StringEquals": {"aws:SourceAccount": names.account}}
    if kinds:
        sources = [names.arn("sagemaker", f"{kind}/*") for kind in kinds]
        condition["ArnLike"] = {"aws:SourceArn": sources[0] if len(sources) == 1 else sources}
    return _document(
        {
            "Sid": "OnlyForThisAccount",
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": condition,
        }
    )


def caller_policy(names: PolicyNames) -> Json:
    """What ``neopack compile``, ``jobs``, ``deploy`` and ``undeploy`` call."""
    roles = [
        names.arn("iam", f"role/{role}", region=False)
        for role in (names.compile_role, names.hosting_role)
    ]
    to = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    own = [
        names.arn("sagemaker", f"{kind}/*") for kind in ("endpoint", "endpoint-config", "model")
    ]
    return _document(
        _allow("Jobs", "sagemaker", _JOBS, names.arn("sagemaker", "compilation-job/*")),
        _allow("Endpoints", "sagemaker", _HOSTING, own),
        _allow("Lists", "sagemaker", _LISTS, "*"),
        {**_allow("HandTheRolesOver", "iam", ("PassRole",), roles), "Condition": to},
        _allow("LookAtTheRoles", "iam", ("GetRole",), roles),
        _allow("Logs", "logs", ("GetLogEvents",), _logs(names)),
        _allow(
            "Objects",
            "s3",
            ("GetObject", "PutObject", "AbortMultipartUpload", "ListMultipartUploadParts"),
            names.objects,
        ),
        _allow(
            "Bucket",
            "s3",
            ("ListBucket", "GetBucketLocation", "ListBucketMultipartUploads"),
            names.own_bucket,
        ),
        *_key(names),
    )


def compile_role_policy(names: PolicyNames) -> Json:
    """What a compilation job does in the account's name."""
    return _document(
        _allow("Objects", "s3", ("GetObject", "PutObject"), names.objects),
        _allow("Bucket", "s3", ("ListBucket", "GetBucketLocation"), names.own_bucket),
        _allow(
            "Logs",
            "logs",
            ("CreateLogGroup", "CreateLogStream", "PutLogEvents", "DescribeLogStreams"),
            _logs(names),
        ),
        _allow("Metrics", "cloudwatch", ("PutMetricData",), "*"),
        *_key(names),
        *_network(names),
    )


def hosting_role_policy(names: PolicyNames) -> Json:
    """What an endpoint's containers do: fetch the image and the model, write logs."""
    group = names.arn("logs", "log-group:/aws/sagemaker/*")
    return _document(
        _allow("Model", "s3", ("GetObject",), names.objects),
        _allow("Bucket", "s3", ("ListBucket", "GetBucketLocation"), names.own_bucket),
        _allow("Image", "ecr", _IMAGES, "*"),
        _allow(
            "Logs",
            "logs",
            ("CreateLogGroup", "CreateLogStream", "PutLogEvents", "DescribeLogStreams"),
            group,
        ),
        _allow("Metrics", "cloudwatch", ("PutMetricData",), "*"),
        *_key(names),
        *_network(names),
    )


def _logs(names: PolicyNames) -> str:
    return names.arn("logs", "log-group:/aws/sagemaker/CompilationJobs*")


def _key(names: PolicyNames) -> tuple[Json, ...]:
    if not names.kms_key:
        return ()
    return (_allow("Key", "kms", ("GenerateDataKey", "Decrypt", "DescribeKey"), names.kms_key),)


def _network(names: PolicyNames) -> tuple[Json, ...]:
    return (_allow("Network", "ec2", _VPC, "*"),) if names.vpc else ()


def _allow(sid: str, service: str, actions: Sequence[str], resource: Json) -> dict[str, Json]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": [f"{service}:{action}" for action in actions],
        "Resource": resource,
    }


def _document(*statements: Json) -> Json:
    return {"Version": _VERSION, "Statement": list(statements)}
