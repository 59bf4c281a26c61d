"""The cost of a million inferences, added to a benchmark."""

from __future__ import annotations

from dataclasses import replace

from neopack.measure.bench import BenchResult
from neopack.measure.price import Price

__all__ = ["priced"]


def priced(result: BenchResult, instance: str, price: Price | None) -> BenchResult:
    """Return ``result`` with the instance that it was measured on, and the cost."""
    sides = result.sides
    if price is not None:
        sides = tuple(replace(s, per_million=price.per_million(s.inferences)) for s in sides)
    return replace(result, sides=sides, instance=instance, price=price)
