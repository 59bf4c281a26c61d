"""An experiment in Markdown: its tables, and what it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack.experiments.result import ExperimentResult
from neopack.facts.published import publication
from neopack.reports.experiment import (
    ACCURACY_HEAD,
    RATIO_HEAD,
    accuracy_rows,
    figure_head,
    figure_rows,
    notes,
    ratio_rows,
    verdicts,
)
from neopack.reports.experiment_about import about, command
from neopack.reports.markdown import plain, table
from neopack.reports.printable import printable
from neopack.reports.published import PUBLISHED_HEAD, published_notes, published_rows
from neopack.values.subject import Subject

__all__ = ["experiment_markdown"]


def experiment_markdown(result: ExperimentResult, subjects: Sequence[Subject]) -> str:
    return "\n".join(_lines(result, subjects)) + "\n"


def _lines(result: ExperimentResult, subjects: Sequence[Subject]) -> Iterator[str]:
    names = ", ".join(each.name for each in result.measured)
    yield from (f"# Experiment: {plain(names)}", "")
    yield from (f"- {plain(line)}" for line in verdicts(result))
    yield ""
    yield from table(figure_head(result), list(figure_rows(result)))
    ratios = list(ratio_rows(result))
    if ratios:
        yield from ("", "## Ratios, with 95 % confidence intervals", "")
        yield from table(RATIO_HEAD, ratios)
    yield from ("", "## Accuracy", "")
    yield from table(ACCURACY_HEAD, list(accuracy_rows(result)))
    yield ""
    yield from (f"- {plain(note)}" for note in notes(result))
    if result.beside:
        told = publication(result.beside)
        yield from ("", "## What AWS published", "")
        yield from table(PUBLISHED_HEAD, list(published_rows(told)))
        yield ""
        yield from (f"- {plain(note)}" for note in published_notes(told))
    yield from ("", "## What was measured", "")
    yield from table(("", ""), list(about(result, subjects)))
    yield from ("", "To repeat it:", "", f"    {printable(command(result))}")
