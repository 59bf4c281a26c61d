"""A limit on how long somebody's code may compute."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["TooSlow", "at_most"]


class TooSlow(BaseException):
    """Not an ``Exception``: code that catches those would go on."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise ``TooSlow`` in the block after that long; never in a thread other than the main one,
    where no signal arrives."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlow
