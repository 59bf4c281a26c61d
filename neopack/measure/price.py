"""The price of an hour of a machine, which comes from the user.

neopack has no prices of its own: they differ by region, contract and day.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neopack.errors import LimitExceeded, Malformed, SourceError, UsageError
from neopack.facts.instances import instance_names
from neopack.formats.codec import from_json
from neopack.formats.json_text import read_json
from neopack.spelling import did_you_mean

__all__ = ["Price", "PriceList", "hourly_price", "price_of", "read_prices", "small_json"]

# a benchmark is a few kilobytes, and so is a list of all instances
LARGEST = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """``as_of`` and ``source`` are shown beside the costs. Raises ``UsageError`` unless ``hourly``
    is a positive number."""

    hourly: float
    currency: str = "USD"
    as_of: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if not _is_price(self.hourly):
            raise UsageError(
                f"the price of an hour must be above 0, not {self.hourly:g}", hint="such as 0.25"
            )

    def per_million(self, throughput: float) -> float:
        """Return the cost of a million inferences at ``throughput`` inferences per second."""
        return 1e6 * self.hourly / (3600 * throughput)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """``hourly`` maps the name of an instance to its price."""

    hourly: Mapping[str, float]
    currency: str = "USD"
    as_of: str = ""
    source: str = ""


def read_prices(path: Path) -> PriceList:
    """Read ``{"currency": "USD", "as_of": ..., "source": ..., "hourly": {"ml.c5.xlarge": ...}}``.

    Raises ``SourceError`` if the file is missing, ``Malformed`` if it has another form.
    """
    data = small_json(path)
    if not isinstance(data, dict) or not isinstance(data.get("hourly"), dict):
        hint = 'write {"hourly": {"ml.c5.xlarge": PRICE}}'
        raise Malformed("is not a list of prices", where=str(path), hint=hint)
    prices = from_json(PriceList, data, where=path.name)
    for name, hourly in prices.hourly.items():
        if not _is_price(hourly):
            message = f"the price of {name} must be above 0, not {hourly:g}"
            raise Malformed(message, where=str(path))
    return prices


def _is_price(hourly: float) -> bool:
    return math.isfinite(hourly) and hourly > 0


def price_of(instance: str, prices: PriceList, where: str) -> Price:
    """Return the price of an instance. Raises ``UsageError`` with the nearest name if the list
    lacks it."""
    if instance not in prices.hourly:
        hint = did_you_mean(instance, prices.hourly, f"it has {', '.join(prices.hourly)}")
        raise UsageError(f"has no price of {instance!r}", where=where, hint=hint)
    return Price(
        hourly=prices.hourly[instance],
        currency=prices.currency,
        as_of=prices.as_of,
        source=prices.source,
    )


def hourly_price(instance: str, price: float | None, prices: Path | None) -> Price | None:
    """Return the price that is given, by itself or in the list ``prices``, or None. Raises
    ``UsageError`` for both, for a list without an instance, and without either for an instance
    that no table has: of a newer one the user knows the price."""
    if prices is None:
        if price is not None:
            return Price(hourly=price)
        _refuse_unknown(instance)
        return None
    if price is not None or not instance:
        raise UsageError("--prices goes with --instance, and without --price")
    return price_of(instance, read_prices(prices), str(prices))


def _refuse_unknown(instance: str) -> None:
    if instance and instance not in instance_names():
        hint = did_you_mean(
            instance, instance_names(), "a newer one goes with --price or --prices"
        )
        raise UsageError(f"--instance {instance} is not known", hint=hint)


def small_json(path: Path) -> object:
    """Read a small JSON document, in which a NaN would pass every comparison. Raises
    ``LimitExceeded`` above ``LARGEST`` bytes."""
    if not path.is_file():
        raise SourceError("no such file", where=str(path))
    if path.stat().st_size > LARGEST:
        raise LimitExceeded(f"is larger than {LARGEST} bytes", where=str(path))
    data: object = read_json(path.read_bytes(), str(path), finite=True)
    return data
