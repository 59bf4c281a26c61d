"""The registry of formats: every function that it names exists, and the CLI names its rows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from neopack import api
from neopack.errors import SourceError
from neopack.reports import registry

COMMANDS = Path(registry.__file__).parents[1] / "cli"


@pytest.mark.parametrize("name", registry.RESULTS)
def test_every_row_names_functions_that_exist(name: str) -> None:
    row = registry.RESULTS[name]
    for function in (row.text, *row.others.values()):
        assert callable(registry._function(function))


def test_every_result_is_printed_by_some_command() -> None:
    printed = {name for path in COMMANDS.glob("*.py") for name in results(path)}
    assert printed == set(registry.RESULTS)


def results(path: Path) -> Iterator[str]:
    """The rows that a module of commands names: in its decorators."""
    calls = (n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call))
    for call in calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "answers":
            yield from (str(arg.value) for arg in call.args if isinstance(arg, ast.Constant))


@pytest.mark.parametrize("form", registry.RESULTS["checks"].others)
def test_a_failure_is_not_an_empty_report(form: str) -> None:
    unchecked = api.unchecked("m.tar.gz", SourceError("cannot be read"))
    report = registry.render_failure(form, unchecked)
    assert "cannot be read" in report.replace("\\", "")
