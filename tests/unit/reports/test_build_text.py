"""The text of a build, on wide and narrow terminals and in a pipe; its JUnit report."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from neopack.build.results import BuildResult, BuiltStep, BuiltTarget
from neopack.build.tasks import Failure
from neopack.reports.build import build_text
from neopack.reports.build_junit import build_junit

SCHEMA = Path(__file__).parents[2] / "schemas/junit-10.xsd"

REFUSED = Failure(kind="CheckFailed", message="NEO-CO-004: needs gpu-code", exit_code=1)


def row(model: str, **values: object) -> BuiltTarget:
    step = BuiltStep(step="package", state="made", seconds=1.2, why="new")
    return BuiltTarget(model=model, target="ml_c5", steps=(step,), **values)  # type: ignore[arg-type]


RESULT = BuildResult(
    rows=(
        row("small", state="made", bytes=1200),
        row("a-model-with-a-long-name", state="refused", failures=(REFUSED,)),
    ),
    folder="build",
    seconds=2.5,
    exit_code=1,
)


def text(columns: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    if columns:
        monkeypatch.setenv("COLUMNS", str(columns))
    return build_text(RESULT).splitlines()


def test_a_table_without_empty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = text(100, monkeypatch)
    assert lines[0].split() == ["model", "target", "state", "steps", "size"]
    assert lines[2].split()[:3] == ["a-model-with-a-long-name", "ml_c5", "refused"]
    assert lines[3] == "error: a-model-with-a-long-name for ml_c5: NEO-CO-004: needs gpu-code"
    assert lines[4] == "1 made, 1 refused in 2.5 s"


def test_paragraphs_where_the_table_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = text(60, monkeypatch)
    assert max(map(len, lines)) <= 60
    assert lines[0] == "small for ml_c5: made; package 1.2 s (new); size 1.2 kB"
    assert lines[1] == "a-model-with-a-long-name for ml_c5: refused; package 1.2 s"


def test_a_row_is_a_line_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(text(0, monkeypatch)) == 5


def test_junit_is_what_jenkins_reads() -> None:
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    schema.assertValid(etree.fromstring(build_junit(RESULT).encode()))
