"""The emulator's clock: the real one, or one that moves only on request."""

from __future__ import annotations

import time

__all__ = ["Clock"]


class Clock:
    def __init__(self, *, manual: bool = False) -> None:
        self.manual = manual
        self._moved = 0.0
        # whole seconds, as in the filters of SDKs
        self._stood = float(int(time.time()))

    def now(self) -> float:
        """Return the seconds since 1970."""
        return (self._stood if self.manual else time.time()) + self._moved

    def advance(self, seconds: float) -> None:
        self._moved += seconds
