"""What rules say: findings, the outcome of each rule, and the report that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from neopack.values.evidence import CompilerEvidence, Evidence

__all__ = [
    "GRAVITY",
    "CheckResult",
    "CheckedModels",
    "Finding",
    "Level",
    "Report",
    "RuleOutcome",
    "RuleResult",
    "UncheckedModel",
]


Level: TypeAlias = Literal["error", "warning", "info"]

RuleResult: TypeAlias = Literal["passed", "found", "not checked"]

GRAVITY: Mapping[Level, int] = {"info": 0, "warning": 1, "error": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong. ``said_by_neo`` is what the service would have answered."""

    id: str
    level: Level
    message: str
    where: str = ""
    said_by_neo: str = ""
    cause: str = ""
    fix: str = ""
    source: str = ""
    confidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutcome:
    """What became of one rule: it passed, it found something, or it could not be checked."""

    id: str
    outcome: RuleResult
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of a check of one subject for one target. ``evidence`` was proven by running the
    model, ``compiler`` by compiling it; everything else was only read. ``remark`` says how the
    subject was judged if it is not an archive to be compiled."""

    subject: str
    framework: str
    framework_version: str
    target: str
    facts_as_of: str
    findings: tuple[Finding, ...] = ()
    outcomes: tuple[RuleOutcome, ...] = field(default=(), repr=False)
    evidence: tuple[Evidence, ...] = ()
    compiler: tuple[CompilerEvidence, ...] = ()
    remark: str = ""

    def at(self, level: Level) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == level)

    @property
    def not_checked(self) -> tuple[RuleOutcome, ...]:
        return tuple(o for o in self.outcomes if o.outcome == "not checked")

    @property
    def clean(self) -> bool:
        return not self.at("error") and not self.not_checked

    def failing(self, passing: Level = "warning") -> tuple[Finding, ...]:
        """The findings that are graver than the gravest level that passes."""
        return tuple(f for f in self.findings if GRAVITY[f.level] > GRAVITY[passing])


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a check found of one thing, a report for each target that was asked for.

    ``path`` is as the user gave it, ``members`` are what lies in it; ``passing`` is the gravest
    level that passes.
    """

    path: str
    members: tuple[str, ...]
    reports: tuple[Report, ...]
    sha256: str = ""
    passing: Level = "warning"

    @property
    def passed(self) -> bool:
        return not any(r.failing(self.passing) or r.not_checked for r in self.reports)


@dataclass(frozen=True, slots=True, kw_only=True)
class UncheckedModel:
    """A model that could not be judged: the name of the error, its line and its exit code."""

    path: str
    error: str
    message: str
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedModels:
    """What a check found of several models, in the order that they were given."""

    results: tuple[CheckResult, ...]
    unchecked: tuple[UncheckedModel, ...] = ()
