"""A load test as one page of HTML that fetches nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack.loadtests.histogram import distribution
from neopack.loadtests.recording import StageResult
from neopack.loadtests.running import LoadResult
from neopack.reports.load import head, level, rate_lines, remarks, row
from neopack.reports.load_about import about, command
from neopack.reports.page import items, page, pairs, plot_figure, table
from neopack.reports.svg_plot import Axis, Line, Plot, text_of
from neopack.values.subject import Subject

__all__ = ["load_page", "plots", "thinned"]

PERCENTILES = ("p50", "p95", "p99", "p999")


def load_page(result: LoadResult, subjects: Sequence[Subject]) -> str:
    return page(f"Load test of {result.subject}", _body(result, subjects))


def _body(result: LoadResult, subjects: Sequence[Subject]) -> Iterator[str]:
    settings, price = result.settings, result.price
    yield from (f'<p class="lead">{text_of(line)}</p>' for line in _summary(result))
    rows = (row(stage, settings, price) for stage in result.stages)
    yield from table(head(settings, price), rows)
    yield from items(remarks(result))
    yield '<div class="plots">'
    for plot in plots(result):
        yield from plot_figure(plot)
    yield "</div>"
    yield from _errors(result.stages, result)
    yield "<h2>What was measured</h2>"
    yield from pairs(about(result, subjects))
    yield "<h2>To repeat it</h2>"
    yield f"<pre>{text_of(command(result))}</pre>"


def _summary(result: LoadResult) -> Iterator[str]:
    best = max(result.stages, key=lambda stage: stage.throughput)
    yield (
        f"At most {best.throughput:,.1f} right answers a second ({level(best, result.settings)}), "
        f"half of them within {best.latency.p50:.2f} ms and 99 % within {best.latency.p99:.2f} ms."
    )
    for line in rate_lines(result):
        yield f"{line[:1].upper()}{line[1:]}."


def _errors(stages: Sequence[StageResult], result: LoadResult) -> Iterator[str]:
    yield "<h2>Errors</h2>"
    requests = sum(stage.requests for stage in stages)
    failed = sum(stage.failed for stage in stages)
    if not failed:
        yield f"<p>None in {requests:,} requests.</p>"
        return
    yield f"<p>{failed:,} of {requests:,} requests.</p>"
    kinds = (
        (level(stage, result.settings), kind, f"{count:,}")
        for stage in stages
        for kind, count in stage.errors.items()
    )
    yield from table((), kinds)


# --- the plots ------------------------------------------------------------------------------


def plots(result: LoadResult) -> tuple[Plot, ...]:
    """Those that the figures of this result fill."""
    answered = [stage for stage in result.stages if stage.latency.count]
    answered.sort(key=lambda stage: (stage.rate, stage.callers))
    if not answered:
        return ()
    levels = Axis(
        label="requests offered a second" if answered[-1].rate else "callers",
        names=tuple(
            f"{stage.rate:.4g}" if stage.rate else f"{stage.callers}" for stage in answered
        ),
    )
    cost = () if result.price is None else (_costs(answered, levels, result.price.currency),)
    return (
        _throughput(answered, levels),
        _percentiles(answered, levels),
        _distributions(answered, result),
        _latency_by_throughput(answered),
        *cost,
    )


def _throughput(stages: Sequence[StageResult], levels: Axis) -> Plot:
    lines = [_by_level("all right answers", [stage.throughput for stage in stages])]
    if stages[0].goodput is not None:
        lines.append(_by_level("within the objective", [stage.goodput or 0.0 for stage in stages]))
    return Plot(
        title=f"Throughput by {_levels(stages)}",
        x=levels,
        y=Axis(label="answers a second"),
        lines=tuple(lines),
    )


def _percentiles(stages: Sequence[StageResult], levels: Axis) -> Plot:
    return Plot(
        title=f"Latency by {_levels(stages)}",
        x=levels,
        y=Axis(label="milliseconds", log=True),
        lines=tuple(
            _by_level(_shown(name), [getattr(stage.latency, name) for stage in stages])
            for name in PERCENTILES
        ),
    )


def _distributions(stages: Sequence[StageResult], result: LoadResult) -> Plot:
    return Plot(
        title="Answers within a latency",
        x=Axis(label="milliseconds", log=True),
        y=Axis(label="% of answers"),
        lines=tuple(
            Line(name=level(stage, result.settings), points=thinned(distribution(stage.latency)))
            for stage in stages
        ),
        dots=False,
    )


def _latency_by_throughput(stages: Sequence[StageResult]) -> Plot:
    return Plot(
        title="Latency by throughput",
        x=Axis(label="answers a second"),
        y=Axis(label="milliseconds", log=True),
        lines=tuple(
            Line(
                name=_shown(name),
                points=tuple((stage.throughput, getattr(stage.latency, name)) for stage in stages),
            )
            for name in PERCENTILES
        ),
    )


def _costs(stages: Sequence[StageResult], levels: Axis, currency: str) -> Plot:
    return Plot(
        title=f"Cost of a million answers by {_levels(stages)}",
        x=levels,
        y=Axis(label=currency),
        lines=(_by_level("cost", [stage.per_million or 0.0 for stage in stages]),),
    )


def _by_level(name: str, figures: Sequence[float]) -> Line:
    return Line(name=name, points=tuple(enumerate(figures)))


def _levels(stages: Sequence[StageResult]) -> str:
    return "rate" if stages[-1].rate else "callers"


def _shown(percentile: str) -> str:
    return "p99.9" if percentile == "p999" else percentile


def thinned(steps: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Steps that the eye can tell apart: a fifth of a percent, and the first and last."""
    kept: list[tuple[float, float]] = []
    for step in steps:
        if not kept or step[1] - kept[-1][1] >= 0.2:
            kept.append(step)
    if steps and kept[-1] != steps[-1]:
        kept.append(steps[-1])
    return tuple(kept)
