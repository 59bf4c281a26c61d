"""The engine: nothing stops the rest, levels follow the path, what could not run is said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from contexts import context, entries, onnx, pytorch

from neopack.checks import engine
from neopack.errors import Malformed, UsageError
from neopack.rules import archive, dataconfig, needs
from neopack.rules.rule import CheckContext, Hit, Rule, rule


@rule("NEO-AR-001")
def always(_: CheckContext) -> Iterator[Hit]:
    yield Hit(message="first\n thing", where="there", values={"name": "m.tar.gz"})
    yield Hit(message="second")


@rule("NEO-AR-010")
def breaks(_: CheckContext) -> Iterator[Hit]:
    yield Hit(message="seen before")
    raise Malformed("torn", offset=7, where="model.pth")


@rule("NEO-AR-002")
def crashes(_: CheckContext) -> Iterator[Hit]:
    raise KeyError("a bug")
    yield  # type: ignore[unreachable]


@rule("NEO-PT-003", needs=("info",))
def needs_info(_: CheckContext) -> Iterator[Hit]:
    yield Hit(message="looked")


@rule("NEO-DC-010", needs=("config",))
def needs_config(_: CheckContext) -> Iterator[Hit]:
    yield Hit(message="looked")


@rule("NEO-PT-016", paths=("tvm",))
def on_tvm(_: CheckContext) -> Iterator[Hit]:
    yield Hit(message="tvm")


def outcomes(rules: list[Rule], judged: CheckContext) -> dict[str, tuple[str, str]]:
    return {o.id: (o.outcome, o.reason) for o in engine.run(rules, judged).outcomes}


def test_all_findings_are_collected_in_order() -> None:
    report = engine.run([breaks, always], pytorch())
    assert [(f.id, f.level, f.message) for f in report.findings] == [
        ("NEO-AR-001", "error", "first thing"),
        ("NEO-AR-001", "error", "second"),
        ("NEO-AR-010", "warning", "seen before"),
        ("NEO-AR-010", "warning", "torn at byte 7, so the rest was not checked"),
    ]
    assert report.findings[0].fix == "Name the archive m.tar.gz."
    assert report.findings[1].fix == "Name the archive NAME."
    assert report.findings[3].where == "model.pth"
    assert report.findings[0].source
    assert report.findings[0].confidence == "documented"


def test_a_bug_in_a_rule_is_not_hidden() -> None:
    with pytest.raises(KeyError):
        engine.run([crashes], pytorch())


def test_the_report_names_its_subject() -> None:
    report = engine.run([], pytorch(target="ml_inf1"))
    assert (report.subject, report.framework, report.target) == (
        "model.tar.gz",
        "PYTORCH",
        "ml_inf1",
    )
    assert (report.framework_version, report.facts_as_of) == ("1.9", "2026")
    assert report.clean


def test_a_rule_without_its_needs_is_not_checked() -> None:
    assert outcomes([needs_info], pytorch(info=None)) == {
        "NEO-PT-003": ("not checked", "the model could not be read")
    }
    torn = pytorch(info=None, unreadable="torn at byte 3")
    assert "torn at byte 3" in outcomes([needs_info], torn)["NEO-PT-003"][1]
    assert outcomes([needs_config], onnx(data_input_config=None)) == {
        "NEO-DC-010": ("not checked", "no DataInputConfig was given")
    }
    assert outcomes([needs_config], onnx(data_input_config="{'a':1}")) == {
        "NEO-DC-010": ("not checked", "DataInputConfig is not readable")
    }


def test_what_is_absent_by_right_is_no_outcome() -> None:
    assert outcomes([needs_config], context("XGBOOST")) == {}
    assert outcomes([needs_config], pytorch(data_input_config=None)) == {}
    assert outcomes([on_tvm], pytorch()) == {}


@pytest.mark.parametrize(
    ("judged", "required"),
    [
        (context("XGBOOST"), False),
        (context("XGBOOST", as_of="2022-12-30"), True),
        (pytorch(), False),
        (pytorch(framework_version="1.13"), True),
        (pytorch(target="ml_inf1"), True),
        (pytorch(info=None), True),
        (onnx(), True),
    ],
)
def test_where_a_config_is_required(judged: CheckContext, required: bool) -> None:
    assert bool(needs.config_required(judged)) is required


def test_rules_of_another_framework_do_not_run() -> None:
    assert outcomes([needs_info], onnx()) == {}


def test_select_and_ignore_by_id_or_family() -> None:
    rules = [*archive.RULES, *dataconfig.RULES]
    judged = pytorch(archive_name="model.zip", entries=entries("/model.pth", ".DS_Store"))

    def ids(select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> set[str]:
        report = engine.run(rules, judged, select=select, ignore=ignore)
        return {outcome.id for outcome in report.outcomes}

    assert ids(select=("NEO-AR-001",)) == {"NEO-AR-001"}
    assert ids(select=("neo-ar",)) == {r.id for r in archive.RULES}
    assert "NEO-AR-001" not in ids(ignore=("NEO-AR-001",))
    assert ids(ignore=("NEO-AR", "NEO-DC")) == set()


@pytest.mark.parametrize("pattern", ["NEO-AR-999", "nonsense", ""])
def test_an_unknown_rule_is_a_usage_error(pattern: str) -> None:
    with pytest.raises(UsageError):
        engine.run(archive.RULES, pytorch(), ignore=(pattern,))


def test_the_level_follows_the_path() -> None:
    def level(judged: CheckContext) -> str:
        report = engine.run(archive.RULES, judged, select=("NEO-AR-011",))
        return report.findings[0].level

    assert level(pytorch(entries=entries("MODEL.PTH"))) == "warning"
    assert level(pytorch(target="rasp4b", entries=entries("MODEL.PTH"))) == "error"
