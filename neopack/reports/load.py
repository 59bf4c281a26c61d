"""A load test as text: a row for each stage, and what limits what the figures say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack.loadtests.options import LoadOptions
from neopack.loadtests.recording import StageResult
from neopack.loadtests.running import LoadResult
from neopack.measure.price import Price
from neopack.reports.cost import money, price_words
from neopack.reports.wrapping import fitted, table, wrapped

__all__ = [
    "head",
    "level",
    "load_text",
    "loop_words",
    "rate_lines",
    "remarks",
    "row",
    "stage_remarks",
]

HEAD = ("load", "answers/s", "p50 ms", "p95", "p99", "p99.9", "max", "errors")
# milliseconds: requests that leave later than that on a machine at rest tell of a busy client
LATE = 5.0


def load_text(result: LoadResult) -> str:
    settings, price = result.settings, result.price
    rows = [head(settings, price), *(row(stage, settings, price) for stage in result.stages)]
    sent = f"{result.subject}: {result.payload} as {result.content_type}"
    lines = [*fitted(sent), *table(rows, left=1)]
    for text in (*rate_lines(result), *remarks(result)):
        lines += wrapped("", text)
    if result.price is not None:
        lines += wrapped("", price_words(result.price, result.instance))
    machine = result.machine
    lines += wrapped(
        "", f"client on {machine.processor}, {machine.cores} cores, {loop_words(settings)}"
    )
    return "\n".join(lines)


def head(settings: LoadOptions, price: Price | None) -> tuple[str, ...]:
    slo = settings.slo
    goodput = () if slo is None else (f"in {slo.milliseconds:g} ms/s",)
    return (*HEAD, *goodput, *(() if price is None else ("a million",)))


def row(stage: StageResult, settings: LoadOptions, price: Price | None) -> tuple[str, ...]:
    latency = stage.latency
    figures = (latency.p50, latency.p95, latency.p99, latency.p999, latency.maximum)
    cells = (
        level(stage, settings),
        f"{stage.throughput:.1f}",
        *(f"{figure:.2f}" for figure in figures),
        str(stage.failed),
    )
    if stage.goodput is not None:
        cells = (*cells, f"{stage.goodput:.1f}")
    if price is not None:
        cost = stage.per_million
        cells = (*cells, "?" if cost is None else money(cost, price))
    return cells


def level(stage: StageResult, settings: LoadOptions) -> str:
    if stage.rate:
        return f"{stage.rate:.4g}/s {settings.arrivals}"
    return "1 caller" if stage.callers == 1 else f"{stage.callers} callers"


def rate_lines(result: LoadResult) -> Iterator[str]:
    if result.highest_rate is None:
        return
    if result.highest_rate:
        yield f"the highest rate that meets {result.settings.slo}: {result.highest_rate:.4g}/s"
    else:
        yield f"no rate that was tried meets {result.settings.slo}"


def remarks(result: LoadResult) -> Iterator[str]:
    """What limits the figures, each once, with the stages that it is said of."""
    yield from stage_remarks(result.stages, result.settings)


def stage_remarks(stages: Sequence[StageResult], settings: LoadOptions) -> Iterator[str]:
    levels: dict[str, list[str]] = {}
    for stage in stages:
        for remark in _remarks(stage):
            levels.setdefault(remark, []).append(level(stage, settings))
    for remark, shown in levels.items():
        yield f"{', '.join(shown)}: {remark}"


def _remarks(stage: StageResult) -> Iterator[str]:
    if stage.errors:
        yield ", ".join(f"{count} {kind}" for kind, count in stage.errors.items())
    if not stage.is_stable and stage.rate:
        yield "the server does not keep up: requests wait, the longer the more"
    elif not stage.is_stable:
        yield "not stable: the throughput changed while it was measured; measure longer"
    if stage.is_limited_by_client:
        yield "the client is the limit, not the server: it computed or waited for a core all along"
    elif stage.lateness > LATE:
        yield f"requests left up to {stage.lateness:.1f} ms late; latency counts that"


def loop_words(settings: LoadOptions) -> str:
    if settings.rates:
        return "open loop: latency counts from when a request was due"
    return "closed loop: each caller waits for its answer; a slow server is asked less"
