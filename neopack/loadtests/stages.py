"""Single levels of load on one destination, as the options say."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from neopack.errors import VerificationFailed
from neopack.loadtests.arrivals import due_times
from neopack.loadtests.client import WRONG, Send, http_client
from neopack.loadtests.destination import Destination
from neopack.loadtests.loops import closed_loop, open_loop
from neopack.loadtests.options import LoadOptions
from neopack.loadtests.payloads import Payload
from neopack.loadtests.recording import StageResult
from neopack.loadtests.right_answers import RightAnswers

__all__ = ["LEEWAY", "Stages"]

# answers may differ by so many times what was measured before
LEEWAY = 1.1
# where an engine allows any difference, answers under load are compared with those at rest
LEAST = 1e-3


class Stages:
    """``allowed`` is how far right answers may be from the golden outputs."""

    def __init__(
        self,
        destination: Destination,
        payloads: Sequence[Payload],
        options: LoadOptions,
        allowed: float,
    ) -> None:
        self._destination, self._payloads, self._options = destination, payloads, options
        self.answers = RightAnswers(allowed)

    async def ask_once(self) -> None:
        """Ask for each answer once, at rest. Raises ``VerificationFailed`` where one is wrong: it
        would be wrong under load too. A server that does not answer yet may do so later."""
        answers = self.answers
        async with self._client() as send:
            outcomes = [await send(payload) for payload in self._payloads]
        if WRONG in outcomes:
            raise VerificationFailed(
                f"{self._destination.shown} differs from the golden outputs by more than "
                f"{answers.allowed:g} of the largest",
                hint="serve the model of these golden numbers, or raise --max-difference",
            )
        if answers.allowed == float("inf"):
            answers.allowed = max(LEAST, LEEWAY * (answers.largest or 0.0))

    async def at(self, level: float, *, seconds: float, warm_up: float) -> StageResult:
        """Callers, or requests a second where the options have rates."""
        if self._options.rates:
            return await self.opened(level, seconds=seconds, warm_up=warm_up)
        return await self._closed(int(level), seconds=seconds, warm_up=warm_up)

    async def _closed(self, callers: int, *, seconds: float, warm_up: float) -> StageResult:
        options = self._options
        async with self._client() as send:
            return await closed_loop(
                send,
                self._payloads,
                callers=callers,
                warm_up=warm_up,
                seconds=seconds,
                think=options.think / 1e3,
                objective=options.slo,
            )

    async def opened(self, rate: float, *, seconds: float, warm_up: float) -> StageResult:
        """An open loop, whatever the options say."""
        options = self._options
        async with self._client() as send:
            return await open_loop(
                send,
                self._payloads,
                due_times(rate, warm_up + seconds, options.arrivals, options.seed),
                rate=rate,
                warm_up=warm_up,
                seconds=seconds,
                objective=options.slo,
            )

    def _client(self) -> AbstractAsyncContextManager[Send]:
        """New connections for each stage, as new callers make."""
        return http_client(self._destination, self.answers, self._options.timeout)
