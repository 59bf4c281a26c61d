"""The queue before a model: so many requests wait, and so many threads answer them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from neopack.serving.answers import Answer, Answering, answered
from neopack.serving.bodies import Body

__all__ = ["ClientGone", "Desk"]

# job_queue_size of the containers' model server (awslabs/multi-model-server, ConfigManager.java)
QUEUE = 100


class ClientGone(Exception):
    """The connection ended before the request was answered."""


class Desk:
    """``answering`` seconds pass from a request to its answer at most; None where the model itself
    sees to that."""

    def __init__(self, model: Answering, *, threads: int, answering: float | None) -> None:
        self._model, self._threads, self._answering = model, threads, answering
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answers")
        self._inside = 0

    def is_full(self) -> bool:
        return self._inside >= self._threads + QUEUE

    async def answer(
        self, request: Body, accept: str, gone: Callable[[], Coroutine[Any, Any, None]]
    ) -> Answer:
        """Raises ``TimeoutError`` where the model does not answer in time. A request that waits is
        dropped when its client is gone, which ``gone`` waits for: raises ``ClientGone``."""
        waits = self._inside >= self._threads
        self._inside += 1
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, answered, self._model, request, accept)
        try:
            async with asyncio.timeout(self._answering):
                if waits:
                    await _either(work, gone())
                return await work
        finally:
            self._inside -= 1


async def _either(work: asyncio.Future[Any], gone: Coroutine[Any, Any, None]) -> None:
    """Wait for the answer, or for the client to leave: then the work need not begin."""
    leaving: asyncio.Future[Any] = asyncio.create_task(gone)
    try:
        await asyncio.wait([work, leaving], return_when=asyncio.FIRST_COMPLETED)
        if not work.done() and work.cancel():
            raise ClientGone
    finally:
        leaving.cancel()
