"""Two results of the same kind beside each other, and the conditions that fail a build."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from neopack.errors import Malformed, UsageError
from neopack.experiments.result import ExperimentResult
from neopack.formats.codec import from_json
from neopack.loadtests.recording import StageResult
from neopack.loadtests.running import LoadResult
from neopack.measure.bench import BenchResult, Side
from neopack.measure.price import small_json
from neopack.options import Place
from neopack.spelling import did_you_mean

__all__ = ["FIGURES", "Comparison", "Condition", "StagePair", "compare"]

FIGURES = ("p50", "p95", "p99", "p999", "throughput", "errors", "difference")
OPERATORS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
Stages: TypeAlias = Mapping[str, Mapping[str, float]]
FORM = re.compile(r"\s*([A-Za-z]\w*)\s*(>=|<=|>|<)\s*(\d+(?:\.\d*)?(?:e-?\d{1,3})?)(x?)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePair:
    """One stage of both results: figures by name, milliseconds and answers a second. Of a bench,
    ``stage`` is a side; of an experiment, a subject at a level."""

    stage: str
    first: Mapping[str, float]
    second: Mapping[str, float]

    def ratio(self, figure: str) -> float | None:
        """The second divided by the first; None where the first is 0 or one lacks the figure."""
        before, after = self.first.get(figure), self.second.get(figure)
        return after / before if before and after is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """``held`` says of each condition that holds where it does, a line each."""

    kind: str
    pairs: tuple[StagePair, ...]
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Of the second result: against a number, or, ``relative``, that many times the first."""

    figure: str
    sign: str
    number: float
    relative: bool

    @classmethod
    def parse(cls, text: str) -> Condition:
        """``p95 > 1.1x``, ``errors > 0``. Raises ``UsageError`` for other forms and figures."""
        match = FORM.fullmatch(text)
        if match is None:
            raise UsageError(f"{text!r} is not a condition", hint="write 'p95 > 1.1x'")
        figure = match[1].lower()
        if figure not in FIGURES:
            hint = did_you_mean(figure, FIGURES, f"one of {', '.join(FIGURES)}")
            raise UsageError(f"{match[1]!r} is not a figure", hint=hint)
        return cls(figure=figure, sign=match[2], number=float(match[3]), relative=match[4] == "x")

    def holds(self, pair: StagePair) -> bool:
        bound = self.number * (pair.first[self.figure] if self.relative else 1.0)
        return bool(OPERATORS[self.sign](pair.second[self.figure], bound))

    def __str__(self) -> str:
        return f"{self.figure} {self.sign} {self.number:g}{'x' if self.relative else ''}"


def compare(first: Place, second: Place, *, fail_if: Sequence[str] = ()) -> Comparison:
    """Compare two files of ``neopack loadtest``, ``experiment`` or ``bench --format json``,
    ``second`` with ``first``, stage by stage.

    Raises ``Malformed`` for other documents, ``UsageError`` for results that have no stage in
    common, and for conditions on what they lack.
    """
    conditions = [Condition.parse(text) for text in fail_if]
    kind, before = _figures(Path(first))
    other, after = _figures(Path(second))
    if kind != other:
        raise UsageError(f"{first} is of {kind}, {second} of {other}", hint="compare like results")
    pairs = tuple(
        StagePair(stage=stage, first=before[stage], second=after[stage])
        for stage in before
        if stage in after
    )
    if not pairs:
        stages = f"{', '.join(before)} and {', '.join(after)}"
        raise UsageError("the results have no stage in common", hint=f"they have {stages}")
    held = tuple(line for condition in conditions for line in _held(condition, pairs))
    return Comparison(kind=kind, pairs=pairs, held=held)


def _held(condition: Condition, pairs: Sequence[StagePair]) -> list[str]:
    figure = condition.figure
    having = [pair for pair in pairs if figure in pair.first and figure in pair.second]
    if not having:
        raise UsageError(f"the results lack {figure}", hint="leave that condition out")
    return [
        f"{pair.stage}: {condition} ({pair.second[figure]:.4g}, was {pair.first[figure]:.4g})"
        for pair in having
        if condition.holds(pair)
    ]


def _figures(path: Path) -> tuple[str, Stages]:
    """The kind of a result, and the figures of its stages by their names."""
    data = small_json(path)
    kind = data.get("kind") if isinstance(data, dict) else None
    read = READERS.get(str(kind))
    if read is None:
        hint = "neopack loadtest --format json writes one, and experiment and bench"
        raise Malformed(
            "is not a result of loadtest, experiment or bench", where=str(path), hint=hint
        )
    return str(kind), read(data, path.name)


def _of_load(data: object, where: str) -> Stages:
    result = from_json(LoadResult, data, where=where)
    return {_level(stage): _of_stage(stage, result.difference) for stage in result.stages}


def _of_experiment(data: object, where: str) -> Stages:
    result = from_json(ExperimentResult, data, where=where)
    return {
        f"{subject.name}, {_level(stage)}": _of_stage(stage, subject.difference)
        for subject in result.measured
        for stage in subject.stages
    }


def _of_bench(data: object, where: str) -> Stages:
    result = from_json(BenchResult, data, where=where)
    sides = zip(("first side", "second side"), result.sides, strict=False)
    return {name: _of_side(side, result) for name, side in sides}


READERS: Mapping[str, Callable[[object, str], Stages]] = {
    "loadtest": _of_load,
    "experiment": _of_experiment,
    "bench": _of_bench,
}


def _level(stage: StageResult) -> str:
    return f"{stage.rate:g}/s" if stage.rate else f"callers {stage.callers}"


def _of_stage(stage: StageResult, difference: float | None) -> Mapping[str, float]:
    latency = stage.latency
    times = {"p50": latency.p50, "p95": latency.p95, "p99": latency.p99, "p999": latency.p999}
    counts = {"throughput": stage.throughput, "errors": float(stage.failed)}
    return (times if latency.count else {}) | counts | _apart(difference)


def _of_side(side: Side, bench: BenchResult) -> Mapping[str, float]:
    latency = side.latency
    times = {"p50": latency.p50, "p95": latency.p95, "p99": latency.p99}
    return times | {"throughput": side.inferences} | _apart(bench.difference)


def _apart(difference: float | None) -> dict[str, float]:
    return {} if difference is None else {"difference": difference}
