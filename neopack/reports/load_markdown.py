"""A load test in Markdown: the table of its stages, and what it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack.loadtests.running import LoadResult
from neopack.reports.load import head, rate_lines, remarks, row
from neopack.reports.load_about import about, command
from neopack.reports.markdown import plain, table
from neopack.reports.printable import printable
from neopack.values.subject import Subject

__all__ = ["load_markdown"]


def load_markdown(result: LoadResult, subjects: Sequence[Subject]) -> str:
    return "\n".join(_lines(result, subjects)) + "\n"


def _lines(result: LoadResult, subjects: Sequence[Subject]) -> Iterator[str]:
    yield from (f"# Load test of {plain(result.subject)}", "")
    settings, price = result.settings, result.price
    rows = [row(stage, settings, price) for stage in result.stages]
    yield from table(head(settings, price), rows)
    notes = [*rate_lines(result), *remarks(result)]
    yield ""
    yield from (f"- {plain(note)}" for note in notes)
    yield from (["", "## What was measured", ""] if notes else ["## What was measured", ""])
    yield from table(("", ""), list(about(result, subjects)))
    yield from ("", "To repeat it:", "", f"    {printable(command(result))}")
