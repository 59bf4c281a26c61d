"""Results in a notebook: tables in HTML that nothing of a file can change."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from checked import checked, finding, report
from lxml import html

from neopack.reports import notebook
from neopack.reports.wrapping import table, wrapped
from neopack.values.finding import Report


def test_a_report_is_a_table_of_its_findings() -> None:
    found = report(finding("NEO-PT-003", "error", where="<b>m\u202e.pt"), finding("X", "info"))
    root = html.fragment_fromstring(notebook.report_html(found), create_parent=True)
    (row,) = root.findall(".//tbody/tr")
    cells = ["".join(cell.itertext()) for cell in row]
    assert cells == ["error", "NEO-PT-003", "<b>m\\u202e.pt", "it is wrong", "mend it"]
    assert "1 errors" in "".join(root.itertext())


def test_every_result_that_prints_long_has_a_form() -> None:
    names = {kind.__name__ for kind in notebook.HTML}
    assert names == {
        "BenchResult", "CheckResult", "CompiledArtifact", "Inspection", "NeoArchive", "Report",
    }  # fmt: skip
    assert "net.tar.gz" in notebook.HTML[type(checked())](checked(report()))


def test_a_notebook_is_told_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[Any, Any] = {}
    html_formatter = SimpleNamespace(for_type=told.__setitem__)
    display = SimpleNamespace(formatters={"text/html": html_formatter})
    ipython: Any = ModuleType("IPython")
    ipython.get_ipython = lambda: SimpleNamespace(display_formatter=display)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    notebook.register()
    assert told[Report] is notebook.report_html


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_text_and_tables_keep_to_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    words = " ".join(["a word or two"] * 20)
    rows = [("name", "what", "number"), ("net.tar.gz", words, "1,000"), ("b", "short", "2")]
    lines = [*table(rows), *wrapped("note     ", words)]
    assert max(map(len, lines)) <= columns
    assert " ".join(" ".join(lines).split()).count("word") == 40
    assert all(line == line.rstrip() for line in lines)


def test_a_row_is_a_line_for_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert len(list(table([("a", "b" * 300, "1"), ("c", "d", "2")]))) == 2
