"""A check as a summary in Markdown, as GitHub and GitLab show it: a table of the targets, then
what was found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from neopack.reports.printable import printable
from neopack.values.finding import CheckedModels, CheckResult, Finding, Report, UncheckedModel

__all__ = ["failed", "markdown", "markdown_of_models", "plain", "table"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$!&])")


def markdown(checked: CheckResult) -> str:
    verdict = "passes" if checked.passed else "does not pass"
    lines = [f"## {plain(checked.path)} {verdict}", ""]
    for remark in dict.fromkeys(report.remark for report in checked.reports if report.remark):
        lines += [plain(remark), ""]
    rows = [_summary(report) for report in checked.reports]
    header = ("Target", "Framework", "Errors", "Warnings", "Not checked", "Rules as of")
    lines += [*table(header, rows)]
    for report in checked.reports:
        lines += _found(report)
    return "\n".join(lines)


def failed(unchecked: UncheckedModel) -> str:
    """A check that did not come to judge a model."""
    return f"## {plain(unchecked.path)} could not be checked\n\n{plain(unchecked.message)}"


def markdown_of_models(checked: CheckedModels) -> str:
    return "\n\n".join([*map(markdown, checked.results), *map(failed, checked.unchecked)])


def _summary(report: Report) -> tuple[str, ...]:
    return (
        report.target,
        f"{report.framework} {report.framework_version}".strip(),
        str(len(report.at("error"))),
        str(len(report.at("warning"))),
        str(len(report.not_checked)),
        report.facts_as_of,
    )


def _found(report: Report) -> Iterator[str]:
    told = [finding for finding in report.findings if finding.level != "info"]
    if not told and not report.not_checked:
        return
    yield from ("", f"### {plain(report.target)}", "")
    for finding in told:
        yield from _item(finding)
    for outcome in report.not_checked:
        yield f"- **not checked** {outcome.id}: {plain(outcome.reason)}"


def _item(finding: Finding) -> Iterator[str]:
    where = f"{plain(finding.where)}: " if finding.where else ""
    yield f"- **{finding.level}** {finding.id} {where}{plain(finding.message)}"
    if finding.said_by_neo:
        yield f"  - Neo: {plain(finding.said_by_neo)}"
    yield f"  - Fix: {plain(finding.fix)}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(map(plain, row))} |"


def plain(text: str) -> str:
    """On one line, and nothing in it is markup."""
    line = " ".join(text.split())
    return _SPECIAL.sub(r"\\\1", printable(line))
