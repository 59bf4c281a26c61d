"""Latencies of one stage, kept whole: any percentile can be read from the result later.

The form is that of HDR Histogram (hdrhistogram.org): three significant digits from a microsecond
to ten minutes, encoded as its own tools read it.
"""

from __future__ import annotations

from dataclasses import dataclass

from neopack.distributions import install_hint
from neopack.errors import Missing

__all__ = ["Latencies", "LatencySummary", "distribution"]

LONGEST = 600.0
DIGITS = 3
MICRO = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencySummary:
    """Milliseconds. ``histogram`` is all of them, as HDR Histogram encodes microseconds (V2,
    compressed, base64)."""

    count: int
    minimum: float
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    p999: float
    maximum: float
    histogram: str


class Latencies:
    """Raises ``Missing`` where the extra ``loadtest`` is not installed."""

    def __init__(self) -> None:
        try:
            from hdrh.histogram import HdrHistogram
        except ImportError:
            raise Missing("hdrhistogram is not installed", hint=install_hint("loadtest")) from None
        self._histogram = HdrHistogram(1, int(LONGEST * MICRO), DIGITS)

    def add(self, seconds: float) -> None:
        self._histogram.record_value(max(1, round(min(seconds, LONGEST) * MICRO)))

    def take(self, summary: LatencySummary) -> None:
        """Add all that ``summary`` holds."""
        from hdrh.histogram import HdrHistogram

        if summary.count:
            self._histogram.add(HdrHistogram.decode(summary.histogram))

    @property
    def count(self) -> int:
        return int(self._histogram.get_total_count())

    def percentile(self, percent: float) -> float:
        """In milliseconds; 0.0 where nothing was measured."""
        return float(self._histogram.get_value_at_percentile(percent)) / 1e3 if self.count else 0.0

    def summary(self) -> LatencySummary:
        histogram, some = self._histogram, bool(self.count)
        return LatencySummary(
            count=self.count,
            minimum=histogram.get_min_value() / 1e3 if some else 0.0,
            mean=histogram.get_mean_value() / 1e3 if some else 0.0,
            p50=self.percentile(50),
            p90=self.percentile(90),
            p95=self.percentile(95),
            p99=self.percentile(99),
            p999=self.percentile(99.9),
            maximum=histogram.get_max_value() / 1e3 if some else 0.0,
            histogram=histogram.encode().decode("ascii"),
        )


def distribution(summary: LatencySummary) -> tuple[tuple[float, float], ...]:
    """The whole histogram as steps: milliseconds, and the percentage of answers within them.

    Raises ``Missing`` where the extra ``loadtest`` is not installed.
    """
    try:
        from hdrh.histogram import HdrHistogram
    except ImportError:
        raise Missing("hdrhistogram is not installed", hint=install_hint("loadtest")) from None
    if not summary.count:
        return ()
    steps, within = [], 0
    for bucket in HdrHistogram.decode(summary.histogram).get_recorded_iterator():
        within += bucket.count_added_in_this_iter_step
        steps.append((bucket.value_iterated_to / 1e3, 100 * within / summary.count))
    return tuple(steps)
