"""Seeded rows as a pipeline takes them: numbers where its scalers saw numbers, its categories, and
missing values where it fills them in."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from neopack.frameworks.xgboost.pipelines.steps import Step

__all__ = ["raw_rows"]

MISSING_EVERY = 8


@dataclass(slots=True)
class _Column:
    """What one column holds, as far as the steps tell."""

    center: float = 0.0
    spread: float = 1.0
    words: list[Any] = field(default_factory=list)
    missing: list[Any] = field(default_factory=list)

    def values(self, count: int, random: Any) -> list[Any]:
        if self.words:
            drawn = [self.words[at] for at in random.integers(len(self.words), size=count)]
        else:
            drawn = (self.center + self.spread * random.normal(size=count)).tolist()
        for at in range(random.integers(MISSING_EVERY), count, MISSING_EVERY):
            drawn[at] = self.missing[0] if self.missing else drawn[at]
        return drawn


def raw_rows(steps: Sequence[Step], columns: int, count: int, seed: int) -> list[list[Any]]:
    """``count`` rows of ``columns`` values of JSON; a missing number is NaN."""
    import numpy as np

    told = [_Column() for _ in range(columns)]
    _learn(steps, told)
    random = np.random.default_rng(seed)
    drawn = [each.values(count, random) for each in told]
    return [list(row) for row in zip(*drawn, strict=True)]


def _learn(steps: Sequence[Step], columns: Sequence[_Column]) -> None:
    """As far as a column of a step is one of the pipeline's."""
    for step in steps:
        kind = step["do"]
        if kind == "columns":
            for places, inner in step["parts"]:
                _learn(inner, [columns[at] for at in places])
            return
        if kind == "scale":
            _learn_scale(step, columns)
        elif kind == "impute":
            for column in columns:
                column.missing = column.missing or [step["missing"]]
            columns = [columns[at] for at in step["columns"]]
            if step["marks"]:
                return
        elif kind == "select":
            columns = [columns[at] for at in step["columns"]]
        elif kind in ("one-hot", "ordinal"):
            for column, words in zip(columns, step["categories"], strict=True):
                column.words = column.words or words
            return


def _learn_scale(step: Mapping[str, Any], columns: Sequence[_Column]) -> None:
    for column, (center, spread) in zip(columns, _scales(step, len(columns)), strict=True):
        known = column.words or (column.center, column.spread) != (0.0, 1.0)
        if not known and math.isfinite(center) and math.isfinite(spread) and spread:
            column.center, column.spread = center, spread


def _scales(step: Mapping[str, Any], count: int) -> Iterator[tuple[float, float]]:
    """Of each column its middle and how far it spreads, by what undoes the step."""
    blank = [None] * count
    numbers = (step.get(name) or blank for name in ("minus", "divide", "times", "plus"))
    for minus, divide, times, plus in zip(*numbers, strict=True):
        if times:  # to 0 and 1, or the like
            yield (0.5 - (plus or 0.0)) / times, 1 / times
        else:
            yield minus or 0.0, divide or 1.0
