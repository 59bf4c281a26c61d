"""What a check says, in the forms that other programs read, held against their own schemas."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from checked import checked, finding, report
from lxml import etree

from neopack import api
from neopack.errors import Malformed
from neopack.reports import github as github_reports
from neopack.reports import junit as junit_reports
from neopack.reports import markdown as markdown_reports
from neopack.reports import sarif as sarif_reports
from neopack.reports.github import github
from neopack.reports.json_documents import document
from neopack.reports.junit import junit
from neopack.reports.markdown import markdown
from neopack.reports.sarif import FINGERPRINT, sarif
from neopack.reports.text import checked_models_text, checked_text
from neopack.values.finding import CheckedModels, CheckResult, RuleOutcome

SCHEMAS = Path(__file__).parents[2] / "schemas"
BAD = checked(
    report(
        finding("NEO-AR-004", "error", where="../evil"),
        finding("NEO-AR-010", "warning", where="a/._b"),
        finding("NEO-AR-015", "info"),
        finding("NEO-DC-001", "error", where="DataInputConfig"),
        outcomes=(RuleOutcome(id="NEO-DC-005", outcome="not checked", reason="no <config> & co"),),
    ),
    report(target="linux/arm64/nvidia"),
    members=("../evil", "a/._b", "net.pth"),
)


@cache
def sarif_schema() -> jsonschema.Draft4Validator:
    schema = json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_bytes())
    return jsonschema.Draft4Validator(
        schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER
    )


@cache
def junit_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(SCHEMAS / "junit-10.xsd")))


def run_of(made: CheckResult) -> Any:
    document = json.loads(sarif(made))
    sarif_schema().validate(document)
    return document["runs"][0]


def suites_of(made: CheckResult) -> etree._Element:
    root = etree.fromstring(junit(made).encode())
    junit_schema().assertValid(root)
    return root


# --- SARIF ----------------------------------------------------------------------------------


def test_sarif_has_a_result_for_each_finding_and_a_rule_with_help() -> None:
    run = run_of(BAD)
    rules = run["tool"]["driver"]["rules"]
    assert [r["ruleId"] for r in run["results"]] == [f.id for f in BAD.reports[0].findings]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert {r["level"] for r in run["results"]} == {"error", "warning", "note"}
    for rule in rules:
        assert rule["help"]["text"]
        assert "Fix." in rule["help"]["markdown"]


@pytest.mark.parametrize("made", [BAD, checked(report())], ids=["findings", "clean"])
def test_sarif_has_what_microsofts_validator_asks_for(made: CheckResult) -> None:
    """Rules SARIF2005 and SARIF2017 of Sarif.Multitool 5.7.0: ``tools/validate_sarif.py``."""
    run = run_of(made)
    driver = run["tool"]["driver"]
    assert driver["informationUri"].startswith("https://")
    assert driver["semanticVersion"]
    for result in run["results"]:
        for location in result["locations"]:
            assert location["physicalLocation"]["region"]["startLine"] >= 1


def test_sarif_nests_members_in_the_archive() -> None:
    run = run_of(BAD)
    archive, *nested = run["artifacts"]
    assert archive["location"]["uri"] == "dir/net.tar.gz"
    assert archive["hashes"] == {"sha-256": BAD.sha256}
    assert [one["parentIndex"] for one in nested] == [0, 0]
    for result in run["results"]:
        at = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert run["artifacts"][at["index"]]["location"]["uri"] == at["uri"]
    config = run["results"][-1]["locations"][0]
    assert config["logicalLocations"] == [{"fullyQualifiedName": "DataInputConfig"}]


def test_sarif_fingerprints_outlive_words_and_tell_targets_apart() -> None:
    def prints(*messages: str, target: str = "ml_c5") -> list[str]:
        found = [finding("NEO-AR-004", "error", where="x", message=m) for m in messages]
        run = run_of(checked(report(*found, target=target)))
        return [result["partialFingerprints"][FINGERPRINT] for result in run["results"]]

    assert prints("one", "two") == prints("other", "words")
    assert len(set(prints("same", "same"))) == 2
    assert set(prints("one")).isdisjoint(prints("one", target="ml_p3"))


def test_sarif_says_what_was_not_checked() -> None:
    (notice,) = run_of(BAD)["invocations"][0]["toolExecutionNotifications"]
    assert notice["associatedRule"]["id"] == "NEO-DC-005"


# --- JUnit ----------------------------------------------------------------------------------


def test_junit_has_a_suite_for_each_target_and_a_case_for_each_rule() -> None:
    root = suites_of(BAD)
    first, second = root.findall("testsuite")
    assert (first.get("tests"), first.get("failures"), first.get("errors")) == ("5", "2", "1")
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("5", "2", "1")
    assert second.get("package") == "linux/arm64/nvidia"
    assert len(first.findall("testcase/failure")) == 2
    assert len(first.findall("testcase/system-out")) == 2
    assert first.find("testcase/error").get("message") == "no <config> & co"


@pytest.mark.parametrize(("passing", "failures"), [("error", 0), ("warning", 2), ("info", 3)])
def test_junit_fails_what_does_not_pass(passing: Any, failures: int) -> None:
    made = checked(*BAD.reports, passing=passing)
    assert len(suites_of(made).findall(".//failure")) == failures


# --- GitHub, Markdown -----------------------------------------------------------------------


def test_github_has_a_line_for_each_finding() -> None:
    lines = github(BAD).split("\n")
    assert [line.split(" ")[0] for line in lines] == [
        "::error", "::warning", "::notice", "::error", "::error"
    ]  # fmt: skip
    assert lines[0].startswith("::error file=dir/net.tar.gz,title=NEO-AR-004 for ml_c5%3A ")
    assert "%0AFix%3A" not in lines[0]
    assert "%0AFix: " in lines[0]


def test_github_says_nothing_of_what_is_clean() -> None:
    assert github(checked(report())) == ""


def test_markdown_has_a_row_for_each_target() -> None:
    text = markdown(BAD)
    assert text.startswith("## dir/net.tar.gz does not pass")
    assert r"| ml\_c5 | PYTORCH 2.0 | 2 | 1 | 1 | 2026 |" in text
    assert "| linux/arm64/nvidia | PYTORCH 2.0 | 0 | 0 | 0 | 2026 |" in text
    assert "- **not checked** NEO-DC-005: no \\<config\\> \\& co" in text


def test_markdown_of_what_passes() -> None:
    assert markdown(checked(report())).startswith("## dir/net.tar.gz passes")


def test_what_was_not_checked_for_one_reason_is_one_line() -> None:
    outcomes = tuple(
        RuleOutcome(id=f"NEO-DC-00{n}", outcome="not checked", reason=reason)
        for n, reason in ((5, "no config"), (6, "no config"), (7, "another"))
    )
    made = checked(report(outcomes=outcomes))
    assert [line.split("::")[1:] for line in github(made).splitlines()] == [
        [
            "error file=dir/net.tar.gz,title=NEO-DC-005%2C NEO-DC-006 for ml_c5%3A not checked",
            "no config",
        ],
        ["error file=dir/net.tar.gz,title=NEO-DC-007 for ml_c5%3A not checked", "another"],
    ]
    said = checked_text(made).splitlines()
    assert "not checked  NEO-DC-005, NEO-DC-006: no config" in said
    assert "not checked  NEO-DC-007: another" in said


def test_a_field_of_the_value_is_not_taken_for_the_documents() -> None:
    told = json.loads(document("jobs show", {"kind": "compiled", "name": "net"}))
    assert told == {
        "schema": 1, "kind": "jobs show", "value": {"kind": "compiled", "name": "net"},
    }  # fmt: skip
    assert json.loads(document("runtimes", [1]))["value"] == [1]
    assert json.loads(document("run", {"name": "net"}))["name"] == "net"


def test_several_models_are_one_valid_document() -> None:
    wrong = report(finding("NEO-PT-003", "error"))
    both = checked(wrong, path="a.tar.gz"), checked(report(), wrong, path="b.tar.gz")
    unchecked = api.unchecked("c.tar.gz", Malformed("cut short"))
    models = CheckedModels(results=both, unchecked=(unchecked,))
    document = json.loads(sarif_reports.sarif_of_models(models))
    sarif_schema().validate(document)
    ids = [run["automationDetails"]["id"] for run in document["runs"]]
    assert len(set(ids)) == 3
    root = etree.fromstring(junit_reports.junit_of_models(models).encode())
    junit_schema().assertValid(root)
    assert len(root) == 4
    assert int(root.get("errors", 0)) == sum(int(suite.get("errors", 0)) for suite in root)
    assert "c.tar.gz" in github_reports.github_of_models(models).split("\n")[-1]
    assert markdown_reports.markdown_of_models(models).count("\n## ") == 2
    assert "cut short" in checked_models_text(models).split("\n")[-1]


@pytest.mark.parametrize("path", ["net.tar.gz", "a\x1b[1m<b>,%:&\n.tar.gz"])
def test_a_check_that_failed_is_valid_in_each_form(path: str) -> None:
    error = Malformed("the gzip stream is cut short", offset=7, where=path, hint="fetch it again")
    unchecked = api.unchecked(path, error)
    document = json.loads(sarif_reports.failed(unchecked))
    sarif_schema().validate(document)
    assert document["runs"][0]["results"] == []
    root = etree.fromstring(junit_reports.failed(unchecked).encode())
    junit_schema().assertValid(root)
    assert [one.get("message") for one in root.iter("error")] != []
    assert github_reports.failed(unchecked).count("\n") == 0
    assert "could not be checked" in markdown_reports.failed(unchecked)
