"""The ASGI application of one worker: requests in, answers of its model out."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from typing import Any, TypeAlias

from neopack.serving.answers import Answer, refusal, too_large
from neopack.serving.bodies import ANYTHING, DIED, JSON, LARGEST_BODY, Body
from neopack.serving.http.desk import ClientGone, Desk
from neopack.serving.http.observed import Observed, Observer

__all__ = ["ServingApp"]

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
# as the model server words them (awslabs/multi-model-server, InferenceRequestHandler.java, 2026)
NOT_FOUND = "Requested resource is not found, please refer to API document."
NOT_ALLOWED = "Requested method is not allowed, please refer to API document."
NO_WORKER = (
    "No worker is available to serve request for model: model. Consider increasing job queue size."
)
STOPPING = "The server is stopping, and the request was not answered in time."
METHODS: Mapping[str, str] = {"/ping": "GET", "/invocations": "POST", "/metrics": "GET"}
# what the access log has where nobody was there to read an answer (nginx's own code for it)
UNREAD = Answer(status=499, body=Body(kind="", data=b""))
HEALTHY = Answer(status=200, body=Body(kind=JSON, data=b'{"status": "Healthy!"}'))
REQUEST_ID = "x-request-id"
LONGEST_ID = 128


class ServingApp:
    """``hung`` is called where the model did not answer in time: this worker is to be replaced.
    ``accept`` is the content type of an answer where a request accepts anything."""

    def __init__(
        self, desk: Desk, observer: Observer, *, hung: Callable[[], None], accept: str = ""
    ) -> None:
        self._desk, self._observer, self._hung, self._default = desk, observer, hung, accept

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        start = time.perf_counter()
        headers = _headers(scope["headers"])
        name = _request_id(headers)
        self._observer.began()
        answer, size = UNREAD, 0
        try:
            answer, size = await self._answer(scope, headers, receive)
            await _sent(answer, name, send)
        except ClientGone:
            answer = UNREAD
        except asyncio.CancelledError:  # the server stops, and has waited for long enough
            answer = refusal(503, STOPPING, kind="ServiceUnavailableException")
            with contextlib.suppress(ClientGone):
                await _sent(answer, name, send)
        finally:
            self._observer.ended(
                Observed(
                    id=name,
                    method=scope["method"],
                    path=scope["path"],
                    status=answer.status,
                    seconds=time.perf_counter() - start,
                    content_type=headers.get("content-type", ""),
                    bytes_in=size,
                    bytes_out=len(answer.body.data),
                )
            )

    async def _answer(
        self, scope: Message, headers: Mapping[str, str], receive: Receive
    ) -> tuple[Answer, int]:
        """The answer, and the size of the request's body in bytes."""
        method = METHODS.get(scope["path"])
        if method is None:
            return refusal(404, NOT_FOUND, kind="ResourceNotFoundException"), 0
        if scope["method"] != method:
            return refusal(405, NOT_ALLOWED, kind="MethodNotAllowedException"), 0
        if scope["path"] == "/ping":
            return HEALTHY, 0
        if scope["path"] == "/metrics":
            return Answer(status=200, body=self._observer.exposed()), 0
        return await self._invoked(headers, receive)

    async def _invoked(self, headers: Mapping[str, str], receive: Receive) -> tuple[Answer, int]:
        data = await _received(headers, receive)
        if data is None:
            return too_large(), 0
        kind = headers.get("content-type", "")
        request = Body(kind=kind, data=data, headers=headers)
        if self._desk.is_full():
            return refusal(503, NO_WORKER, kind="ServiceUnavailableException"), len(data)
        accept = headers.get("accept", "")
        accept = self._default if accept in ANYTHING and self._default else accept
        try:
            answer = await self._desk.answer(request, accept, _gone(receive))
        except TimeoutError:
            self._hung()
            answer = refusal(500, DIED, kind="InternalServerException")
        return answer, len(data)


def _headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}


def _request_id(headers: Mapping[str, str]) -> str:
    asked = headers.get(REQUEST_ID, "")
    fits = 0 < len(asked) <= LONGEST_ID and asked.isascii() and asked.isprintable()
    return asked if fits else uuid.uuid4().hex


async def _received(headers: Mapping[str, str], receive: Receive) -> bytes | None:
    """The whole body, or None where it is longer than a container takes."""
    with contextlib.suppress(ValueError):
        if int(headers.get("content-length", "0")) > LARGEST_BODY:
            return None
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        parts.append(message.get("body", b""))
        size, more = size + len(parts[-1]), message.get("more_body", False)
        if size > LARGEST_BODY:
            return None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _gone(receive: Receive) -> Callable[[], Coroutine[Any, Any, None]]:
    async def wait() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    return wait


async def _sent(answer: Answer, name: str, send: Send) -> None:
    body = answer.body
    headers = [
        (b"content-type", _value(body.kind)),
        (b"content-length", str(len(body.data)).encode()),
        (REQUEST_ID.encode(), name.encode()),
        *_told(body.headers),
    ]
    try:
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body.data})
    except RuntimeError:  # uvloop's, until uvicorn has heard that the connection is closed
        raise ClientGone from None


def _told(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Those of a script, without what is the server's to say."""
    return [
        (name.encode("latin-1"), _value(value))
        for name, value in headers.items()
        if name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        if name.lower()
        not in ("content-length", "content-type", "transfer-encoding", "connection")
    ]


def _value(text: str) -> bytes:
    """Without what would end a header early, or no header may have."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    return shown.strip().encode("latin-1", "replace")
