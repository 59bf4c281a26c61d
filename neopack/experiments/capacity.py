"""What was measured of a model on a machine, whichever command measured it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack.errors import Malformed
from neopack.experiments.result import ExperimentResult
from neopack.formats.codec import from_json
from neopack.loadtests.recording import StageResult
from neopack.loadtests.running import LoadResult
from neopack.measure.bench import BenchResult
from neopack.measure.price import Price, small_json

__all__ = ["RESULTS", "Capacity", "capacities"]

RESULTS = "neopack bench, loadtest and experiment write them with --format json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """``throughput`` in answers a second, ``p95`` in milliseconds at that throughput, ``memory``
    in bytes or 0. ``place`` is the instance, or the processor if no instance was named; ``price``
    is that of ``count`` of them."""

    name: str
    engine: str
    place: str
    instance: str
    throughput: float
    p95: float
    load: str
    count: int = 1
    price: Price | None = None
    memory: int = 0


def capacities(path: Path, p95: float | None = None) -> tuple[Capacity, ...]:
    """Those of the result in ``path``: each at its highest throughput, or at the highest whose p95
    is within so many milliseconds, if one is. Raises ``Malformed`` for another document."""
    data = small_json(path)
    kind = data.get("kind") if isinstance(data, dict) else None
    read = READERS.get(str(kind))
    if read is None:
        raise Malformed("is not a result of a measurement", where=str(path), hint=RESULTS)
    found = tuple(read(data, path.name, p95))
    if not all(each.throughput > 0 for each in found):
        raise Malformed("has a side that computes nothing", where=str(path))
    return found


def _of_bench(data: object, where: str, _: float | None) -> Iterator[Capacity]:
    """One caller in a process: there is no other level."""
    result = from_json(BenchResult, data, where=where)
    for side in result.sides:
        words = (side.engine, side.version, side.precision)
        yield Capacity(
            name=side.archive,
            engine=" ".join(word for word in words if word),
            place=result.instance or result.machine.processor,
            instance=result.instance,
            throughput=side.inferences,
            p95=side.latency.p95,
            load="in a process",
            price=result.price,
        )


def _of_load(data: object, where: str, p95: float | None) -> Iterator[Capacity]:
    result = from_json(LoadResult, data, where=where)
    stage = _chosen(result.stages, p95)
    yield Capacity(
        name=result.subject,
        engine="",
        place=result.instance or result.machine.processor,
        instance=result.instance,
        throughput=stage.throughput,
        p95=stage.latency.p95,
        load=_load(stage),
        price=result.price,
    )


def _of_experiment(data: object, where: str, p95: float | None) -> Iterator[Capacity]:
    result = from_json(ExperimentResult, data, where=where)
    for each in result.measured:
        stage, served = _chosen(each.stages, p95), each.served
        words = (served.engine, served.version, served.precision)
        yield Capacity(
            name=each.name,
            engine=" ".join(word for word in words if word),
            place=each.instance or result.machine.processor,
            instance=each.instance,
            throughput=stage.throughput,
            p95=stage.latency.p95,
            load=_load(stage),
            count=each.count,
            price=each.price,
            memory=each.memory,
        )


READERS: Mapping[str, Callable[[object, str, float | None], Iterator[Capacity]]] = {
    "bench": _of_bench,
    "loadtest": _of_load,
    "experiment": _of_experiment,
}


def _chosen(stages: Sequence[StageResult], p95: float | None) -> StageResult:
    if not stages:
        raise Malformed("has no stage", hint=RESULTS)
    fast = [stage for stage in stages if p95 is None or stage.latency.p95 <= p95]
    if not fast:
        return min(stages, key=lambda stage: stage.latency.p95)
    return max(fast, key=lambda stage: stage.throughput)


def _load(stage: StageResult) -> str:
    if stage.rate:
        return f"{stage.rate:.4g}/s"
    return "1 caller" if stage.callers == 1 else f"{stage.callers} callers"
