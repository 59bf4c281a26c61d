"""A check as annotations of GitHub Actions: one workflow command a line.

Escapes as actions/toolkit writes them (packages/core/src/command.ts, 2024): ``%``, CR and LF in
messages, ``:`` and ``,`` too in properties.
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack import facts
from neopack.reports.printable import printable
from neopack.values.finding import CheckedModels, CheckResult, Finding, Report, UncheckedModel

__all__ = ["annotation", "failed", "github", "github_of_models"]

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def github(checked: CheckResult) -> str:
    """Empty where nothing was found."""
    lines: list[str] = []
    for report in checked.reports:
        lines += _annotations(checked, report)
    return "\n".join(lines)


def failed(unchecked: UncheckedModel) -> str:
    """A check that did not come to judge a model."""
    path, title = unchecked.path, _property(f"{unchecked.path} could not be checked")
    return f"::error file={_property(path)},title={title}::{_data(unchecked.message)}"


def annotation(command: str, path: str, title: str, text: str) -> str:
    """One annotation: ``command`` is error, warning or notice."""
    return f"::{command} file={_property(path)},title={_property(title)}::{_data(text)}"


def github_of_models(checked: CheckedModels) -> str:
    lines = [*map(github, checked.results), *map(failed, checked.unchecked)]
    return "\n".join(filter(None, lines))


def _annotations(checked: CheckResult, report: Report) -> Iterator[str]:
    for finding in report.findings:
        command = _COMMANDS[finding.level]
        title = f"{finding.id} for {report.target}: {facts.error_row(finding.id).title}"
        yield f"::{command} {_properties(checked, title)}::{_data(_message(finding))}"
    yield from _unchecked(checked, report)


def _unchecked(checked: CheckResult, report: Report) -> Iterator[str]:
    """One line for each reason: GitHub shows no more than ten errors of a step."""
    for reason in dict.fromkeys(outcome.reason for outcome in report.not_checked):
        same = [outcome.id for outcome in report.not_checked if outcome.reason == reason]
        title = f"{', '.join(same)} for {report.target}: not checked"
        yield f"::error {_properties(checked, title)}::{_data(reason)}"


def _message(finding: Finding) -> str:
    where = f"{finding.where}: " if finding.where else ""
    quote = f"\nNeo: {finding.said_by_neo}" if finding.said_by_neo else ""
    return f"{where}{finding.message}{quote}\nFix: {finding.fix}"


def _properties(checked: CheckResult, title: str) -> str:
    return f"file={_property(checked.path)},title={_property(title)}"


def _data(text: str) -> str:
    shown = printable(text, keep="\r\n")
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
