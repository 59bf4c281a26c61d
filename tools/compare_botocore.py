"""Compare neopack's tables with the service model of the installed botocore.

    python tools/compare_botocore.py

Prints a line for each value that only one side has; the exit code is then 1. New versions of
botocore bring new values: a maintainer adds rows to neopack/facts, or notes why not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from neopack import facts
from neopack.facts import hosting
from neopack.facts.rows import facts_file

# neopack's instances are those that serve compiled models; the API lists all instances
PART_ONLY = frozenset({"ProductionVariantInstanceType", "ProductionVariantAcceleratorType"})
# the fields of facts/limits.toml whose bounds are in the model, by its names; the maximum of
# MaxRuntimeInSeconds, for example, is only in its documentation
BOUNDED = {
    "EntityName": "CompilationJobName",
    "RoleArn": "RoleArn",
    "S3Uri": "S3Uri",
    "DataInputConfig": "DataInputConfig",
    "FrameworkVersion": "FrameworkVersion",
    "CompilerOptions": "CompilerOptions",
    "KmsKeyId": "KmsKeyId",
    "VpcSecurityGroupIds": "SecurityGroupIds",
    "Subnets": "Subnets",
    "MaxPendingTimeInSeconds": "MaxPendingTimeInSeconds",
    "TagList": "Tags",
    "TagKey": "TagKey",
    "TagValue": "TagValue",
    "FailureReason": "FailureReason",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """``new`` are values that only botocore has, ``gone`` those that only neopack has."""

    enum: str
    new: tuple[str, ...]
    gone: tuple[str, ...]


def ours() -> Mapping[str, frozenset[str]]:
    """Return neopack's values of each enum of the API, and the bounds of each length or number."""
    platform = facts_file("targets").table("platform")
    targets = facts.targets()
    return {
        "Framework": frozenset(row.name for row in facts.frameworks()),
        "TargetDevice": frozenset(target.name for target in targets),
        "TargetPlatformOs": frozenset(platform.texts("os")),
        "TargetPlatformArch": frozenset(platform.texts("arch")),
        "TargetPlatformAccelerator": frozenset(platform.texts("accelerator")),
        "ProductionVariantInstanceType": frozenset(
            instance for target in targets for instance in hosting.instances(target)
        ),
        "ProductionVariantAcceleratorType": frozenset(facts_file("elastic").table("accelerators")),
        **{shape: _bounds_of(facts.limit(field)) for shape, field in BOUNDED.items()},
    }


def _bounds_of(limit: facts.Limit) -> frozenset[str]:
    return frozenset({f"min {limit.minimum}", f"max {limit.maximum}"})


def theirs() -> Mapping[str, frozenset[str]]:
    """Return the values of the same enums, and the same bounds, in the installed botocore."""
    from botocore.loaders import Loader

    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]
    return {name: _words_of(shapes[name]) for name in ours() if name in shapes}


def _words_of(shape: Mapping[str, Any]) -> frozenset[str]:
    if "enum" in shape:
        return frozenset(shape["enum"])
    return frozenset({f"min {shape.get('min', 0)}", f"max {shape.get('max')}"})


def drift(
    tables: Mapping[str, frozenset[str]], model: Mapping[str, frozenset[str]]
) -> Iterator[Drift]:
    """Yield what differs. Of an enum that neopack has only in part, only removed
    values count, and new members of the families that neopack has."""
    for enum, words in tables.items():
        has = model.get(enum, frozenset())
        new = has - words
        if enum in PART_ONLY:
            families = {word.rpartition(".")[0] for word in words}
            new = frozenset(word for word in new if word.rpartition(".")[0] in families)
        if new or words - has:
            yield Drift(enum=enum, new=tuple(sorted(new)), gone=tuple(sorted(words - has)))


def main() -> int:
    import botocore

    rows = list(drift(ours(), theirs()))
    lines = [f"botocore {botocore.__version__}, sagemaker"]
    for row in rows:
        lines += [f"{row.enum}: {word} is new" for word in row.new]
        lines += [f"{row.enum}: {word} is gone" for word in row.gone]
    if not rows:
        lines.append("nothing is new, nothing is gone")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if rows else 0


if __name__ == "__main__":
    sys.exit(main())
