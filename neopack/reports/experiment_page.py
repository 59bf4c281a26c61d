"""An experiment as one page of HTML that fetches nothing and runs nothing."""

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
from neopack.reports.experiment_plots import figures
from neopack.reports.page import items, page, pairs, table
from neopack.reports.published import PUBLISHED_HEAD, published_notes, published_rows
from neopack.reports.svg_plot import text_of
from neopack.values.subject import Subject

__all__ = ["experiment_page"]


def experiment_page(result: ExperimentResult, subjects: Sequence[Subject]) -> str:
    names = ", ".join(each.name for each in result.measured)
    return page(f"Experiment: {names}", _body(result, subjects))


def _body(result: ExperimentResult, subjects: Sequence[Subject]) -> Iterator[str]:
    yield from (f'<p class="lead">{text_of(line)}.</p>' for line in verdicts(result))
    yield from table(figure_head(result), figure_rows(result))
    ratios = list(ratio_rows(result))
    if ratios:
        yield "<h2>Ratios, with 95 % confidence intervals</h2>"
        yield from table(RATIO_HEAD, ratios)
    yield '<div class="plots">'
    yield from figures(result)
    yield "</div>"
    yield "<h2>Accuracy</h2>"
    yield from table(ACCURACY_HEAD, accuracy_rows(result))
    yield from items(notes(result))
    yield from _published(result)
    yield "<h2>What was measured</h2>"
    yield from pairs(about(result, subjects))
    yield "<h2>To repeat it</h2>"
    yield f"<pre>{text_of(command(result))}</pre>"


def _published(result: ExperimentResult) -> Iterator[str]:
    if result.beside:
        told = publication(result.beside)
        yield "<h2>What AWS published</h2>"
        yield from table(PUBLISHED_HEAD, published_rows(told))
        yield from items(published_notes(told))
