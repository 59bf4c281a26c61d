"""What is counted while a stage runs, and the result that comes of it."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from neopack.loadtests.client import OK
from neopack.loadtests.histogram import Latencies, LatencySummary
from neopack.loadtests.options import Objective

__all__ = ["STEADY", "Recording", "StageResult"]

# throughput of the windows of a stable stage varies by no more, as a share of their mean
STEADY = 0.1
WINDOWS = 10
# of the rate of an open loop: arrivals vary by themselves, so what counts is that none pile up
KEPT_UP = 0.9
# a client that computes for more of the time is what limits the figures
BUSY = 0.85
# nanoseconds on a core and in its queue (Linux, Documentation/scheduler/sched-stats)
SCHEDULED = Path("/proc/thread-self/schedstat")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """One level of load. ``callers`` is 0 in an open loop, ``rate`` 0.0 in a closed one.

    ``throughput`` counts right answers per second, ``goodput`` those within the objective.
    ``errors`` are counted by kind, wrong answers among them, and are in no latency.
    ``client_busy`` is the share of the time that the client computed or waited for a core; at 0.85
    and above it limits the figures. A closed loop ``is_stable`` where its windows have nearly the
    same throughput, an open one where the server keeps up with the rate. ``lateness`` is the 99th
    percentile, in milliseconds, of how late requests left.
    ``per_million`` is the cost of a million right answers at that throughput, or None.
    """

    callers: int
    rate: float
    seconds: float
    requests: int
    throughput: float
    goodput: float | None
    latency: LatencySummary
    errors: Mapping[str, int]
    is_stable: bool
    client_busy: float
    lateness: float = 0.0
    per_million: float | None = None

    @property
    def failed(self) -> int:
        return sum(self.errors.values())

    @property
    def is_limited_by_client(self) -> bool:
        return self.client_busy >= BUSY


@dataclass(slots=True)
class Recording:
    """Counts what ends after ``start``; what ends before warms the server up."""

    start: float
    objective: Objective | None
    latencies: Latencies = field(default_factory=Latencies)
    lateness: Latencies = field(default_factory=Latencies)
    errors: Counter[str] = field(default_factory=Counter)
    within: int = 0
    _ends: list[float] = field(default_factory=list)
    _computed: float = 0.0

    def begin(self) -> None:
        """The warm-up is over."""
        self._computed = _taken()

    def add(self, outcome: str, seconds: float, now: float) -> None:
        if now < self.start:
            return
        if outcome != OK:
            self.errors[outcome] += 1
            return
        self.latencies.add(seconds)
        self._ends.append(now)
        if self.objective is not None and 1e3 * seconds <= self.objective.milliseconds:
            self.within += 1

    def result(
        self, now: float, *, planned: float, callers: int = 0, rate: float = 0.0
    ) -> StageResult:
        """``planned`` are the seconds in which requests were sent; the last answers come later."""
        seconds = max(now - self.start, 1e-9)
        goodput = None if self.objective is None else self.within / seconds
        return StageResult(
            callers=callers,
            rate=rate,
            seconds=seconds,
            requests=self.latencies.count + sum(self.errors.values()),
            throughput=self.latencies.count / seconds,
            goodput=goodput,
            latency=self.latencies.summary(),
            errors=dict(sorted(self.errors.items())),
            is_stable=seconds * KEPT_UP <= planned if rate else self._is_steady(seconds),
            client_busy=(_taken() - self._computed) / seconds,
            lateness=self.lateness.percentile(99),
        )

    def _is_steady(self, seconds: float) -> bool:
        """Whether the windows of the stage have nearly the same throughput."""
        width = seconds / WINDOWS
        windows = [0] * WINDOWS
        for end in self._ends:
            windows[min(int((end - self.start) / width), WINDOWS - 1)] += 1
        mean = statistics.fmean(windows)
        return mean > 0 and statistics.pstdev(windows) <= STEADY * mean


def _taken() -> float:
    """Seconds that this thread computed, or waited for a core to compute on: on a busy machine a
    client may be the limit that computes little. Linux counts both; elsewhere, what the process
    computed."""
    try:
        computed, waited, _ = SCHEDULED.read_text("ascii").split()
    except (OSError, ValueError):
        return time.process_time()
    return (int(computed) + int(waited)) / 1e9
