"""One client of a server: sends a payload, and says how it went."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from neopack.distributions import install_hint
from neopack.errors import Missing
from neopack.loadtests.destination import Destination
from neopack.loadtests.payloads import Payload
from neopack.loadtests.right_answers import RightAnswers
from neopack.serving.bodies import Body

if TYPE_CHECKING:
    import aiohttp

__all__ = ["OK", "WRONG", "Send", "http_client"]

OK, WRONG = "ok", "wrong answer"
TIMED_OUT, REFUSED, CLOSED = "timed out", "connection refused", "connection closed"
TOO_LONG = "longer than an answer may be"
LONGEST_ANSWER = 64 << 20
# a connection for each request in flight, as many as there are
NO_LIMIT = 0
# seconds: a server ends idle connections (uvicorn after 5), and one that ends as a request
# leaves would count as an error
IDLE = 4.0
# what AWS answers names its error there
ERROR_TYPE = "x-amzn-ErrorType"
PLAIN = MappingProxyType({"Accept-Encoding": "identity"})


class Send(Protocol):
    """Send a payload and return ``OK``, ``WRONG``, or the error by its kind."""

    async def __call__(self, payload: Payload) -> str: ...


@contextlib.asynccontextmanager
async def http_client(
    destination: Destination, answers: RightAnswers, timeout: float
) -> AsyncIterator[Send]:
    """A client that keeps its connections. Raises ``Missing`` without aiohttp."""
    try:
        import aiohttp
    except ImportError:
        raise Missing("aiohttp is not installed", hint=install_hint("loadtest")) from None
    limits = aiohttp.ClientTimeout(total=timeout)
    connector = aiohttp.TCPConnector(limit=NO_LIMIT, keepalive_timeout=IDLE)
    # what is signed goes to AWS, which some reach by a proxy alone
    by_proxy = destination.sign is not None
    async with aiohttp.ClientSession(
        connector=connector, timeout=limits, trust_env=by_proxy, auto_decompress=False
    ) as session:

        async def send(payload: Payload) -> str:
            try:
                return await _sent(session, destination, payload, answers)
            except TimeoutError:
                return TIMED_OUT
            except aiohttp.ClientConnectorError:
                return REFUSED
            except (aiohttp.ClientError, asyncio.IncompleteReadError, OSError):
                return CLOSED

        yield send


async def _sent(
    session: aiohttp.ClientSession,
    destination: Destination,
    payload: Payload,
    answers: RightAnswers,
) -> str:
    headers: Mapping[str, str] = {**PLAIN, "Content-Type": payload.content_type}
    if payload.accept:
        headers = {**headers, "Accept": payload.accept}
    if destination.sign is not None:
        headers = destination.sign(payload.data, headers)
    async with session.post(
        destination.url, data=payload.data, headers=headers, allow_redirects=False
    ) as response:
        data = await _received(response)
        if data is None:
            return TOO_LONG
        if response.status != 200:
            return f"status {response.status} {response.headers.get(ERROR_TYPE, '')}".rstrip()
        kind = response.headers.get("Content-Type", "")
    return OK if answers.is_right(payload, Body(kind=kind, data=data)) else WRONG


async def _received(response: aiohttp.ClientResponse) -> bytes | None:
    """The body, or None of a longer one: some servers never end."""
    length = response.content_length
    if length is not None and length <= LONGEST_ANSWER:
        return await response.read()
    parts, size = [], 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > LONGEST_ANSWER:
            response.close()
            return None
    return b"".join(parts)
