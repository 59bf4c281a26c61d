"""A load test as text: a row for each stage, and what limits what the figures say."""

from __future__ import annotations

from collections.abc import Iterator

from neopack.loadtests.recording import StageResult
from neopack.loadtests.running import LoadResult
from neopack.reports.wrapping import table, wrapped

__all__ = ["load_text"]

HEAD = ("load", "answers/s", "p50 ms", "p95", "p99", "p99.9", "max", "errors")
# milliseconds: requests that leave later than that on a machine at rest tell of a busy client
LATE = 5.0


def load_text(result: LoadResult) -> str:
    rows = [_head(result), *(_row(stage, result) for stage in result.stages)]
    lines = [f"{result.subject}: {result.payload} as {result.content_type}", *table(rows, left=1)]
    lines += _rate(result)
    for stage in result.stages:
        lines += [f"{_level(stage, result)}: {remark}" for remark in _remarks(stage)]
    machine = result.machine
    lines += wrapped("", f"client on {machine.processor}, {machine.cores} cores, {_loop(result)}")
    return "\n".join(lines)


def _head(result: LoadResult) -> tuple[str, ...]:
    slo = result.settings.slo
    return HEAD if slo is None else (*HEAD, f"in {slo.milliseconds:g} ms/s")


def _row(stage: StageResult, result: LoadResult) -> tuple[str, ...]:
    latency = stage.latency
    figures = (latency.p50, latency.p95, latency.p99, latency.p999, latency.maximum)
    row = (
        _level(stage, result),
        f"{stage.throughput:.1f}",
        *(f"{figure:.2f}" for figure in figures),
        str(stage.failed),
    )
    return row if stage.goodput is None else (*row, f"{stage.goodput:.1f}")


def _level(stage: StageResult, result: LoadResult) -> str:
    if stage.rate:
        return f"{stage.rate:.4g}/s {result.settings.arrivals}"
    return "1 caller" if stage.callers == 1 else f"{stage.callers} callers"


def _rate(result: LoadResult) -> Iterator[str]:
    if result.highest_rate is None:
        return
    if result.highest_rate:
        yield f"the highest rate that meets {result.settings.slo}: {result.highest_rate:.4g}/s"
    else:
        yield f"no rate that was tried meets {result.settings.slo}"


def _remarks(stage: StageResult) -> Iterator[str]:
    if stage.errors:
        yield ", ".join(f"{count} {kind}" for kind, count in stage.errors.items())
    if not stage.is_stable and stage.rate:
        yield "the server does not keep up: requests wait, the longer the more"
    elif not stage.is_stable:
        yield "not stable: the throughput changed while it was measured; measure longer"
    if stage.is_limited_by_client:
        yield "the client is the limit, not the server: it computed nearly all the time"
    elif stage.lateness > LATE:
        yield f"requests left up to {stage.lateness:.1f} ms late; latency counts that"


def _loop(result: LoadResult) -> str:
    if result.settings.rates:
        return "open loop: latency counts from when a request was due"
    return "closed loop: each caller waits for its answer; a slow server is asked less"
