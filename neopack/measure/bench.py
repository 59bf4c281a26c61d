"""Measure two artifacts in turns, each in its own process: A, B, A, B, ... in short windows.

The speed of a machine drifts by more than most engines differ, so only pairs of adjacent windows
are compared. Each side is warmed up first, and both compute the same seeded input.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack.artifacts.load import require_file
from neopack.errors import EngineFailed, UsageError
from neopack.formats.codec import from_json
from neopack.measure.machine import Machine, this_machine
from neopack.measure.price import Price
from neopack.measure.statistics import Latency, Ratio, latency, ratio
from neopack.options import BenchOptions
from neopack.processes.child import Child
from neopack.values.json import AnyJson
from neopack.values.log import Log
from neopack.values.quantization import Quantization

__all__ = ["BenchResult", "Side", "bench"]

TASKS = "neopack.measure.timing_task"

WINDOW_SECONDS = 0.5
LEAST_WINDOWS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One artifact and its figures. ``batch`` is the number of inferences per call: the first dim
    of every input, or 1 if they differ. ``per_million`` is the cost of a million inferences, or
    None without a price."""

    archive: str
    engine: str
    version: str
    precision: str
    latency: Latency
    quantization: Quantization | None = None
    batch: int = 1
    per_million: float | None = None

    @property
    def inferences(self) -> float:
        """Inferences per second with one caller that never waits."""
        return self.latency.throughput * self.batch


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchResult:
    """``ratio`` is the first side's throughput divided by the second's. ``difference`` is the
    difference of their outputs, relative to the second's largest. ``instance`` and ``price``
    describe the machine and come from the user."""

    sides: tuple[Side, ...]
    settings: BenchOptions
    machine: Machine
    ratio: Ratio | None = None
    difference: float | None = None
    instance: str = ""
    price: Price | None = None


def bench(paths: Sequence[Path], settings: BenchOptions, log: Log) -> BenchResult:
    """Measure one or two archives, in turns."""
    for path in paths:
        require_file(path)
    with contextlib.ExitStack() as stack:
        children = [
            stack.enter_context(Child(TASKS, failure=EngineFailed, subject=str(path), log=log))
            for path in paths
        ]
        with log.step("loading"):
            loaded = [
                _load(child, path, settings) for child, path in zip(children, paths, strict=True)
            ]
        _refuse_unlike(loaded)
        windows: list[list[list[float]]] = [[] for _ in paths]
        with log.step("measuring", _rounds(settings)):
            for _ in range(_rounds(settings)):
                for child, measured in zip(children, windows, strict=True):
                    measured.append(child.call("measure", {"seconds": WINDOW_SECONDS}))
                log.advance(1)
        apart = _difference(children[0], children[1]) if len(children) > 1 else None
    return BenchResult(
        sides=tuple(_sides(paths, loaded, windows)),
        settings=settings,
        machine=this_machine(),
        ratio=ratio(windows[0], windows[1]) if len(windows) > 1 else None,
        difference=apart,
    )


def _load(child: Child, path: Path, settings: BenchOptions) -> AnyJson:
    data = {"path": str(path), "threads": settings.threads, "seed": settings.seed}
    return child.call("load", data)


def _rounds(settings: BenchOptions) -> int:
    return max(LEAST_WINDOWS, round(settings.seconds / WINDOW_SECONDS))


def _refuse_unlike(loaded: Sequence[AnyJson]) -> None:
    inputs = [[(i["dtype"], i["shape"]) for i in side["inputs"]] for side in loaded]
    if any(side != inputs[0] for side in inputs):
        raise UsageError("the two archives take different inputs and cannot be compared")


def _difference(ours: Child, theirs: Child) -> float:
    """Compare outputs by position, because engines and frameworks may name them differently."""
    outputs = theirs.call("outputs", {})
    return float(ours.call("difference", {"outputs": outputs}))


def _sides(
    paths: Sequence[Path], loaded: Sequence[AnyJson], windows: Sequence[Sequence[Sequence[float]]]
) -> Iterator[Side]:
    for path, side, measured in zip(paths, loaded, windows, strict=True):
        yield Side(
            archive=path.name,
            engine=side["engine"],
            version=side["version"],
            precision=side["precision"],
            quantization=_quantization(side["quantization"]),
            latency=latency([second for window in measured for second in window]),
            batch=_batch([spec["shape"] for spec in side["inputs"]]),
        )


def _quantization(data: AnyJson) -> Quantization | None:
    return None if data is None else from_json(Quantization, data)


def _batch(shapes: Sequence[Sequence[int]]) -> int:
    firsts = {shape[0] if shape else 1 for shape in shapes}
    return firsts.pop() if len(firsts) == 1 else 1
