"""The two ways of making load.

In a closed loop each caller waits for its answer before it asks again, as 16 threads of a client
do: a slow server is asked less. In an open loop requests are due whether or not the server keeps
up, as those of many users are. Latency counts from when a request was due, so that waiting for a
server that stalls is not left out (the "coordinated omission" of closed loops).
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterable, Sequence
from contextlib import aclosing

from neopack.loadtests.client import Send
from neopack.loadtests.options import Objective
from neopack.loadtests.payloads import Payload
from neopack.loadtests.punctual import punctual
from neopack.loadtests.recording import Recording, StageResult

__all__ = ["closed_loop", "open_loop"]

# more requests in flight than that would only measure this process
MOST_IN_FLIGHT = 5000
NOT_SENT = "not sent, too many in flight"


async def closed_loop(
    send: Send,
    payloads: Sequence[Payload],
    *,
    callers: int,
    warm_up: float,
    seconds: float,
    think: float = 0.0,
    objective: Objective | None = None,
) -> StageResult:
    """``callers`` at a time, each with ``think`` seconds between answer and next request."""
    start = time.perf_counter() + warm_up
    recording, end = Recording(start, objective), start + seconds
    turns = itertools.cycle(payloads)

    async def call() -> None:
        while (sent := time.perf_counter()) < end:
            outcome = await send(next(turns))
            now = time.perf_counter()
            recording.add(outcome, now - sent, now)
            # a refused connection answers at once: others must get their turn
            await asyncio.sleep(think)

    asyncio.get_running_loop().call_later(warm_up, recording.begin)
    await asyncio.gather(*(call() for _ in range(callers)))
    return recording.result(time.perf_counter(), planned=seconds, callers=callers)


async def open_loop(
    send: Send,
    payloads: Sequence[Payload],
    due: Iterable[float],
    *,
    rate: float,
    warm_up: float,
    seconds: float,
    objective: Objective | None = None,
) -> StageResult:
    """Requests at the moments of ``due``, in seconds from the start: ``warm_up`` seconds that do
    not count, and ``seconds`` that do."""
    begin = time.perf_counter()
    recording = Recording(begin + warm_up, objective)
    turns, flying = itertools.cycle(payloads), set[asyncio.Task[None]]()

    async def call(at: float) -> None:
        recording.lateness.add(max(0.0, time.perf_counter() - at))
        outcome = await send(next(turns))
        now = time.perf_counter()
        recording.add(outcome, now - at, now)

    def launch(at: float) -> None:
        if len(flying) >= MOST_IN_FLIGHT:
            recording.add(NOT_SENT, 0.0, time.perf_counter())
            return
        task = asyncio.get_running_loop().create_task(call(at))
        flying.add(task)
        task.add_done_callback(flying.discard)

    asyncio.get_running_loop().call_later(warm_up, recording.begin)
    async with aclosing(punctual(begin + each for each in due)) as moments:
        async for at in moments:
            launch(at)
    while flying:
        await asyncio.wait(flying)
    return recording.result(time.perf_counter(), planned=seconds, rate=rate)
