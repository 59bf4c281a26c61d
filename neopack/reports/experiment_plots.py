"""The plots of an experiment: a line or a bar for each subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from neopack.experiments.result import ExperimentResult, Measured
from neopack.facts.published import Publication, publication
from neopack.loadtests.histogram import distribution
from neopack.loadtests.recording import StageResult
from neopack.reports.cost import money
from neopack.reports.experiment import interval_words
from neopack.reports.load import level
from neopack.reports.load_page import thinned
from neopack.reports.page import figure, plot_figure
from neopack.reports.published import cost_bars, speed_bars
from neopack.reports.svg_bars import Bar, Interval, svg_bars, svg_intervals
from neopack.reports.svg_plot import Axis, Line, Plot

__all__ = ["figures", "plots"]


def figures(result: ExperimentResult) -> Iterator[str]:
    """Those that the figures of this result fill, as markup."""
    first, *others = plots(result)
    yield from plot_figure(first)
    yield from _ratios(result)
    for plot in others:
        yield from plot_figure(plot)
    yield from _costs(result)
    yield from _speeds(result)


def plots(result: ExperimentResult) -> tuple[Plot, ...]:
    stages = result.measured[0].stages
    levels = Axis(
        label="requests offered a second" if stages[0].rate else "callers",
        names=tuple(f"{stage.rate:.4g}" if stage.rate else f"{stage.callers}" for stage in stages),
    )
    by = "rate" if stages[0].rate else "callers"
    ends = dict.fromkeys((0, len(stages) - 1))
    return (
        Plot(
            title=f"Throughput by {by}",
            x=levels,
            y=Axis(label="answers a second"),
            lines=_by_level(result, lambda stage: stage.throughput),
        ),
        Plot(
            title=f"p95 latency by {by}",
            x=levels,
            y=Axis(label="milliseconds", log=True),
            lines=_by_level(result, lambda stage: stage.latency.p95),
        ),
        *(_distributions(result, at) for at in ends),
        _latency_by_throughput(result),
    )


def _by_level(
    result: ExperimentResult, figure_of: Callable[[StageResult], float]
) -> tuple[Line, ...]:
    return tuple(
        Line(name=each.name, points=tuple(enumerate(map(figure_of, each.stages))))
        for each in result.measured
    )


def _distributions(result: ExperimentResult, at: int) -> Plot:
    where = level(result.measured[0].stages[at], result.settings)
    return Plot(
        title=f"Answers within a latency, {where}",
        x=Axis(label="milliseconds", log=True),
        y=Axis(label="% of answers"),
        lines=tuple(
            Line(name=each.name, points=thinned(distribution(each.stages[at].latency)))
            for each in result.measured
        ),
        dots=False,
    )


def _latency_by_throughput(result: ExperimentResult) -> Plot:
    return Plot(
        title="p95 latency by throughput",
        x=Axis(label="answers a second"),
        y=Axis(label="milliseconds", log=True),
        lines=tuple(
            Line(
                name=each.name,
                points=tuple((stage.throughput, stage.latency.p95) for stage in each.stages),
            )
            for each in result.measured
        ),
    )


def _ratios(result: ExperimentResult) -> Iterator[str]:
    names = [each.name for each in result.measured]
    told = [each for each in result.compared if each.figure == "throughput"]
    settled = [
        Interval(
            name=f"{each.subject}, {_where(each.callers, each.rate)}",
            low=each.low,
            high=each.high,
            middle=each.ratio,
            shown=interval_words(each),
            color=names.index(each.subject),
        )
        for each in told
        if each.low is not None and each.high is not None
    ]
    if settled:
        title = f"Throughput, times that of {told[0].baseline}"
        yield from figure(title, svg_intervals(title, settled))


def _where(callers: int, rate: float) -> str:
    return f"{rate:.4g}/s" if rate else "1 caller" if callers == 1 else f"{callers} callers"


def _costs(result: ExperimentResult) -> Iterator[str]:
    bars = [bar for at, each in enumerate(result.measured) for bar in _bar(at, each)]
    if bars:
        title = "Cost of a million answers, at the highest throughput"
        yield from figure(title, svg_bars(title, [*bars, *_beside(result, cost_bars)]))


def _speeds(result: ExperimentResult) -> Iterator[str]:
    """Beside what AWS published, which has no curves."""
    if not result.beside:
        return
    title = "Answers a second, at the highest throughput"
    bars = [
        Bar(
            name=each.name,
            value=each.best.throughput,
            shown=f"{each.best.throughput:,.1f}",
            color=at,
        )
        for at, each in enumerate(result.measured)
    ]
    yield from figure(title, svg_bars(title, [*bars, *_beside(result, speed_bars)]))


def _beside(
    result: ExperimentResult, bars_of: Callable[[Publication], Iterator[Bar]]
) -> Iterator[Bar]:
    if result.beside:
        yield from bars_of(publication(result.beside))


def _bar(at: int, measured: Measured) -> Iterator[Bar]:
    """None where no price is known."""
    price, cost = measured.price, measured.best.per_million
    if price is not None and cost is not None:
        place = f", {measured.instance}" if measured.instance else ""
        shown = money(cost, price)
        yield Bar(name=f"{measured.name}{place}", value=cost, shown=shown, color=at)
