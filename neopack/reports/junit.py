"""A check as JUnit XML, in the dialect of Jenkins' xUnit plug-in (junit-10.xsd, 2014).

A suite is a target, a case a rule. What fails is graver than what passes; what could not be
checked is an error; the rest that was found is output of a case that passed.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from neopack import facts
from neopack.reports.printable import printable
from neopack.values.finding import (
    CheckedModels,
    CheckResult,
    Finding,
    Report,
    RuleOutcome,
    UncheckedModel,
)

__all__ = ["failed", "junit", "junit_of_models"]

# tests, failures and errors of a model that could not be judged
FAILED = (1, 0, 1)

WHITE = "\t\n\r"


def junit(checked: CheckResult) -> str:
    return junit_of_models(CheckedModels(results=(checked,)))


def failed(unchecked: UncheckedModel) -> str:
    """A check that did not come to judge a model: one case, in error."""
    return junit_of_models(CheckedModels(results=(), unchecked=(unchecked,)))


def junit_of_models(checked: CheckedModels) -> str:
    suites = [_suite(result, report) for result in checked.results for report in result.reports]
    suites += map(_failed_suite, checked.unchecked)
    counts = [_counts(result, report) for result in checked.results for report in result.reports]
    counts += [FAILED for _ in checked.unchecked]
    tests, failures, errors = map(sum, zip(*counts, strict=True))
    totals = _attributes(name="neopack check", tests=tests, failures=failures, errors=errors)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuites {totals}>",
            *suites,
            "</testsuites>",
        ]
    )


def _failed_suite(unchecked: UncheckedModel) -> str:
    tests, failures, errors = FAILED
    suite = _attributes(name="neopack check", tests=tests, failures=failures, errors=errors)
    case = _attributes(classname="neopack", name=f"check {unchecked.path}")
    told = _attributes(type=unchecked.error, message=unchecked.message)
    return "\n".join(
        [
            f"  <testsuite {suite}>",
            f"    <testcase {case}>",
            f"      <error {told}/>",
            "    </testcase>",
            "  </testsuite>",
        ]
    )


def _counts(checked: CheckResult, report: Report) -> tuple[int, int, int]:
    failed = {finding.id for finding in report.failing(checked.passing)}
    return len(report.outcomes), len(failed), len(report.not_checked)


def _suite(checked: CheckResult, report: Report) -> str:
    tests, failures, errors = _counts(checked, report)
    attributes = _attributes(
        name=f"{checked.path} for {report.target}",
        package=report.target,
        tests=tests,
        failures=failures,
        errors=errors,
    )
    lines = [f"  <testsuite {attributes}>", *_properties(checked, report)]
    lines += [_case(checked, report, outcome) for outcome in report.outcomes]
    return "\n".join([*lines, "  </testsuite>"])


def _properties(checked: CheckResult, report: Report) -> list[str]:
    values = {
        "framework": report.framework,
        "framework_version": report.framework_version,
        "target": report.target,
        "facts_as_of": report.facts_as_of,
        "sha256": checked.sha256,
    }
    rows = [f"      <property {_attributes(name=n, value=v)}/>" for n, v in values.items() if v]
    return ["    <properties>", *rows, "    </properties>"]


def _case(checked: CheckResult, report: Report, outcome: RuleOutcome) -> str:
    row = facts.error_row(outcome.id)
    attributes = _attributes(
        classname=f"neopack.{report.target.replace('/', '.')}.{outcome.id.rpartition('-')[0]}",
        # a case that passes says what holds: titles of rules say what is wrong
        name=f"{outcome.id} absent: {row.title}",
    )
    findings = [finding for finding in report.findings if finding.id == outcome.id]
    inside = [*_failures(checked, report, findings), *_unchecked(outcome)]
    passing = [f for f in findings if f not in report.failing(checked.passing)]
    if passing:
        inside.append(f"<system-out>{_text(_all(checked, passing))}</system-out>")
    if not inside:
        return f"    <testcase {attributes}/>"
    return "\n".join(
        [f"    <testcase {attributes}>", *(f"      {i}" for i in inside), "    </testcase>"]
    )


def _failures(checked: CheckResult, report: Report, findings: list[Finding]) -> list[str]:
    failing = [finding for finding in findings if finding in report.failing(checked.passing)]
    if not failing:
        return []
    more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
    attributes = _attributes(type=failing[0].level, message=f"{failing[0].message}{more}")
    return [f"<failure {attributes}>{_text(_all(checked, failing))}</failure>"]


def _unchecked(outcome: RuleOutcome) -> list[str]:
    if outcome.outcome != "not checked":
        return []
    attributes = _attributes(type="not checked", message=outcome.reason)
    return [f"<error {attributes}/>"]


def _all(checked: CheckResult, findings: list[Finding]) -> str:
    return "\n\n".join(_told(checked, finding) for finding in findings)


def _told(checked: CheckResult, finding: Finding) -> str:
    where = f"{checked.path}: {finding.where}" if finding.where else checked.path
    lines = [f"{finding.level}: {where}: {finding.message}"]
    lines += [f"Neo: {finding.said_by_neo}"] if finding.said_by_neo else []
    lines += [f"cause: {finding.cause}", f"fix: {finding.fix}", f"source: {finding.source}"]
    return "\n".join(lines)


def _attributes(**values: str | int) -> str:
    return " ".join(f"{name}={quoteattr(_writable(str(v)))}" for name, v in values.items())


def _text(text: str) -> str:
    return escape(_writable(text))


def _writable(text: str) -> str:
    """What XML 1.0 cannot hold does not print (https://www.w3.org/TR/xml/#charsets)."""
    return printable(text, keep=WHITE)
