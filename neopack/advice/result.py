"""What is advised, as a value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from neopack.errors import UsageError
from neopack.experiments.capacity import Capacity
from neopack.experiments.costing import Cost, Demand
from neopack.facts.published import Publication

__all__ = ["Advice", "Choice", "TargetOption", "Wishes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """``p95`` in milliseconds, ``budget`` in the currency of the prices a month; None: any.

    Raises ``UsageError`` for numbers that mean nothing.
    """

    p95: float | None = None
    budget: float | None = None
    demand: Demand

    def __post_init__(self) -> None:
        for name, value in (("--p95", self.p95), ("--budget", self.budget)):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise UsageError(f"{name} {value:g} is not positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was measured, with its cost, and ``misses``: the wishes that it does not meet."""

    measured: Capacity
    cost: Cost
    misses: tuple[str, ...]

    @property
    def fits(self) -> bool:
        return not self.misses


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOption:
    """A target that takes the model, with the instances that serve it. ``small`` are those whose
    memory does not hold it. ``published`` is the lowest cost of a million, in USD, that AWS
    published of compiled models on its instances. ``first`` is what has to be done before."""

    target: str
    version: str
    first: str
    instances: tuple[str, ...]
    small: tuple[str, ...]
    notices: tuple[str, ...]
    published: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """``measured`` has the best choice first: those that fit, the cheapest before dearer ones, and
    those without a price by throughput. ``memory`` is what a copy of the model needs, in bytes: as
    measured, or else its files alone, which is the least. ``results`` are the files that were
    read."""

    path: str
    framework: str
    wishes: Wishes
    memory: int
    memory_is_measured: bool
    measured: tuple[Choice, ...]
    targets: tuple[TargetOption, ...]
    publications: tuple[Publication, ...]
    gone: tuple[str, ...]
    results: tuple[str, ...]

    @property
    def best(self) -> Choice | None:
        """None where nothing that was measured fits."""
        return next((choice for choice in self.measured if choice.fits), None)
