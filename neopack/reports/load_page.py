"""A load test as one page of HTML that fetches nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack.loadtests.histogram import distribution
from neopack.loadtests.recording import StageResult
from neopack.loadtests.running import LoadResult
from neopack.reports.load import head, level, rate_lines, remarks, row
from neopack.reports.load_about import about, command
from neopack.reports.page_style import STYLE
from neopack.reports.svg_plot import COLORS, Axis, Line, Plot, svg, text_of
from neopack.values.subject import Subject

__all__ = ["load_page", "plots"]

PERCENTILES = ("p50", "p95", "p99", "p999")
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def load_page(result: LoadResult, subjects: Sequence[Subject]) -> str:
    title = text_of(f"Load test of {result.subject}")
    return PAGE.format(title=title, style=STYLE, body="\n".join(_body(result, subjects)))


def _body(result: LoadResult, subjects: Sequence[Subject]) -> Iterator[str]:
    yield from (f'<p class="lead">{text_of(line)}</p>' for line in _summary(result))
    yield from _table(result)
    yield from _remarks(result)
    yield '<div class="plots">'
    for plot in plots(result):
        yield from _figure(plot)
    yield "</div>"
    yield from _errors(result.stages, result)
    yield "<h2>What was measured</h2>"
    yield "<dl>"
    yield from (
        f"<div><dt>{text_of(label)}</dt><dd>{text_of(text)}</dd></div>"
        for label, text in about(result, subjects)
    )
    yield "</dl>"
    yield "<h2>To repeat it</h2>"
    yield f"<pre>{text_of(command(result))}</pre>"


def _summary(result: LoadResult) -> Iterator[str]:
    best = max(result.stages, key=lambda stage: stage.throughput)
    yield (
        f"At most {best.throughput:,.1f} right answers a second ({level(best, result)}), half of "
        f"them within {best.latency.p50:.2f} ms and 99 % within {best.latency.p99:.2f} ms."
    )
    for line in rate_lines(result):
        yield f"{line[:1].upper()}{line[1:]}."


def _table(result: LoadResult) -> Iterator[str]:
    yield '<div class="scroll" tabindex="0"><table>'
    names = "".join(f'<th scope="col">{text_of(name)}</th>' for name in head(result))
    yield f"<thead><tr>{names}</tr></thead>"
    yield "<tbody>"
    for stage in result.stages:
        first, *rest = row(stage, result)
        cells = "".join(f"<td>{text_of(cell)}</td>" for cell in rest)
        yield f'<tr><th scope="row">{text_of(first)}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _remarks(result: LoadResult) -> Iterator[str]:
    items = "".join(f"<li>{text_of(text)}</li>" for text in remarks(result))
    if items:
        yield f'<ul class="remarks">{items}</ul>'


def _errors(stages: Sequence[StageResult], result: LoadResult) -> Iterator[str]:
    yield "<h2>Errors</h2>"
    requests = sum(stage.requests for stage in stages)
    failed = sum(stage.failed for stage in stages)
    if not failed:
        yield f"<p>None in {requests:,} requests.</p>"
        return
    yield f"<p>{failed:,} of {requests:,} requests.</p>"
    yield '<div class="scroll" tabindex="0"><table><tbody>'
    for stage in stages:
        for kind, count in stage.errors.items():
            where = f'<th scope="row">{text_of(level(stage, result))}</th>'
            yield f"<tr>{where}<td>{text_of(kind)}</td><td>{count:,}</td></tr>"
    yield "</tbody></table></div>"


def _figure(plot: Plot) -> Iterator[str]:
    yield f"<figure><figcaption>{text_of(plot.title)}</figcaption>"
    yield svg(plot)
    if len(plot.lines) > 1:
        keys = "".join(
            f'<li class="k{index % COLORS} d{index // COLORS % 3}">{text_of(line.name)}</li>'
            for index, line in enumerate(plot.lines)
        )
        yield f'<ul class="key">{keys}</ul>'
    yield "</figure>"


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
            Line(name=level(stage, result), points=_thinned(distribution(stage.latency)))
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


def _thinned(steps: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Steps that the eye can tell apart: a fifth of a percent, and the first and last."""
    kept: list[tuple[float, float]] = []
    for step in steps:
        if not kept or step[1] - kept[-1][1] >= 0.2:
            kept.append(step)
    if steps and kept[-1] != steps[-1]:
        kept.append(steps[-1])
    return tuple(kept)
