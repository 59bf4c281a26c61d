"""A benchmark as text: the figures of each side, and which is faster."""

from __future__ import annotations

from collections.abc import Iterator

from neopack.engines import registry
from neopack.measure.bench import BenchResult, Side
from neopack.measure.statistics import Ratio
from neopack.reports.quantization import quantization_text
from neopack.reports.wrapping import fitted, table

__all__ = ["bench_text"]

# of the ratios of the windows, past which their median says little
SPREAD = 2.0
# of the ratio of the fastest calls, past which a median above 1 does not hide it
NEAR = 0.9


def bench_text(result: BenchResult) -> str:
    rows: list[tuple[str, ...]] = [("", "runs in", "calls/s", "min ms", "p50", "p95", "p99")]
    figures = list(table([*rows, *map(_row, result.sides)]))
    return "\n".join([*figures, *(line for text in _told(result) for line in fitted(text))])


def _told(result: BenchResult) -> Iterator[str]:
    if result.ratio is not None:
        yield from _compared(result.sides[0], result.sides[1], result.ratio)
    if result.difference is not None:
        yield f"their outputs differ by {result.difference:.2g} of the largest"
    for side in result.sides:
        if side.quantization is not None:
            yield f"accuracy of {side.archive}: {quantization_text(side.quantization)}"
    machine = result.machine
    threads = result.settings.threads or "the engines' own"
    features = " ".join(machine.features) or "no AVX2"
    yield (
        f"on {machine.processor}, {machine.cores} cores, {features}; "
        f"batch of {result.sides[0].batch}, threads: {threads}"
    )


def _row(side: Side) -> tuple[str, ...]:
    figures = side.latency
    engine = " ".join(word for word in (side.engine, side.version, side.precision) if word)
    numbers = (figures.minimum, figures.p50, figures.p95, figures.p99)
    return (side.archive, engine, f"{figures.throughput:.1f}", *(f"{n:.2f}" for n in numbers))


def _compared(ours: Side, theirs: Side, ratio: Ratio) -> Iterator[str]:
    yield (
        f"{ours.archive} does {ratio.median:.2f} times the work of {theirs.archive} "
        f"({ratio.lowest:.2f} to {ratio.highest:.2f} over the windows, "
        f"{ratio.of_minima:.2f} by the fastest calls)"
    )
    if slower := _slower(ratio):
        yield f"{ours.archive} {slower} than {theirs.archive}"
        if ours.engine in registry.names():
            yield _advice(theirs)
    if ratio.highest > SPREAD * ratio.lowest:
        yield "the windows differ widely: something else was at work; measure longer"


def _slower(ratio: Ratio) -> str:
    """In words, "" where the first side is not slower. The fastest calls are those that other work
    disturbed least: they may tell it alone."""
    if ratio.median < 1 and ratio.of_minima < 1:
        return "is slower"
    return "may be slower" if min(ratio.median, ratio.of_minima) < NEAR else ""


def _advice(theirs: Side) -> str:
    return (
        f"if it stays so, serve {theirs.archive} in its framework; first measure with --threads 1 "
        "and with the batch that you serve, packaged so. Neo's own compiler may do better or worse"
    )
