"""Bodies of answers where the disk is full, a cell is empty, or nobody is there to read them."""

from __future__ import annotations

import asyncio
import errno
import math
import os
from typing import Any

import pytest

from neopack.artifacts.loaded_model import checked_inputs
from neopack.errors import UsageError
from neopack.serving.answers import answered
from neopack.serving.bodies import JSON, Body, parsed
from neopack.serving.http.app import ServingApp
from neopack.serving.http.desk import Desk
from neopack.serving.http.observed import Observed, Observer
from neopack.serving.tables import cell_rows
from neopack.values.signature import Signature, TensorSpec

WORD = Body(kind="text/plain", data=b"word")


class Echo:
    def answer(self, request: Body, accept: str) -> Body:
        del accept
        return request

    def close(self) -> None: ...


class FullDisk(Echo):
    def answer(self, request: Body, accept: str) -> Body:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_answered_for() -> None:
    answer = answered(FullDisk(), WORD, "")
    assert (answer.status, answer.body.data) == (
        500, b"the server cannot answer: No space left on device",
    )  # fmt: skip


def test_an_empty_cell_is_missing() -> None:
    rows = cell_rows(b"1, 2,\n\n,3,4\r\n", Signature(inputs=(), outputs=()))
    assert [[None if math.isnan(cell) else cell for cell in row] for row in rows] == [
        [1.0, 2.0, None], [None, 3.0, 4.0],
    ]  # fmt: skip


@pytest.mark.parametrize("text", [b"[[1.7, 2]]", b"[[300, 1]]", b"[[-1, 1]]", b"[[null, 1]]"])
def test_numbers_are_not_cut_to_integers(text: bytes) -> None:
    pixels = Signature(inputs=(TensorSpec(name="x", dtype="uint8", shape=(1, 2)),), outputs=())
    with pytest.raises(UsageError, match=r"uint8 cannot hold|is not an array of numbers"):
        checked_inputs(pixels, parsed(Body(kind=JSON, data=text), pixels))
    whole = parsed(Body(kind=JSON, data=b"[[255.0, 1]]"), pixels)
    assert checked_inputs(pixels, whole)["x"].tolist() == [[255, 1]]


class Seen(Observer):
    def __init__(self) -> None:
        self.statuses: list[int] = []

    def began(self) -> None: ...

    def ended(self, seen: Observed) -> None:
        self.statuses.append(seen.status)


def asked(kind: str, sent: list[Any], seen: Seen, *, is_closed: bool = False) -> None:
    """Send ``kind``'s body to an app that answers it as it is."""
    app = ServingApp(Desk(Echo(), threads=1, answering=5.0), seen, hung=lambda: None)
    headers = [(b"content-type", kind.encode())]
    scope = {"method": "POST", "path": "/invocations", "headers": headers}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"word"}

    async def send(message: Any) -> None:
        if is_closed:
            raise RuntimeError("the handler is closed")
        sent.append(message)

    asyncio.run(app(scope, receive, send))


def test_a_connection_that_is_closed_already_is_no_error() -> None:
    seen, sent = Seen(), list[Any]()
    asked("text/plain", sent, seen)
    asked("text/plain", sent, seen, is_closed=True)
    assert seen.statuses == [200, 499]


@pytest.mark.parametrize("kind", ["text/plain\r\nX-Evil: 1", "text/plain\x00\x7f"])
def test_a_content_type_is_one_header(kind: str) -> None:
    sent = list[Any]()
    asked(kind, sent, Seen())
    value = dict(sent[0]["headers"])[b"content-type"].decode()
    assert value.isprintable()
    assert value.startswith("text/plain")
