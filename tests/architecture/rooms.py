"""The rooms of neopack, from the bottom up. docs/tree.md is written from these rows."""

from __future__ import annotations

# a room imports only rooms of the rows before it: nothing of its own row, so that no cycle is
# possible
ROWS: tuple[tuple[str, ...], ...] = (
    ("_version", "values", "plugins", "spelling", "versions", "keywords"),
    ("errors", "distributions"),
    ("facts", "formats"),
    ("outputs",),
    ("goldens", "dataconfig", "processes", "project"),
    ("options",),
    ("archive", "rules", "runtimes"),
    ("support", "frameworks", "engines"),
    ("artifacts",),
    ("checks", "compiling", "measure", "proving", "serving"),
    ("packaging", "sagemaker", "differences", "beginning"),
    ("loadtests", "build"),
    ("experiments", "provenance"),
    ("advice", "sharing"),
    ("reports",),
    ("api",),
    ("emulator", "testing"),
    ("cli",),
    ("__main__",),
)
PLACE = {room: index for index, row in enumerate(ROWS) for room in row}
