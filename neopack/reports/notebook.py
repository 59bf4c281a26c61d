"""Results as a notebook shows them: small tables in HTML, without a style sheet of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from neopack.artifacts.inspecting import Inspection
from neopack.measure.bench import BenchResult
from neopack.reports.benchmark import bench_text
from neopack.reports.evidence import compiler_line, framework_line
from neopack.reports.printable import printable
from neopack.reports.text import archive_text, artifact_text, inspected_text
from neopack.values.artifact import CompiledArtifact, NeoArchive
from neopack.values.finding import CheckResult, Finding, Report

__all__ = ["HTML", "register"]

COLORS = {"error": "#b3261e", "warning": "#8a6100", "info": "inherit"}


def register() -> None:
    """Show results as HTML in the notebook that imported neopack; nothing elsewhere."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    formatter: Any = getattr(shell, "display_formatter", None)
    for kind, function in HTML.items() if formatter is not None else ():
        formatter.formatters["text/html"].for_type(kind, function)


def report_html(report: Report) -> str:
    version = f" {report.framework_version}" if report.framework_version else ""
    title = f"{report.subject}: {report.framework}{version} for {report.target}"
    findings = [_finding(finding) for finding in report.findings if finding.level != "info"]
    unchecked = [
        ("not checked", outcome.id, "", outcome.reason, "") for outcome in report.not_checked
    ]
    proofs = [
        *(framework_line(each, report.framework_version) for each in report.evidence),
        *(compiler_line(each, report.target) for each in report.compiler),
    ]
    rows = [*findings, *unchecked]
    body = _table(("level", "rule", "where", "message", "fix"), rows) if rows else ""
    verdict = f"{len(report.at('error'))} errors, {len(report.at('warning'))} warnings"
    return f"{_bold(title)}: {escape(verdict)}{body}{''.join(map(_line, proofs))}"


def checked_html(checked: CheckResult) -> str:
    return "".join(map(report_html, checked.reports))


def _finding(finding: Finding) -> tuple[str, ...]:
    return (finding.level, finding.id, finding.where, finding.message, finding.fix)


def archive_html(archive: NeoArchive) -> str:
    return f"{_plain(archive_text(archive))}{report_html(archive.report)}"


def artifact_html(artifact: CompiledArtifact) -> str:
    return _plain(artifact_text(artifact))


def inspection_html(inspection: Inspection) -> str:
    return _plain(inspected_text(inspection))


def bench_html(result: BenchResult) -> str:
    return _plain(bench_text(result))


HTML: Mapping[type, Callable[[Any], str]] = {
    BenchResult: bench_html,
    CheckResult: checked_html,
    CompiledArtifact: artifact_html,
    Inspection: inspection_html,
    NeoArchive: archive_html,
    Report: report_html,
}


# --- pieces ---------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th style='text-align:left'>{escape(name)}</th>" for name in head)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(map(_row, rows))}</tbody></table>"


def _row(row: Sequence[str]) -> str:
    color = COLORS.get(row[0], "inherit")
    first = f"<td style='text-align:left;color:{color}'><b>{_shown(row[0])}</b></td>"
    rest = "".join(f"<td style='text-align:left'>{_shown(cell)}</td>" for cell in row[1:])
    return f"<tr>{first}{rest}</tr>"


def _plain(text: str) -> str:
    return f"<pre style='white-space:pre-wrap'>{_shown(text)}</pre>"


def _line(text: str) -> str:
    return f"<div>{_shown(text)}</div>"


def _bold(text: str) -> str:
    return f"<b>{_shown(text)}</b>"


def _shown(text: str) -> str:
    """Nothing in it is markup, and what moves a cursor or turns the line around is written out."""
    return escape(printable(text, keep="\n"))
