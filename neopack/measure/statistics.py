"""Statistics of latencies."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Latency", "Ratio", "latency", "ratio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds per call, and calls per second over the time spent in calls."""

    runs: int
    throughput: float
    minimum: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One throughput divided by another: the median, lowest and highest over the pairs of
    windows, and the ratio of the fastest calls."""

    median: float
    lowest: float
    highest: float
    of_minima: float


def latency(seconds: Sequence[float]) -> Latency:
    ordered = sorted(seconds)
    return Latency(
        runs=len(ordered),
        throughput=len(ordered) / sum(ordered),
        minimum=1e3 * ordered[0],
        p50=1e3 * statistics.median(ordered),
        p95=1e3 * percentile(ordered, 95),
        p99=1e3 * percentile(ordered, 99),
    )


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Return the nearest-rank percentile: always a measured value, never an interpolated one."""
    rank = max(1, -(-percent * len(ordered) // 100))
    return ordered[rank - 1]


def ratio(windows: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> Ratio:
    """Compare ``windows`` with ``others``, pair by pair, in the order of measurement."""
    pairs = [
        (len(ours) / sum(ours)) / (len(theirs) / sum(theirs))
        for ours, theirs in zip(windows, others, strict=True)
    ]
    fastest = min(min(window) for window in windows)
    return Ratio(
        median=statistics.median(pairs),
        lowest=min(pairs),
        highest=max(pairs),
        of_minima=min(min(window) for window in others) / fastest,
    )
