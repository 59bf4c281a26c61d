"""HTTP/1.1 whose clients do not hold a connection for ever: neither by sending slowly, nor by
reading slowly. A request's body reaches the application in one piece."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from neopack.serving.bodies import LARGEST_BODY

__all__ = ["PROBE", "TimedProtocol"]

# seconds for the whole of a request, and for the client to read what is in the way of more
RECEIVING, READING = 60.0, 60.0
# seconds from the end of what a client sends to the question whether it is there
PROBING = 0.25
# seconds from the end of the server to that of an idle connection, whose next request may be on
# its way: it is answered
LEAVING = 0.25
# which a client of HTTP/1.1 reads past, at any time before the answer (RFC 9110, 15.2)
PROBE = b"HTTP/1.1 100 Continue\r\n\r\n"
LONGEST_HEADERS = 1 << 16


class TimedProtocol(HttpToolsProtocol):
    """Ends a connection whose request does not arrive in time, or whose answer is not read.
    ``lost`` is called when it has ended.

    An image arrives in a dozen parts. To wake the application for each, and to copy what came
    before, takes longer than reading them.
    """

    receiving, reading = RECEIVING, READING
    _receiving: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None
    _probing: asyncio.TimerHandle | None = None
    _header_bytes = _body_bytes = 0
    _leaves = False
    _parts: list[bytes]

    def __init__(self, *words: Any, lost: Callable[[], None] | None = None, **named: Any) -> None:
        super().__init__(*words, **named)
        self._lost = lost

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_request()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_bytes = self._body_bytes = 0
        self._parts = []
        self._await_request()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > LONGEST_HEADERS:
            raise ValueError("the headers are too long")  # the parser answers 400
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self._leaves:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        if self.cycle.response_complete:  # refused by its header alone
            return
        self._parts.append(body)
        self._body_bytes += len(body)
        if self._body_bytes > LARGEST_BODY:
            self._join()
            super().on_body(b"")  # wakes the application, which refuses it

    def on_message_complete(self) -> None:
        _cancel(self._receiving)
        self._join()
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading = self.loop.call_later(self.reading, self.transport.abort)

    def resume_writing(self) -> None:
        _cancel(self._reading)
        super().resume_writing()

    def shutdown(self) -> None:
        self._leaves = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LEAVING, super().shutdown)
        else:
            super().shutdown()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Whether the connection stays: for the answer to a request that is whole. A client that
        has left looks like one that only sends no more, until it is sent something."""
        if self.cycle is None or self.cycle.more_body or self.cycle.response_complete:
            return False
        self.cycle.keep_alive = False
        self._probing = self.loop.call_later(PROBING, self._probe, PROBE)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._receiving)
        _cancel(self._reading)
        _cancel(self._probing)
        super().connection_lost(exc)
        if self._lost is not None:
            self._lost()

    def _join(self) -> None:
        """A single part is not copied: neither ``b"" + part`` nor ``bytes`` of bytes does that."""
        whole = bytes(self.cycle.body) + b"".join(self._parts)
        self.cycle.body = whole  # type: ignore[assignment]
        self._parts = []

    def _probe(self, data: bytes) -> None:
        """Send ``data``, which one that has left answers with a reset: see whether it did."""
        if self.transport.is_closing() or self.cycle.response_started:
            return  # what is sent tells
        connection: socket.socket = self.transport.get_extra_info("socket")
        if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.transport.abort()
            return
        if self.cycle.scope["http_version"] == "1.1" and not self.pipeline:
            self.transport.write(data)
            data = b""
        self._probing = self.loop.call_later(PROBING, self._probe, data)

    def _await_request(self) -> None:
        _cancel(self._receiving)
        self._receiving = self.loop.call_later(self.receiving, self.transport.abort)


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
