"""Whatever text an archive holds, what is written of it is XML, JSON, one command a line."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from neopack.reports.github import github
from neopack.reports.junit import junit
from neopack.reports.markdown import markdown
from neopack.reports.sarif import sarif
from neopack.values.finding import CheckResult, Finding, Report, RuleOutcome

# any character, halves of characters and controls too, as a tar may name its members
TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


@st.composite
def anything(draw: st.DrawFn) -> CheckResult:
    where = draw(TEXT)
    finding = Finding(
        id="NEO-AR-004",
        level=draw(st.sampled_from(["error", "warning", "info"])),
        message=draw(TEXT),
        where=where,
        said_by_neo=draw(TEXT),
        cause=draw(TEXT),
        fix=draw(TEXT),
        source=draw(TEXT),
    )
    made = Report(
        subject=draw(TEXT),
        framework="ONNX",
        framework_version=draw(TEXT),
        target=draw(TEXT),
        facts_as_of="2026",
        findings=(finding, finding),
        outcomes=(
            RuleOutcome(id="NEO-AR-004", outcome="found"),
            RuleOutcome(id="NEO-AR-005", outcome="not checked", reason=draw(TEXT)),
        ),
    )
    members = draw(st.sampled_from([(), (where,)]))
    return CheckResult(path=draw(TEXT), members=members, reports=(made,), sha256="00")


@given(anything())
def test_junit_is_xml(made: CheckResult) -> None:
    text = junit(made)
    root = ET.fromstring(text.encode())  # noqa: S314 - we wrote it
    assert len(root.findall("testsuite/testcase")) == 2
    assert not any(0x7F <= ord(letter) <= 0x9F for letter in text)


@given(anything())
def test_sarif_is_json_and_its_places_are_uris(made: CheckResult) -> None:
    run = json.loads(sarif(made).encode("ascii"))["runs"][0]
    assert len(run["results"]) == 2
    for artifact in run["artifacts"]:
        uri = artifact["location"]["uri"]
        assert uri
        assert uri.isascii()
        assert not set(uri) & set(' <>"{}|\\^`')


@given(anything())
def test_github_has_one_command_a_line(made: CheckResult) -> None:
    lines = github(made).splitlines()
    assert len(lines) == 3
    for line in lines:
        assert line.startswith("::")
        properties = line[2:].split("::")[0]
        assert properties.count(",") == 1
        assert line.isprintable()


@given(anything())
def test_markdown_has_no_markup_of_the_archive(made: CheckResult) -> None:
    text = markdown(made)
    assert text.count("\n## ") == 0
    assert all(letter == "\n" or letter.isprintable() for letter in text)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 3
