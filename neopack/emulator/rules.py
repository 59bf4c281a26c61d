"""The rules of CreateCompilationJob between fields.

Sources: botocore 1.43.11, documentation of InputConfig and OutputConfig (2026). The message is
documented only for FrameworkVersion (aws/amazon-sagemaker-examples#3239, 2022-03).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from neopack import facts
from neopack.dataconfig.compiler_options import parse_options
from neopack.emulator import tags
from neopack.emulator.replies import AwsError
from neopack.values.target import Target

__all__ = ["DEFAULT_RUNTIME", "refuse", "target_of"]

# the documented default of MaxRuntimeInSeconds: one day
DEFAULT_RUNTIME = 86400


def refuse(request: Mapping[str, Any], region: str) -> None:
    """Raise ``ValidationException`` for the first rule that a request breaks."""
    for problem in _problems(request, region):
        raise AwsError("ValidationException", problem)


def target_of(output: Mapping[str, Any]) -> Target:
    """Return the target of an OutputConfig."""
    if "TargetDevice" in output:
        return facts.target(output["TargetDevice"])
    platform = output["TargetPlatform"]
    words = [platform["Os"], platform["Arch"], platform.get("Accelerator", "")]
    return facts.target("/".join(word for word in words if word).lower())


def _problems(request: Mapping[str, Any], region: str) -> Iterator[str]:
    output = request["OutputConfig"]
    if ("InputConfig" in request) == ("ModelPackageVersionArn" in request):
        yield "Exactly one of InputConfig and ModelPackageVersionArn must be given"
    if ("TargetDevice" in output) == ("TargetPlatform" in output):
        yield "Exactly one of TargetDevice and TargetPlatform must be given in OutputConfig"
    if "InputConfig" not in request:
        yield f"Model package {request['ModelPackageVersionArn']} does not exist"
    target = target_of(output)
    yield from _input(request["InputConfig"], target)
    yield from _stopping(request["StoppingCondition"])
    yield from _options(output.get("CompilerOptions"), target, request["InputConfig"])
    yield from _elsewhere(request, target, region)


def _input(config: Mapping[str, Any], target: Target) -> Iterator[str]:
    if not config["S3Uri"].endswith(".tar.gz"):
        yield f"S3Uri {config['S3Uri']!r} must point to a single gzip compressed tar archive"
    if "FrameworkVersion" in config and not facts.takes_version(config["Framework"], target):
        yield (
            "Unsupported framework version field for target. Framework version is supported for "
            "Target Platform configuration and only part of target devices."
        )
    version = config.get("FrameworkVersion", "")
    if version and not facts.is_listed(config["Framework"], version):
        yield f"Unsupported framework version {version} for framework {config['Framework']}"


def _stopping(condition: Mapping[str, Any]) -> Iterator[str]:
    """The documented maximum, which the service's model lacks, and the documented relation."""
    limit = facts.limit("MaxRuntimeInSeconds").maximum
    runtime = condition.get("MaxRuntimeInSeconds", DEFAULT_RUNTIME)
    if limit is not None and runtime > limit:
        yield (
            f"1 validation error detected: Value '{runtime}' at "
            "'stoppingCondition.maxRuntimeInSeconds' failed to satisfy constraint: Member must "
            f"have value less than or equal to {limit}"
        )
    if condition.get("MaxWaitTimeInSeconds", runtime) < runtime:
        yield (
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
            "MaxRuntimeInSeconds"
        )


def _options(text: str | None, target: Target, config: Mapping[str, Any]) -> Iterator[str]:
    """CompilerOptions are JSON, and have the options that the target requires."""
    options = parse_options(text) if text else None
    if text is not None and options is None:
        yield f"CompilerOptions is not valid JSON: {text[:100]!r}"
    group = facts.option_group_required(target, config["Framework"])
    if not group:
        return
    rows = facts.options(target, config["Framework"])
    keys = [row.key for row in rows if row.together == group]
    missing = [key for key in keys if options is None or key not in options.keys]
    if missing:
        yield (
            f"CompilerOptions must have {', '.join(json.dumps(key) for key in keys)} "
            f"for the accelerator {target.accelerator}"
        )


def _elsewhere(request: Mapping[str, Any], target: Target, region: str) -> Iterator[str]:
    regions = facts.regions(target)
    if regions and region not in regions:
        yield f"TargetDevice {target.name} is not supported in {region}"
    yield from tags.problems(request.get("Tags", ()))
