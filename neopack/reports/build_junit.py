"""A build as JUnit XML: a suite is a model for a target, a case one of its steps."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from neopack.build.results import BuildResult, BuiltStep, BuiltTarget
from neopack.reports.printable import printable

__all__ = ["build_junit"]


def build_junit(result: BuildResult) -> str:
    suites = [_suite(row) for row in result.rows]
    tests = sum(len(row.steps) + 1 for row in result.rows)
    totals = _attributes(
        name="neopack build",
        tests=tests,
        failures=sum(bool(row.failures) for row in result.rows),
        errors=0,
        time=f"{result.seconds:.3f}",
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return "\n".join([head, f"<testsuites {totals}>", *suites, "</testsuites>"])


def _suite(row: BuiltTarget) -> str:
    name = f"{row.model} for {row.target}"
    attributes = _attributes(
        name=name,
        tests=len(row.steps) + 1,
        failures=int(bool(row.failures)),
        errors=0,
        skipped=sum(_is_skipped(step) for step in row.steps),
        time=f"{row.seconds:.3f}",
    )
    cases = [*_steps(row, name), *_verdict(row, name)]
    return "\n".join([f"  <testsuite {attributes}>", *cases, "  </testsuite>"])


def _steps(row: BuiltTarget, name: str) -> Iterator[str]:
    for step in row.steps:
        own = _attributes(classname=name, name=step.step, time=f"{step.seconds:.3f}")
        if _is_skipped(step):
            why = _attributes(message=step.why or step.state)
            yield f"    <testcase {own}><skipped {why}/></testcase>"
        else:
            yield f"    <testcase {own}/>"


def _verdict(row: BuiltTarget, name: str) -> Iterator[str]:
    """Whether the whole is within its thresholds: errors of steps are among them."""
    own = _attributes(classname=name, name="result", time="0")
    if not row.failures:
        yield f"    <testcase {own}/>"
        return
    first = row.failures[0]
    told = _attributes(type=first.kind, message=first.message)
    text = escape(_shown("\n".join(failure.line() for failure in row.failures)))
    yield f"    <testcase {own}><failure {told}>{text}</failure></testcase>"


def _is_skipped(step: BuiltStep) -> bool:
    return step.state in ("skipped", "not reached", "to do")


def _attributes(**values: str | int) -> str:
    return " ".join(f"{name}={quoteattr(_shown(str(value)))}" for name, value in values.items())


def _shown(text: str) -> str:
    return printable(text, keep="\t\n\r")
