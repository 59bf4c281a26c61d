"""Two results of the same kind beside each other, and the conditions that fail a build."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack.errors import Malformed, UsageError
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
FORM = re.compile(r"\s*([A-Za-z]\w*)\s*(>=|<=|>|<)\s*(\d+(?:\.\d*)?(?:e-?\d{1,3})?)(x?)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePair:
    """One stage of both results: figures by name, milliseconds and answers a second. Of a bench,
    ``stage`` is a side."""

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
    """Compare two files of ``neopack loadtest`` or ``bench --format json``, ``second`` with
    ``first``, stage by stage.

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


def _figures(path: Path) -> tuple[str, dict[str, Mapping[str, float]]]:
    """The kind of a result, and the figures of its stages by their names."""
    data = small_json(path)
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind == "loadtest":
        result = from_json(LoadResult, data, where=path.name)
        return "loadtest", {_name(stage): _of_stage(stage) for stage in result.stages}
    if kind == "bench":
        bench = from_json(BenchResult, data, where=path.name)
        names = ("first side", "second side")
        sides = zip(names, bench.sides, strict=False)
        return "bench", {name: _of_side(side, bench) for name, side in sides}
    hint = "neopack loadtest --format json writes one, and bench"
    raise Malformed("is not a result of loadtest or bench", where=str(path), hint=hint)


def _name(stage: StageResult) -> str:
    return f"{stage.rate:g}/s" if stage.rate else f"callers {stage.callers}"


def _of_stage(stage: StageResult) -> Mapping[str, float]:
    counts = {"throughput": stage.throughput, "errors": float(stage.failed)}
    if not stage.latency.count:
        return counts
    latency = stage.latency
    times = {"p50": latency.p50, "p95": latency.p95, "p99": latency.p99, "p999": latency.p999}
    return times | counts


def _of_side(side: Side, bench: BenchResult) -> Mapping[str, float]:
    latency = side.latency
    times = {"p50": latency.p50, "p95": latency.p95, "p99": latency.p99}
    apart = {} if bench.difference is None else {"difference": bench.difference}
    return times | {"throughput": side.inferences} | apart
