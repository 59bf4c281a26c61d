"""The steps of ``check`` for what a compilation job returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from neopack import facts
from neopack.archive.read import ArchiveScan, scan
from neopack.artifacts.compiled import Artifact, look
from neopack.checks import engine
from neopack.errors import UsageError
from neopack.options import CheckOptions
from neopack.rules import archive, compiled
from neopack.rules.rule import CheckContext
from neopack.values.finding import CheckResult, Report
from neopack.values.target import Target

__all__ = ["artifact_of", "check"]

RULES = (*archive.SAFETY, *compiled.RULES)


def artifact_of(
    scanned: ArchiveScan, source: Path | None, options: CheckOptions
) -> Artifact | None:
    """The artifact that this archive is; None for one that is to be compiled. ``source`` is the
    archive that was submitted."""
    submitted = scan(source, options.limits) if source is not None else None
    return look(scanned, submitted, options.limits)


def check(
    path: Path,
    scanned: ArchiveScan,
    artifact: Artifact,
    targets: Sequence[Target],
    options: CheckOptions,
) -> CheckResult:
    """Whether anything was compiled, and whether it is whole."""
    aims = targets or (_target(path, artifact),)
    return CheckResult(
        path=str(path),
        members=tuple(entry.name for entry in scanned.entries),
        reports=tuple(_report(scanned, artifact, target, options) for target in aims),
        sha256=scanned.sha256,
        passing=options.passing,
    )


def _target(path: Path, artifact: Artifact) -> Target:
    try:
        return facts.target(artifact.target)
    except UsageError:
        raise UsageError(
            "compiled for which target?", where=str(path), hint="give --target"
        ) from None


def _report(
    scanned: ArchiveScan, artifact: Artifact, target: Target, options: CheckOptions
) -> Report:
    context = CheckContext(
        framework=artifact.framework,
        framework_version="",
        target=target,
        # what holds for artifacts holds for every compiler of Neo's
        path="tvm",
        as_of=options.as_of or facts.newest(),
        entries=scanned.entries,
        archive_name=scanned.path.name,
        returned=artifact.returned,
    )
    report = engine.run(RULES, context, select=options.select, ignore=options.ignore)
    return _remarked(report, artifact)


def _remarked(report: Report, artifact: Artifact) -> Report:
    kind = artifact.returned.kind or "compiled artifact of no known kind"
    runtime = f", which {artifact.returned.runtime} loads" if artifact.returned.runtime else ""
    return replace(report, remark=f"judged as what a job returned: {kind}{runtime}")
