"""A load test: stage after stage, and the search for the highest rate that meets an objective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from neopack.errors import EngineFailed
from neopack.loadtests.client import WRONG
from neopack.loadtests.destination import Destination
from neopack.loadtests.event_loop import run
from neopack.loadtests.options import LoadOptions
from neopack.loadtests.payloads import Payload
from neopack.loadtests.recording import StageResult
from neopack.loadtests.stages import Stages
from neopack.measure.machine import Machine, this_machine
from neopack.measure.price import Price
from neopack.values.log import Log

__all__ = ["LoadResult", "load", "priced", "priced_stage", "refuse_nothing", "what_was_sent"]

# the search ends where the rates that meet and miss the objective are that near
NEAR = 1.1
MOST_STEPS = 8
# of the rate that is offered, which the server must keep up with
KEPT_UP = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """``highest_rate`` is what ``search`` found, in requests a second; 0.0 where the lowest rate
    that was tried misses the objective. ``machine`` is the client's. ``goldens`` is the archive
    whose golden numbers were sent, where it was named. ``instance`` and ``price`` are those of the
    server's machine and come from the user. ``difference`` is the largest that a right answer had
    from the golden outputs, relative to the largest of them."""

    subject: str
    url: str
    payload: str
    content_type: str
    stages: tuple[StageResult, ...]
    settings: LoadOptions
    machine: Machine
    highest_rate: float | None = None
    difference: float | None = None
    goldens: str = ""
    instance: str = ""
    price: Price | None = None

    @property
    def wrong(self) -> int:
        """How many answers differ from the golden outputs."""
        return sum(stage.errors.get(WRONG, 0) for stage in self.stages)


def load(
    name: str,
    destination: Destination,
    payloads: Sequence[Payload],
    options: LoadOptions,
    allowed: float,
    log: Log,
) -> LoadResult:
    """Load the server at ``destination``, which reports call ``name``. Raises ``EngineFailed``
    where it never answers, ``VerificationFailed`` where what it answers at rest is wrong."""
    test = _LoadTest(destination, payloads, options, allowed, log)
    stages, highest = run(test.run())
    refuse_nothing(destination, stages)
    return LoadResult(
        subject=name,
        url=destination.shown,
        payload=what_was_sent(payloads),
        content_type=payloads[0].content_type,
        stages=tuple(stages),
        settings=options,
        machine=this_machine(),
        highest_rate=highest,
        difference=test.stages.answers.largest,
    )


def what_was_sent(payloads: Sequence[Payload]) -> str:
    return payloads[0].name if len(payloads) == 1 else f"{len(payloads)} files"


def priced(result: LoadResult, instance: str, price: Price | None) -> LoadResult:
    """Return ``result`` with the instance that served, and the cost at each stage's throughput."""
    stages = result.stages
    if price is not None:
        stages = tuple(priced_stage(stage, price) for stage in stages)
    return replace(result, stages=stages, instance=instance, price=price)


def priced_stage(stage: StageResult, price: Price) -> StageResult:
    some = stage.throughput > 0
    return replace(stage, per_million=price.per_million(stage.throughput) if some else None)


def refuse_nothing(destination: Destination, stages: Sequence[StageResult]) -> None:
    """Raise where there is nothing to report: no answer is right."""
    if any(stage.latency.count for stage in stages):
        return
    kinds = ", ".join(sorted({kind for stage in stages for kind in stage.errors})) or "no request"
    raise EngineFailed(
        f"{destination.shown} gave no right answer: {kinds}",
        hint="send the same request by curl, and see what the server logs",
    )


class _LoadTest:
    def __init__(
        self,
        destination: Destination,
        payloads: Sequence[Payload],
        options: LoadOptions,
        allowed: float,
        log: Log,
    ) -> None:
        self.stages = Stages(destination, payloads, options, allowed)
        self._options, self._log = options, log

    async def run(self) -> tuple[list[StageResult], float | None]:
        options = self._options
        await self.stages.ask_once()
        levels = options.levels
        with self._log.step("loading the server", len(levels)):
            measured = [await self._stage(level) for level in levels]
        if not options.search or not any(stage.latency.count for stage in measured):
            return measured, None
        with self._log.step("searching the highest rate", MOST_STEPS):
            capacity = max(stage.throughput for stage in measured)
            return measured, await self._search(capacity, measured)

    async def _stage(self, level: float) -> StageResult:
        options = self._options
        result = await self.stages.at(level, seconds=options.seconds, warm_up=options.warm_up)
        self._log.advance(1)
        return result

    async def _search(self, capacity: float, stages: list[StageResult]) -> float:
        """Between nothing and what a closed loop reached, halving what is unknown."""
        meets, misses = 0.0, capacity * NEAR
        for _ in range(MOST_STEPS):
            rate = (meets + misses) / 2
            stage = await self.stages.opened(
                rate, seconds=self._options.seconds, warm_up=self._options.warm_up
            )
            self._log.advance(1)
            stages.append(stage)
            meets, misses = (rate, misses) if self._meets(stage) else (meets, rate)
            if misses <= meets * NEAR:
                break
        return meets

    def _meets(self, stage: StageResult) -> bool:
        objective = self._options.slo
        assert objective is not None  # noqa: S101 - the options ask for it
        enough = stage.requests * objective.percent / 100
        in_time = (stage.goodput or 0.0) * stage.seconds
        return in_time >= enough and stage.throughput >= KEPT_UP * stage.rate
