"""Where progress and remarks go."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

__all__ = [
    "LineLog",
    "Log",
    "SilentLog",
]


class Log(Protocol):
    """Where progress and remarks go. Only the command line shows them."""

    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Any]: ...
    def advance(self, amount: int) -> None: ...
    def note(self, text: str) -> None: ...
    def warn(self, text: str) -> None: ...


class SilentLog:
    """The default: says nothing."""

    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Any]:
        return nullcontext()

    def advance(self, amount: int) -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def warn(self, text: str) -> None:
        pass


class LineLog(SilentLog):
    """Each step when it is done, each note and warning, as a line to ``write``: ``print`` in a
    notebook, a logger's ``info`` in a service."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[None]:
        start = time.monotonic()
        yield
        self._write(f"{name}: {time.monotonic() - start:.1f} s")

    def note(self, text: str) -> None:
        self._write(text)

    def warn(self, text: str) -> None:
        self._write(f"warning: {text}")
