"""A load test: stage after stage, and the search for the highest rate that meets an objective."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from neopack.errors import EngineFailed, VerificationFailed
from neopack.loadtests.arrivals import due_times
from neopack.loadtests.client import WRONG, Send, http_client
from neopack.loadtests.loops import closed_loop, open_loop
from neopack.loadtests.payloads import Payload
from neopack.loadtests.recording import StageResult
from neopack.loadtests.right_answers import RightAnswers
from neopack.measure.machine import Machine, this_machine
from neopack.measure.price import Price
from neopack.options import LoadOptions
from neopack.values.log import Log

__all__ = ["LoadResult", "load", "priced"]

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
    server's machine and come from the user."""

    subject: str
    url: str
    payload: str
    content_type: str
    stages: tuple[StageResult, ...]
    settings: LoadOptions
    machine: Machine
    highest_rate: float | None = None
    goldens: str = ""
    instance: str = ""
    price: Price | None = None

    @property
    def wrong(self) -> int:
        """How many answers differ from the golden outputs."""
        return sum(stage.errors.get(WRONG, 0) for stage in self.stages)


def load(
    subject: str, url: str, payloads: Sequence[Payload], options: LoadOptions, log: Log
) -> LoadResult:
    """Load the server whose POST is at ``url``. Raises ``EngineFailed`` where it never answers,
    ``VerificationFailed`` where all that it answers is wrong."""
    stages, highest = asyncio.run(_LoadTest(url, payloads, options, log).run())
    _refuse_nothing(url, stages)
    return LoadResult(
        subject=subject,
        url=url,
        payload=payloads[0].name if len(payloads) == 1 else f"{len(payloads)} files",
        content_type=payloads[0].content_type,
        stages=tuple(stages),
        settings=options,
        machine=this_machine(),
        highest_rate=highest,
    )


def priced(result: LoadResult, instance: str, price: Price | None) -> LoadResult:
    """Return ``result`` with the instance that served, and the cost at each stage's throughput."""
    stages = result.stages
    if price is not None:
        stages = tuple(_priced(stage, price) for stage in stages)
    return replace(result, stages=stages, instance=instance, price=price)


def _priced(stage: StageResult, price: Price) -> StageResult:
    some = stage.throughput > 0
    return replace(stage, per_million=price.per_million(stage.throughput) if some else None)


def _refuse_nothing(url: str, stages: Sequence[StageResult]) -> None:
    """Raise where there is nothing to report: no answer is right."""
    if any(stage.latency.count for stage in stages):
        return
    kinds = _kinds(stages)
    if kinds == WRONG:
        raise VerificationFailed(
            f"all answers of {url} differ from the golden outputs",
            hint="serve the model of these golden numbers, or raise --max-difference",
        )
    raise EngineFailed(
        f"{url} gave no right answer: {kinds}",
        hint="send the same request by curl, and see what the server logs",
    )


def _kinds(stages: Sequence[StageResult]) -> str:
    return ", ".join(sorted({kind for stage in stages for kind in stage.errors})) or "no request"


class _LoadTest:
    def __init__(
        self, url: str, payloads: Sequence[Payload], options: LoadOptions, log: Log
    ) -> None:
        self._url, self._payloads, self._options, self._log = url, payloads, options, log
        self._answers = RightAnswers(options.difference)

    async def run(self) -> tuple[list[StageResult], float | None]:
        options = self._options
        with self._log.step("loading the server", len(options.rates or options.callers)):
            stages = [await self._stage(level) for level in options.rates or options.callers]
        if not options.search or not any(stage.latency.count for stage in stages):
            return stages, None
        with self._log.step("searching the highest rate", MOST_STEPS):
            return stages, await self._search(max(stage.throughput for stage in stages), stages)

    async def _stage(self, level: float) -> StageResult:
        result = await (self._open(level) if self._options.rates else self._closed(int(level)))
        self._log.advance(1)
        return result

    async def _closed(self, callers: int) -> StageResult:
        options = self._options
        async with self._client() as send:
            return await closed_loop(
                send,
                self._payloads,
                callers=callers,
                warm_up=options.warm_up,
                seconds=options.seconds,
                think=options.think / 1e3,
                objective=options.slo,
            )

    async def _open(self, rate: float) -> StageResult:
        options = self._options
        whole = options.warm_up + options.seconds
        async with self._client() as send:
            return await open_loop(
                send,
                self._payloads,
                due_times(rate, whole, options.arrivals, options.seed),
                rate=rate,
                warm_up=options.warm_up,
                seconds=options.seconds,
                objective=options.slo,
            )

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[Send]:
        """New connections for each stage, as new callers make."""
        async with http_client(self._url, self._answers, self._options.timeout) as send:
            yield send

    async def _search(self, capacity: float, stages: list[StageResult]) -> float:
        """Between nothing and what a closed loop reached, halving what is unknown."""
        meets, misses = 0.0, capacity * NEAR
        for _ in range(MOST_STEPS):
            rate = (meets + misses) / 2
            stage = await self._open(rate)
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
