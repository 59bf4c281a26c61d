"""Everything the service would refuse in a request, found here and all at once.

botocore checks required members, types and minima; enums, patterns and maxima reach the service
unchecked (tried with botocore 1.44.5, 2026), and so do the rules between fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from neopack import facts
from neopack.errors import NeopackError, Unsupported, UsageError
from neopack.sagemaker.location import Location
from neopack.sagemaker.request import JobRequest
from neopack.values.json import AnyJson
from neopack.values.target import Target

__all__ = ["partition_of", "problems", "refuse_what_is_wrong", "region_problem"]

# partitions by the beginning of their regions' names (AWS general reference, 2026)
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-iso-", "aws-iso"))
_KEY_FORMS = re.compile(
    r"alias/[\w/-]+|[0-9a-fA-F-]{36}|mrk-[0-9a-f]{32}"
    r"|arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/[\w/-]+"
)


def refuse_what_is_wrong(request: JobRequest) -> None:
    """Raise ``Unsupported`` where the region does not compile for the target, ``UsageError``
    that says all the rest."""
    region = request.settings.region
    where = region_problem(request.subject.target, region)
    if where:
        raise Unsupported(where, hint=f"--region {facts.regions(request.subject.target)[0]}")
    found = list(problems(request))
    if found:
        raise UsageError("; ".join(found), where="the request would be refused")


def region_problem(target: Target, region: str) -> str:
    """Why no job for ``target`` runs in ``region``; empty where one may."""
    regions = facts.regions(target)
    if not region or not regions or region in regions:
        return ""
    return f"Neo compiles for {target.name} in {', '.join(regions)} only, not in {region}"


def partition_of(region: str) -> str:
    """``aws``, or the partition that a region's name tells."""
    return next((name for head, name in _PARTITIONS if region.startswith(head)), "aws")


def problems(request: JobRequest) -> Iterator[str]:
    """One line for each thing that is wrong."""
    body = request.body
    yield from _field("CompilationJobName", "CompilationJobName", body["CompilationJobName"])
    yield from _field("RoleArn", "RoleArn", body["RoleArn"], hint="write the role's ARN")
    yield from _input(body["InputConfig"])
    yield from _output(body["OutputConfig"])
    yield from _vpc(body.get("VpcConfig"))
    yield from _stopping(body["StoppingCondition"])
    yield from _tags(body.get("Tags", ()))
    yield from _partition(body["RoleArn"], request.settings.region)


def _input(config: Mapping[str, AnyJson]) -> Iterator[str]:
    yield from _place("InputConfig.S3Uri", config["S3Uri"])
    if not config["S3Uri"].endswith(".tar.gz"):
        yield "InputConfig.S3Uri: must name one .tar.gz"
    for name in ("DataInputConfig", "FrameworkVersion"):
        if name in config:
            yield from _field(f"InputConfig.{name}", name, config[name])
    if config["Framework"] not in {row.name for row in facts.frameworks()}:
        yield f"InputConfig.Framework: {config['Framework']!r} is not one that the API knows"


def _output(config: Mapping[str, AnyJson]) -> Iterator[str]:
    yield from _place("OutputConfig.S3OutputLocation", config["S3OutputLocation"])
    if ("TargetDevice" in config) == ("TargetPlatform" in config):
        yield "OutputConfig: one of TargetDevice and TargetPlatform, not both"
    if "CompilerOptions" in config:
        yield from _field("OutputConfig.CompilerOptions", "CompilerOptions", config[
            "CompilerOptions"
        ], hint="leave empty options out")  # fmt: skip
    key = config.get("KmsKeyId", "")
    ill_formed = list(_field("OutputConfig.KmsKeyId", "KmsKeyId", key))
    yield from ill_formed
    if key and not ill_formed and not _KEY_FORMS.fullmatch(key):
        yield f"OutputConfig.KmsKeyId: {key!r} is not a key id, key ARN, alias/name or alias ARN"


def _vpc(config: Mapping[str, AnyJson] | None) -> Iterator[str]:
    if config is None:
        return
    for name, one in (("SecurityGroupIds", "SecurityGroupId"), ("Subnets", "SubnetId")):
        yield from _count(f"VpcConfig.{name}", name, config[name])
        for item in config[name]:
            yield from _field(f"VpcConfig.{name}", one, item)


def _stopping(condition: Mapping[str, AnyJson]) -> Iterator[str]:
    for name, value in condition.items():
        limit = facts.limit(name)
        if value < limit.minimum or (limit.maximum is not None and value > limit.maximum):
            most = f" to {limit.maximum}" if limit.maximum else " or more"
            yield f"StoppingCondition.{name}: {value} s is not {limit.minimum}{most}"


def _tags(tags: list[Mapping[str, str]]) -> Iterator[str]:
    yield from _count("Tags", "Tags", tags)
    for tag in tags:
        yield from _field("Tags.Key", "TagKey", tag["Key"])
        yield from _field(f"Tags.{tag['Key'][:40]}", "TagValue", tag["Value"])
        if tag["Key"].casefold().startswith("aws:"):
            yield f"Tags.{tag['Key']}: keys that begin with aws: are AWS's own"


def _partition(role: str, region: str) -> Iterator[str]:
    """A role of another partition is not known where the job runs."""
    if not region:
        return
    own = partition_of(region)
    said = role.split(":")[1] if role.startswith("arn:") else own
    if said != own:
        yield f"RoleArn: a role of partition {said} is not known in {region}, which is in {own}"


def _place(where: str, uri: str) -> Iterator[str]:
    yield from _field(where, "S3Uri", uri)
    try:
        Location.of(uri)
    except NeopackError as error:
        yield f"{where}: {error.message}"


def _field(where: str, name: str, value: str, *, hint: str = "") -> Iterator[str]:
    limit = facts.limit(name)
    more = f"; {hint}" if hint else ""
    if len(value) < limit.minimum:
        yield f"{where}: {len(value)} characters, fewer than {limit.minimum}{more}"
    elif limit.maximum is not None and len(value) > limit.maximum:
        yield f"{where}: {len(value)} characters, more than {limit.maximum}{more}"
    elif limit.pattern and not re.fullmatch(limit.pattern, value, re.DOTALL):
        yield f"{where}: {value[:60]!r} lacks the form that the API wants{more}"


def _count(where: str, name: str, values: list[AnyJson]) -> Iterator[str]:
    limit = facts.limit(name)
    if not limit.minimum <= len(values) <= (limit.maximum or len(values)):
        yield f"{where}: {len(values)} of them, not {limit.minimum} to {limit.maximum}"
