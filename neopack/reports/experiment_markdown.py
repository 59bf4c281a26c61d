"""An experiment in Markdown: its tables, and what it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack.experiments.result import ExperimentResult
from neopack.reports.experiment import verdicts
from neopack.reports.experiment_about import about, command
from neopack.reports.experiment_sections import Section, accuracy_sections, speed_sections
from neopack.reports.markdown import plain, table
from neopack.reports.printable import printable
from neopack.values.subject import Subject

__all__ = ["experiment_markdown"]


def experiment_markdown(result: ExperimentResult, subjects: Sequence[Subject]) -> str:
    return "\n".join(_lines(result, subjects)) + "\n"


def _lines(result: ExperimentResult, subjects: Sequence[Subject]) -> Iterator[str]:
    names = ", ".join(each.name for each in result.measured)
    yield from (f"# Experiment: {plain(names)}", "")
    yield from (f"- {plain(line)}" for line in verdicts(result))
    for section in (*speed_sections(result), *accuracy_sections(result)):
        yield from _section(section)
    yield from ("", "## What was measured", "")
    yield from table(("", ""), list(about(result, subjects)))
    yield from ("", "To repeat it:", "", f"    {printable(command(result))}")


def _section(section: Section) -> Iterator[str]:
    yield ""
    if section.title:
        yield from (f"## {section.title}", "")
    yield from table(section.head, section.rows)
    if section.notes:
        yield ""
        yield from (f"- {plain(note)}" for note in section.notes)
