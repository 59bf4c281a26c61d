"""One client of a server: sends a payload, and says how it went."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from neopack.distributions import install_hint
from neopack.errors import Missing
from neopack.loadtests.payloads import Payload
from neopack.loadtests.right_answers import RightAnswers
from neopack.serving.bodies import Body

if TYPE_CHECKING:
    import aiohttp

__all__ = ["OK", "WRONG", "Send", "http_client"]

OK, WRONG = "ok", "wrong answer"
TIMED_OUT, REFUSED, CLOSED = "timed out", "connection refused", "connection closed"
# a connection for each request in flight, as many as there are
NO_LIMIT = 0
PLAIN = MappingProxyType({"Accept-Encoding": "identity"})


class Send(Protocol):
    """Send a payload and return ``OK``, ``WRONG``, or the error by its kind."""

    async def __call__(self, payload: Payload) -> str: ...


@contextlib.asynccontextmanager
async def http_client(url: str, answers: RightAnswers, timeout: float) -> AsyncIterator[Send]:
    """A client of ``url`` that keeps its connections. Raises ``Missing`` without aiohttp."""
    try:
        import aiohttp
    except ImportError:
        raise Missing("aiohttp is not installed", hint=install_hint("loadtest")) from None
    limits = aiohttp.ClientTimeout(total=timeout)
    connector = aiohttp.TCPConnector(limit=NO_LIMIT)
    async with aiohttp.ClientSession(connector=connector, timeout=limits) as session:

        async def send(payload: Payload) -> str:
            try:
                return await _sent(session, url, payload, answers)
            except TimeoutError:
                return TIMED_OUT
            except aiohttp.ClientConnectorError:
                return REFUSED
            except (aiohttp.ClientError, asyncio.IncompleteReadError, OSError):
                return CLOSED

        yield send


async def _sent(
    session: aiohttp.ClientSession, url: str, payload: Payload, answers: RightAnswers
) -> str:
    headers = {**PLAIN, "Content-Type": payload.content_type}
    if payload.accept:
        headers["Accept"] = payload.accept
    async with session.post(url, data=payload.data, headers=headers) as response:
        data = await response.read()
        if response.status != 200:
            return f"status {response.status}"
        kind = response.headers.get("Content-Type", "")
    return OK if answers.is_right(payload, Body(kind=kind, data=data)) else WRONG
