"""When requests of an open loop are due: independent of how fast the server answers."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Literal

__all__ = ["ARRIVALS", "Arrivals", "due_times"]

Arrivals = Literal["poisson", "constant"]
ARRIVALS: tuple[Arrivals, ...] = ("poisson", "constant")


def due_times(rate: float, seconds: float, arrivals: Arrivals, seed: int) -> Iterator[float]:
    """Seconds after the start, in order, all before ``seconds``; ``rate`` is per second.

    ``poisson`` is what many independent callers make: gaps are exponential, the same for the same
    ``seed``. ``constant`` gaps are all equal.
    """
    draws = Random(seed)  # noqa: S311 - arrivals, not secrets
    due = 0.0
    while due < seconds:
        yield due
        due += draws.expovariate(rate) if arrivals == "poisson" else 1 / rate
