"""The cost of a million inferences, from benchmarks of several machines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neopack.errors import Malformed, UsageError
from neopack.formats.codec import from_json
from neopack.measure.bench import BenchResult, Side
from neopack.measure.price import Price, price_of, read_prices, small_json

__all__ = ["Cost", "Costs", "costs", "priced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One side of one benchmark. ``place`` is the instance, or the processor if no instance was
    given. ``price`` and ``per_million`` are None without a price."""

    archive: str
    engine: str
    place: str
    inferences: float
    p95: float
    price: Price | None = None
    per_million: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The cheapest first; rows without a price last."""

    rows: tuple[Cost, ...]


def priced(result: BenchResult, instance: str, price: Price | None) -> BenchResult:
    """Return ``result`` with the instance that it was measured on, and the cost."""
    sides = result.sides
    if price is not None:
        sides = tuple(replace(s, per_million=price.per_million(s.inferences)) for s in sides)
    return replace(result, sides=sides, instance=instance, price=price)


def costs(paths: Sequence[Path], prices: Path | None = None) -> Costs:
    """Read results of ``neopack bench --format json``; a list of ``prices`` overrides theirs.

    Raises ``Malformed`` for another document, ``UsageError`` if currencies differ or if
    ``prices`` lacks an instance.
    """
    price_list = None if prices is None else read_prices(prices)
    rows: list[Cost] = []
    for path in paths:
        result = _result(path)
        price = result.price
        if price_list is not None and result.instance:
            price = price_of(result.instance, price_list, str(prices))
        rows += [_cost(side, result, price) for side in result.sides]
    currencies = sorted({row.price.currency for row in rows if row.price is not None})
    if len(currencies) > 1:
        raise UsageError(
            f"prices are in {' and '.join(currencies)}", hint="give --prices in one currency"
        )
    rows.sort(key=lambda row: math.inf if row.per_million is None else row.per_million)
    return Costs(rows=tuple(rows))


def _result(path: Path) -> BenchResult:
    data = small_json(path)
    if not isinstance(data, dict) or data.get("kind") != "bench":
        hint = "neopack bench ARCHIVE --format json writes one"
        raise Malformed("is not a result of bench", where=str(path), hint=hint)
    result = from_json(BenchResult, data, where=path.name)
    if not all(side.inferences > 0 for side in result.sides):
        raise Malformed("has a side that computes nothing", where=str(path))
    return result


def _cost(side: Side, result: BenchResult, price: Price | None) -> Cost:
    words = (side.engine, side.version, side.precision)
    return Cost(
        archive=side.archive,
        engine=" ".join(word for word in words if word),
        place=result.instance or result.machine.processor,
        inferences=side.inferences,
        p95=side.latency.p95,
        price=price,
        per_million=None if price is None else price.per_million(side.inferences),
    )
