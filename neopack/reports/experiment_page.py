"""An experiment as one page of HTML that fetches nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack.experiments.result import ExperimentResult
from neopack.reports.experiment import verdicts
from neopack.reports.experiment_about import about, command
from neopack.reports.experiment_plots import figures
from neopack.reports.experiment_sections import Section, accuracy_sections, speed_sections
from neopack.reports.page import items, page, pairs, table
from neopack.reports.svg_plot import text_of
from neopack.values.subject import Subject

__all__ = ["experiment_page"]


def experiment_page(result: ExperimentResult, subjects: Sequence[Subject]) -> str:
    names = ", ".join(each.name for each in result.measured)
    return page(f"Experiment: {names}", _body(result, subjects))


def _body(result: ExperimentResult, subjects: Sequence[Subject]) -> Iterator[str]:
    yield from (f'<p class="lead">{text_of(line)}.</p>' for line in verdicts(result))
    for section in speed_sections(result):
        yield from _section(section)
    yield '<div class="plots">'
    yield from figures(result)
    yield "</div>"
    for section in accuracy_sections(result):
        yield from _section(section)
    yield "<h2>What was measured</h2>"
    yield from pairs(about(result, subjects))
    yield "<h2>To repeat it</h2>"
    yield f"<pre>{text_of(command(result))}</pre>"


def _section(section: Section) -> Iterator[str]:
    if section.title:
        yield f"<h2>{text_of(section.title)}</h2>"
    yield from table(section.head, section.rows)
    yield from items(section.notes)
