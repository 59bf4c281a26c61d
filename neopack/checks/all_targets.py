"""What each target makes of a model, in each framework version that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from neopack import facts
from neopack.checks.checking import Subject, judged, submission
from neopack.checks.engine import Judge
from neopack.checks.judging import judge_of
from neopack.facts.mending import mended_by
from neopack.options import CheckOptions
from neopack.values.finding import Finding, Report
from neopack.values.target import Target

__all__ = ["Cell", "Matrix", "TargetVerdict", "all_targets", "matrix"]

TargetVerdict: TypeAlias = Literal["takes it", "after package", "no", "not known"]

# no page says what such a target takes, so that no finding means little
UNKNOWN = frozenset({"NEO-TG-004", "NEO-TG-006"})
RETIRED = "NEO-TG-005"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One target and version; ``version`` is empty where no page names one.

    ``why`` is what has to be said or mended, or what is in the way; ``rule`` found it. ``remark``
    is what else to know of a target that takes the model.
    """

    target: str
    version: str
    verdict: TargetVerdict
    why: str = ""
    rule: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    path: str
    framework: str
    facts_as_of: str
    cells: tuple[Cell, ...]
    remark: str = ""

    @property
    def taken(self) -> bool:
        """Whether any target takes it as it is."""
        return any(cell.verdict == "takes it" for cell in self.cells)


def all_targets() -> tuple[Target, ...]:
    """Every TargetDevice, and the TargetPlatforms that the guide lists."""
    return (*facts.targets(), *facts.platforms())


def matrix(subject: Subject, options: CheckOptions) -> Matrix:
    """Judge what was read for every target; nothing is read again."""
    framework = subject.contents.framework.name
    judge = judge_of(framework, select=options.select, ignore=options.ignore)
    cells = tuple(_cell(subject, judge, *pair, options) for pair in _pairs(framework, options))
    return Matrix(
        path=str(subject.path),
        framework=framework,
        facts_as_of=options.as_of or facts.newest(),
        cells=cells,
        remark=subject.remark,
    )


def _pairs(framework: str, options: CheckOptions) -> Iterator[tuple[Target, str]]:
    for target in all_targets():
        versions = facts.framework_versions(framework, target, options.as_of)
        if options.framework_version is not None:
            versions = (options.framework_version,)
        yield from ((target, version) for version in versions or ("",))


def _cell(
    subject: Subject, judge: Judge, target: Target, version: str, options: CheckOptions
) -> Cell:
    report = judged(subject, judge, submission(target, options, version or None))
    verdict, finding = _verdict(report, options)
    remark = "" if verdict == "no" else _remark(report, finding)
    cell = Cell(target=target.name, version=version, verdict=verdict, remark=remark)
    if finding is not None:
        return replace(cell, why=finding.message, rule=finding.id)
    if report.not_checked and verdict == "no":
        first = report.not_checked[0]
        return replace(cell, why=f"not checked: {first.reason}", rule=first.id)
    return cell


def _remark(report: Report, but: Finding | None) -> str:
    """What users are to know of a model that is taken, other than that finding."""
    told = (f for f in report.findings if facts.error_row(f.id).told and f is not but)
    return "; ".join(finding.message for finding in told)


def _verdict(report: Report, options: CheckOptions) -> tuple[TargetVerdict, Finding | None]:
    """The verdict, and the finding that it rests on."""
    failing = report.failing(options.passing)
    for finding in failing:
        if not mended_by(finding.id):
            return "no", finding
    unknown = next((f for f in report.findings if f.id in UNKNOWN), None)
    if unknown is not None:
        return "not known", unknown
    for finding in failing:
        if "call" not in mended_by(finding.id):
            return "after package", finding
    if failing:
        return "takes it", failing[0]
    retired = next((f for f in report.findings if f.id == RETIRED), None)
    return ("no" if report.not_checked else "takes it"), retired
