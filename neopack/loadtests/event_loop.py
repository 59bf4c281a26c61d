"""The event loop of the client."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

__all__ = ["run"]

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """The result of ``main``, in uvloop where that is installed: a request takes a quarter less
    of a core in it (``benchmarks/loadtest.py``)."""
    with _short_collections():
        try:
            import uvloop
        except ImportError:  # Windows
            return asyncio.run(main)
        return uvloop.run(main)


@contextmanager
def _short_collections() -> Iterator[None]:
    """What is there already is not garbage. To look through all modules of a process takes 30 ms
    and more, in which no request leaves or arrives: one such pause in five seconds, and those who
    queue behind it, are the p99 of an open loop."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
