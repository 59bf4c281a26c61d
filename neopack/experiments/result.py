"""What an experiment measured, as a value that files keep."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from neopack.experiments.options import ExperimentOptions
from neopack.loadtests.client import WRONG
from neopack.loadtests.recording import StageResult
from neopack.loadtests.running import priced_stage
from neopack.loadtests.target import Kind, Served
from neopack.measure.machine import Machine
from neopack.measure.price import Price

__all__ = ["Compared", "ExperimentResult", "Figure", "Measured", "Window", "priced"]

Figure = Literal["throughput", "p50", "p95"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One turn of a subject at one level: answers a second, and milliseconds."""

    throughput: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One subject. ``windows`` are its turns for each of ``stages``, in the order of time.
    ``difference`` is the largest of its answers from the golden outputs, relative to the largest.
    ``memory`` is the largest that the processes of a file had, in bytes; 0 of what runs elsewhere.
    ``instance``, ``count`` and ``price`` are those of the machine that serves it; the price is of
    all ``count`` together."""

    name: str
    kind: Kind
    payload: str
    content_type: str
    stages: tuple[StageResult, ...]
    windows: tuple[tuple[Window, ...], ...]
    served: Served = field(default_factory=Served)
    difference: float | None = None
    allowed: float = 0.0
    sha256: str = ""
    instance: str = ""
    count: int = 1
    price: Price | None = None
    memory: int = 0

    @property
    def best(self) -> StageResult:
        """The stage with the highest throughput."""
        return max(self.stages, key=lambda stage: stage.throughput)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A subject's figure divided by the baseline's, at one level: ``low`` to ``high`` is the 95 %
    confidence interval. ``ratio`` is None where that interval has 1: the noise is larger than the
    difference. All are None where there were too few turns."""

    subject: str
    baseline: str
    callers: int
    rate: float
    figure: Figure
    ratio: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentResult:
    """``machine`` is the client's, and that of the subjects that are files. The first subject is
    the baseline. ``named`` is what the user named, and ``pricing`` the options of the price.
    ``beside`` is the id of what AWS published that reports show beside it."""

    measured: tuple[Measured, ...]
    compared: tuple[Compared, ...]
    settings: ExperimentOptions
    machine: Machine
    versions: tuple[str, ...] = ()
    as_of: str = ""
    named: tuple[str, ...] = ()
    pricing: tuple[str, ...] = ()
    target: str = ""
    goldens: str = ""
    beside: str = ""

    @property
    def wrong(self) -> int:
        """How many answers differ from the golden outputs."""
        stages = (stage for subject in self.measured for stage in subject.stages)
        return sum(stage.errors.get(WRONG, 0) for stage in stages)


def priced(measured: Measured, price: Price | None, instance: str) -> Measured:
    """With the price of one instance, and the cost of a million answers at each stage."""
    if price is None:
        return replace(measured, instance=measured.instance or instance)
    whole = replace(price, hourly=price.hourly * measured.count)
    return replace(
        measured,
        stages=tuple(priced_stage(stage, whole) for stage in measured.stages),
        instance=measured.instance or instance,
        price=whole,
    )
