"""Rules for the target: it takes the framework and the version, and it is documented.

Sources: SageMaker developer guide, neo-supported-cloud and neo-supported-devices-edge-frameworks,
at the dates of ``facts/support.toml``; botocore 1.43.11 (2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from neopack import facts, versions
from neopack.facts import Support
from neopack.rules.rule import CheckContext, Hit, Rule, rule

__all__ = ["RULES", "UNSUPPORTED", "accepts", "around"]

UNSUPPORTED = frozenset({"NEO-TG-001", "NEO-TG-002"})
"""Findings that mean "Neo does not take this", for which the exit code is 3."""


def accepts(row: Support, version: str) -> bool:
    """Whether a dated row takes a version: it is listed, or not above the maximum."""
    if not row.tabulated or row.rule == "none":
        return True
    listed = any(versions.same(version, other) for other in row.listed)
    return listed or bool(row.maximum and versions.at_most(version, row.maximum))


def around(row: Support, version: str) -> tuple[str, str]:
    """Return the nearest versions of the row below and above a version; "" if there is none."""
    listed = sorted({*row.listed, *filter(None, [row.maximum])}, key=versions.order)
    below = [v for v in listed if versions.order(v) < versions.order(version)]
    above = [v for v in listed if versions.order(v) > versions.order(version)]
    return below[-1] if below else "", above[0] if above else ""


def _row(context: CheckContext) -> Support | None:
    return facts.support(context.framework, context.target, context.as_of or None)


def _title(context: CheckContext) -> str:
    return facts.framework(context.framework).title


@rule("NEO-TG-001")
def no_row(context: CheckContext) -> Iterator[Hit]:
    """The guide lists the framework for the target."""
    documented = facts.framework(context.framework).documented
    if documented and context.target.documented and _row(context) is None:
        takers = [
            row.title
            for row in facts.frameworks()
            if facts.support(row.name, context.target, context.as_of or None)
        ]
        takes = f"it takes {', '.join(takers)}" if takers else "it takes none"
        yield Hit(
            message=f"{context.target.name} takes no {_title(context)} models; {takes}",
            where="target",
            values={"target": context.target.name, "framework": _title(context)},
        )


@rule("NEO-TG-002")
def other_version(context: CheckContext) -> Iterator[Hit]:
    """The guide lists the version at the date of the facts."""
    row, version = _row(context), context.framework_version
    if row is None or not version or accepts(row, version):
        return
    below, above = around(row, version)
    near = " and ".join(filter(None, (below, above)))
    yield Hit(
        message=f"{_title(context)} {version} is not taken for {context.target.name} "
        f"(guide of {row.as_of}); nearest are {near}",
        where="framework version",
        values={"below": below or above, "near": near, "as_of": row.as_of},
    )


@rule("NEO-TG-003")
def version_form(context: CheckContext) -> Iterator[Hit]:
    """The version has the form that the API takes (botocore FrameworkVersion)."""
    limit, version = facts.limit("FrameworkVersion"), context.framework_version
    fits = limit.minimum <= len(version) <= (limit.maximum or len(version))
    if version and not (fits and re.fullmatch(limit.pattern, version)):
        yield Hit(
            message=f"{version!r} is not a FrameworkVersion; write major.minor, such as 1.13",
            where="framework version",
        )


@rule("NEO-TG-004")
def undocumented_target(context: CheckContext) -> Iterator[Hit]:
    """The guide says what the target takes."""
    target = context.target
    if not target.documented:
        kind = "platform" if target.kind == "platform" else "target"
        yield Hit(
            message=f"the API takes the {kind} {target.name}; no page says which models it takes",
            where="target",
            values={"target": target.name},
        )


@rule("NEO-TG-005")
def retired(context: CheckContext) -> Iterator[Hit]:
    """The target is still available."""
    if context.target.retired:
        yield Hit(message=f"{context.target.name}: {context.target.retired}", where="target")


@rule("NEO-TG-006")
def undocumented_framework(context: CheckContext) -> Iterator[Hit]:
    """The guide describes models of the framework."""
    if not facts.framework(context.framework).documented:
        name = context.framework
        yield Hit(
            message=f"the API takes {name}, but no page describes such a model",
            where="framework",
        )


@rule("NEO-TG-007")
def untabulated(context: CheckContext) -> Iterator[Hit]:
    """The guide lists versions for the target."""
    row = _row(context)
    if row is not None and not row.tabulated:
        yield Hit(
            message=f"no page lists {_title(context)} versions for {context.target.name}; "
            f"its container has {', '.join(row.listed)}",
            where="framework version",
            values={"version": ", ".join(row.listed)},
        )


@rule("NEO-TG-008")
def few_regions(context: CheckContext) -> Iterator[Hit]:
    """Neo compiles for the target in every region (botocore TargetDevice)."""
    regions = facts.regions(context.target)
    if regions:
        yield Hit(
            message=f"Neo compiles for {context.target.name} only in {', '.join(regions)}",
            where="target",
            values={"regions": ", ".join(regions)},
        )


RULES: tuple[Rule, ...] = (
    no_row,
    other_version,
    version_form,
    undocumented_target,
    retired,
    undocumented_framework,
    untabulated,
    few_regions,
)
