"""docs/tree.md: the rooms from the bottom up, in the rows that tests/architecture enforces."""

from __future__ import annotations

import ast
import runpy
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROWS: tuple[tuple[str, ...], ...] = runpy.run_path(str(ROOT / "tests/architecture/rooms.py"))[
    "ROWS"
]
BEGIN, END = "<!-- rooms -->", "<!-- end -->"


def tree_page(text: str) -> str:
    """Return the page with a current list of rooms between its two marks."""
    before, after = text.split(BEGIN, maxsplit=1)[0], text.split(END)[1]
    return f"{before}{BEGIN}\n{_rooms()}{END}{after}"


def _rooms() -> str:
    lines = ["| Row | Room | What is in it |", "|---|---|---|"]
    for number, row in reversed(list(enumerate(ROWS))):
        lines += [f"| {number} | `{_path(room)}` | {_purpose(room)} |" for room in _shown(row)]
    arrow = " → ".join(", ".join(_shown(row)) for row in reversed(ROWS) if any(_shown(row)))
    return "\n".join([*lines, "", f"Imports go one way: {arrow}.", ""])


def _shown(row: tuple[str, ...]) -> list[str]:
    return [room for room in row if not room.startswith("_")]


def _path(room: str) -> str:
    return f"{room}/" if (ROOT / "neopack" / room).is_dir() else f"{room}.py"


def _purpose(room: str) -> str:
    """The first paragraph of the room's docstring."""
    path = ROOT / "neopack" / _path(room)
    source = path / "__init__.py" if path.is_dir() else path
    doc = ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""
    return " ".join(_first(doc)).replace("``", "`")


def _first(doc: str) -> Iterator[str]:
    for line in doc.splitlines():
        if not line.strip():
            return
        yield line.strip()
