"""The tables of an experiment with their titles, in the order in which its reports show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
)
from neopack.reports.published import PUBLISHED_HEAD, published_notes, published_rows

__all__ = ["Section", "accuracy_sections", "speed_sections"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A table with what is remarked below it."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def speed_sections(result: ExperimentResult) -> Iterator[Section]:
    """What stands before the plots."""
    yield Section(title="", head=figure_head(result), rows=tuple(figure_rows(result)))
    ratios = tuple(ratio_rows(result))
    if ratios:
        title = "Ratios, with 95 % confidence intervals"
        yield Section(title=title, head=RATIO_HEAD, rows=ratios)


def accuracy_sections(result: ExperimentResult) -> Iterator[Section]:
    """What stands after them."""
    yield Section(
        title="Accuracy",
        head=ACCURACY_HEAD,
        rows=tuple(accuracy_rows(result)),
        notes=tuple(notes(result)),
    )
    if result.beside:
        told = publication(result.beside)
        yield Section(
            title="What AWS published",
            head=PUBLISHED_HEAD,
            rows=tuple(published_rows(told)),
            notes=tuple(published_notes(told)),
        )
