"""Results in a notebook: tables in HTML that nothing of a file can change."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from checked import checked, finding, report
from lxml import html

from neopack.reports import notebook, notebook_log
from neopack.reports.wrapping import table, wrapped
from neopack.values.finding import Report
from neopack.values.log import SilentLog


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


def test_a_verb_s_progress_is_one_output(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    def display(text: str, *, display_id: bool) -> Any:
        shown.append(text)
        return SimpleNamespace(update=shown.append)

    ipython: Any = ModuleType("IPython")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
    ipython.display = ModuleType("IPython.display")
    ipython.display.HTML = str
    ipython.display.display = display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython.display)
    log = notebook_log.log()
    with log.step("writing <b>", 10):
        assert shown[-1] == "<div>writing &lt;b&gt; <progress value='0' max='10'></progress></div>"
        log.advance(5)
        log.warn("odd\x1b")
        assert "value='5' max='10'" in shown[-1]
    assert shown[-1].endswith("<div><b>warning:</b> odd\\x1b</div>")
    assert "writing &lt;b&gt;: 0.0 s" in shown[-1]
    ipython.get_ipython = lambda: SimpleNamespace()  # IPython on a terminal
    assert isinstance(notebook_log.log(), SilentLog)


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
