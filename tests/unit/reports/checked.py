"""Checks to render: reports of findings that nobody had to look for."""

from __future__ import annotations

from typing import Any

from neopack.values.finding import CheckResult, Finding, Level, Report, RuleOutcome

__all__ = ["checked", "finding", "report"]


def finding(id_: str, level: Level, **said: Any) -> Finding:
    texts = {"message": "it is wrong", "cause": "because", "fix": "mend it", "source": "a page"}
    return Finding(id=id_, level=level, confidence="documented", **{**texts, **said})


def report(
    *findings: Finding, target: str = "ml_c5", outcomes: tuple[RuleOutcome, ...] = ()
) -> Report:
    found = dict.fromkeys(f.id for f in findings)
    return Report(
        subject="net.tar.gz",
        framework="PYTORCH",
        framework_version="2.0",
        target=target,
        facts_as_of="2026",
        findings=findings,
        outcomes=(*(RuleOutcome(id=id_, outcome="found") for id_ in found), *outcomes),
    )


def checked(
    *reports: Report,
    path: str = "dir/net.tar.gz",
    members: tuple[str, ...] = (),
    passing: Level = "warning",
) -> CheckResult:
    return CheckResult(
        path=path, members=members, reports=reports, sha256="ab" * 32, passing=passing
    )
