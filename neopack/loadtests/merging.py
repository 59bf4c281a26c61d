"""Windows of one level of load, measured at several times, as one stage."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from neopack.loadtests.histogram import Latencies
from neopack.loadtests.recording import STEADY, StageResult

__all__ = ["merged"]


def merged(windows: Sequence[StageResult]) -> StageResult:
    """All of them, which have the same level. A closed loop ``is_stable`` where the throughput of
    the windows varies little."""
    seconds = sum(window.seconds for window in windows)
    latencies = Latencies()
    errors: Counter[str] = Counter()
    for window in windows:
        latencies.take(window.latency)
        errors.update(window.errors)

    def mean(figure: str) -> float:
        parts = (getattr(window, figure) * window.seconds for window in windows)
        return float(sum(parts) / seconds)

    return replace(
        windows[0],
        seconds=seconds,
        requests=sum(window.requests for window in windows),
        throughput=mean("throughput"),
        goodput=None if windows[0].goodput is None else mean("goodput"),
        latency=latencies.summary(),
        errors=dict(sorted(errors.items())),
        is_stable=_is_stable(windows),
        client_busy=mean("client_busy"),
        lateness=max(window.lateness for window in windows),
    )


def _is_stable(windows: Sequence[StageResult]) -> bool:
    if windows[0].rate:
        return all(window.is_stable for window in windows)
    throughputs = [window.throughput for window in windows]
    mean = statistics.fmean(throughputs)
    return mean > 0 and statistics.pstdev(throughputs) <= STEADY * mean
