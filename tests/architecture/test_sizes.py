"""Sizes that keep the tree readable, and the public names of every module."""

from __future__ import annotations

import ast
import importlib
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "neopack"
FILES = sorted(ROOT.rglob("*.py"))
LONGEST_FUNCTION = 60
LONGEST_FILE = 600
MEDIAN_FUNCTION = 8
# typer reads a command's options from its parameters, one line each: not a body to read
COMMANDS = ROOT / "cli"


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0].lineno if path.parent == COMMANDS else node.lineno
            last = node.end_lineno or node.lineno
            yield node.name, last - first + 1 - docstring_lines(node)


def docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    if ast.get_docstring(node) is None or first.end_lineno is None:
        return 0
    return first.end_lineno - first.lineno + 1


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_and_no_function_is_too_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    long = [(name, lines) for name, lines in functions(path) if lines > LONGEST_FUNCTION]
    assert not long


def test_most_functions_are_short() -> None:
    lengths = [lines for path in FILES for _, lines in functions(path)]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION


def test_no_drawer_for_everything() -> None:
    assert not [p for p in FILES if p.stem in {"utils", "helpers", "common", "misc"}]


@pytest.mark.parametrize(
    "path",
    [
        p
        for p in FILES
        if (not p.stem.startswith("_") or p.stem == "__init__") and "inside" not in p.parts
    ],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_public_names_are_said_sorted_and_there(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
    loaded = importlib.import_module(module.removesuffix(".__init__"))
    said = getattr(loaded, "__all__", [])
    assert list(said) == sorted(said, key=lambda n: (not n.isupper(), n[0].islower(), n)) or list(
        said
    ) == sorted(said)
    assert all(hasattr(loaded, name) for name in said)
