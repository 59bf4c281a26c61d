"""Compare our tables with the service model of the installed botocore, and say what is new.

    python tools/compare_botocore.py

A line for each word that one side has and the other has not; 1 where there is any. Words come
with new versions of botocore: a maintainer adds rows to neopack/facts, or notes why not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from neopack import facts
from neopack.facts import hosting
from neopack.facts.rows import facts_file

# the instances that neopack knows serve compiled models; the API's list has all there are
PART_ONLY = frozenset({"ProductionVariantInstanceType", "ProductionVariantAcceleratorType"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """``new``: only botocore has them; ``gone``: only we have."""

    enum: str
    new: tuple[str, ...]
    gone: tuple[str, ...]


def ours() -> Mapping[str, frozenset[str]]:
    """Our words for each enum of the API."""
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
    }


def theirs() -> Mapping[str, frozenset[str]]:
    """The same enums in the installed botocore."""
    from botocore.loaders import Loader

    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]
    return {name: frozenset(shapes[name]["enum"]) for name in ours() if name in shapes}


def drift(
    known: Mapping[str, frozenset[str]], model: Mapping[str, frozenset[str]]
) -> Iterator[Drift]:
    """The enums that differ. Of an enum that we hold a part of only what is gone counts, and new
    members of the families that we hold."""
    for enum, words in known.items():
        has = model.get(enum, frozenset())
        new = has - words
        if enum in PART_ONLY:
            families = {word.rpartition(".")[0] for word in words}
            new = frozenset(word for word in new if word.rpartition(".")[0] in families)
        if new or words - has:
            yield Drift(enum=enum, new=tuple(sorted(new)), gone=tuple(sorted(words - has)))


def main() -> int:
    import botocore

    found = list(drift(ours(), theirs()))
    lines = [f"botocore {botocore.__version__}, sagemaker"]
    for row in found:
        lines += [f"{row.enum}: {word} is new" for word in row.new]
        lines += [f"{row.enum}: {word} is gone" for word in row.gone]
    if not found:
        lines.append("nothing is new, nothing is gone")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
