"""Results of experiments whose figures are known."""

from __future__ import annotations

from neopack.experiments.options import ExperimentOptions
from neopack.experiments.result import ExperimentResult, Measured, Window
from neopack.experiments.running import comparisons
from neopack.loadtests.histogram import Latencies
from neopack.loadtests.merging import merged
from neopack.loadtests.recording import StageResult
from neopack.measure.machine import Machine

__all__ = ["ROUNDS", "result", "subject", "window"]

MACHINE = Machine(
    processor="CPU", cores=2, memory_gib=4.0, features=(), system="Linux", python="3.11"
)
ROUNDS = 6


def window(callers: int, throughput: float, errors: int = 0) -> StageResult:
    latencies = Latencies()
    for _ in range(10):
        latencies.add(callers / throughput)
    return StageResult(
        callers=callers,
        rate=0.0,
        seconds=1.0,
        requests=10 + errors,
        throughput=throughput,
        goodput=None,
        latency=latencies.summary(),
        errors={"wrong answer": errors} if errors else {},
        is_stable=True,
        client_busy=0.1,
    )


def subject(name: str, *throughputs: float, errors: int = 0) -> Measured:
    """At one caller, and at four twice as fast."""
    levels = [
        [window(callers, scale * each, errors) for each in throughputs]
        for callers, scale in ((1, 1), (4, 2))
    ]
    return Measured(
        name=name,
        kind="archive",
        payload="net.golden.npz",
        content_type="application/x-npy",
        stages=tuple(map(merged, levels)),
        windows=tuple(
            tuple(
                Window(throughput=w.throughput, p50=w.latency.p50, p95=w.latency.p95)
                for w in windows
            )
            for windows in levels
        ),
    )


def result(*subjects: Measured) -> ExperimentResult:
    return ExperimentResult(
        measured=subjects,
        compared=tuple(comparisons(subjects)),
        settings=ExperimentOptions(callers=(1, 4)),
        machine=MACHINE,
        versions=("neopack 0",),
        named=tuple(each.name for each in subjects),
    )
