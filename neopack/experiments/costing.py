"""What answers cost on each measured machine, and how many instances a rate takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neopack.errors import UsageError
from neopack.experiments.capacity import Capacity, capacities
from neopack.measure.price import Price, PriceList, price_of, read_prices

__all__ = ["HOURS", "Cost", "Costs", "Demand", "cost_of", "costs", "repriced"]

# of a month, as AWS Pricing Calculator counts them (2026)
HOURS = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """``rate`` is in requests a second, None where it is not known. Instances are ``load_factor``
    times as busy as when they were measured. Raises ``UsageError`` for numbers that mean nothing.
    """

    rate: float | None = None
    load_factor: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.load_factor <= 1:
            raise UsageError(f"--load-factor {self.load_factor:g} is not above 0 and at most 1")
        if self.rate is not None and not (math.isfinite(self.rate) and self.rate > 0):
            raise UsageError(f"--rps {self.rate:g} is not positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One model on one machine. ``place`` is the instance, or the processor if no instance was
    named. Without a price, ``price`` and all that follows are None. ``saved`` is the share of
    the first row's cost that this one saves. ``instances`` and ``monthly`` are for the demand."""

    archive: str
    engine: str
    place: str
    inferences: float
    p95: float
    price: Price | None = None
    per_million: float | None = None
    saved: float | None = None
    instances: int | None = None
    monthly: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The cheapest first; rows without a price last. ``baseline`` is what was measured first."""

    rows: tuple[Cost, ...]
    demand: Demand
    baseline: str = ""


def costs(
    paths: Sequence[Path], prices: Path | None = None, demand: Demand | None = None
) -> Costs:
    """Read results of ``bench``, ``loadtest`` and ``experiment``; a list of ``prices`` overrides
    theirs.

    Raises ``Malformed`` for another document, ``UsageError`` if currencies differ or if
    ``prices`` lacks an instance.
    """
    demand = demand or Demand()
    listed = None if prices is None else read_prices(prices)
    measured = [repriced(each, listed, str(prices)) for path in paths for each in capacities(path)]
    refuse_two_currencies([each.price for each in measured])
    rows = [cost_of(each, demand) for each in measured]
    first = rows[0]
    rows = [replace(row, saved=_saved(row, first)) for row in rows]
    rows.sort(key=lambda row: math.inf if row.per_million is None else row.per_million)
    return Costs(rows=tuple(rows), demand=demand, baseline=f"{first.archive} on {first.place}")


def repriced(measured: Capacity, listed: PriceList | None, where: str) -> Capacity:
    """With the price in the list, if there is a list and the instance is known."""
    if listed is None or not measured.instance:
        return measured
    price = price_of(measured.instance, listed, where)
    return replace(measured, price=replace(price, hourly=price.hourly * measured.count))


def refuse_two_currencies(prices: Sequence[Price | None]) -> None:
    currencies = sorted({price.currency for price in prices if price is not None})
    if len(currencies) > 1:
        raise UsageError(
            f"prices are in {' and '.join(currencies)}", hint="give --prices in one currency"
        )


def cost_of(measured: Capacity, demand: Demand) -> Cost:
    price, usable = measured.price, measured.throughput * demand.load_factor
    sets = None if demand.rate is None else math.ceil(demand.rate / usable)
    return Cost(
        archive=measured.name,
        engine=measured.engine,
        place=measured.place,
        inferences=measured.throughput,
        p95=measured.p95,
        price=price,
        per_million=None if price is None else price.per_million(usable),
        instances=None if sets is None else sets * measured.count,
        monthly=None if price is None or sets is None else sets * price.hourly * HOURS,
    )


def _saved(row: Cost, first: Cost) -> float | None:
    if row.per_million is None or first.per_million is None:
        return None
    return 1 - row.per_million / first.per_million
