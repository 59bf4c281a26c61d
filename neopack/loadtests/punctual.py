"""Moments of an open loop, each when it is due.

The timers of event loops are up to a millisecond late, which would count as latency. A thread that
waits and wakes the loop does not help where cores are few: the loop is then woken on the core that
the server computes on, and waits for it. Linux has timers that are files (timerfd_create(2)).
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import AsyncGenerator, Iterable

__all__ = ["punctual"]

# of CLOCK_MONOTONIC, which time.perf_counter() is on Linux
MONOTONIC, ABSOLUTE = 1, 1
EXPIRATIONS = 8


async def punctual(moments: Iterable[float]) -> AsyncGenerator[float]:
    """``moments`` of ``time.perf_counter()``, in their order."""
    timer = _Timer() if sys.platform == "linux" else None
    try:
        for moment in moments:
            # the tasks of those before get their turn, also where all is late
            await asyncio.sleep(0)
            left = moment - time.perf_counter()
            if left > 0:
                await (timer.until(moment) if timer else asyncio.sleep(left))
            yield moment
    finally:
        if timer:
            timer.close()


class _Timer:
    """A timer of the kernel that the event loop waits for as it waits for sockets."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._file = self._libc.timerfd_create(MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")

    async def until(self, moment: float) -> None:
        loop = asyncio.get_running_loop()
        rings = loop.create_future()
        self._set(moment)
        loop.add_reader(self._file, self._ring, rings)
        try:
            await rings
        finally:
            loop.remove_reader(self._file)

    def _set(self, moment: float) -> None:
        seconds = int(moment)
        # interval and value, each in seconds and nanoseconds
        times = (ctypes.c_long * 4)(0, 0, seconds, int(1e9 * (moment - seconds)))
        if self._libc.timerfd_settime(self._file, ABSOLUTE, times, None):
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def _ring(self, rings: asyncio.Future[None]) -> None:
        os.read(self._file, EXPIRATIONS)
        if not rings.done():
            rings.set_result(None)

    def close(self) -> None:
        os.close(self._file)
