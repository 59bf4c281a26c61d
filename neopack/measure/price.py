"""What an hour of a machine costs, by the user's word.

neopack knows no prices: they differ by region, contract and day, and are the user's to state.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neopack.errors import LimitExceeded, Malformed, SourceError, UsageError
from neopack.formats.codec import from_json, parsed
from neopack.spelling import nearest

__all__ = ["Price", "PriceList", "price_of", "read_prices", "small_json"]

# a benchmark is a few kilobytes, and so is a list of all instances there are
LARGEST = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """``as_of`` and ``source`` are shown with what follows from it. Raises ``UsageError`` for
    what is no price."""

    hourly: float
    currency: str = "USD"
    as_of: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if not _is_price(self.hourly):
            raise UsageError(f"{self.hourly:g} is no price of an hour", hint="such as 0.25")

    def per_million(self, a_second: float) -> float:
        """For a million inferences, at that many a second, where the machine does nothing else."""
        return 1e6 * self.hourly / (3600 * a_second)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """``hourly`` has a price for each name of an instance."""

    hourly: Mapping[str, float]
    currency: str = "USD"
    as_of: str = ""
    source: str = ""


def read_prices(path: Path) -> PriceList:
    """``{"currency": "USD", "as_of": ..., "source": ..., "hourly": {"ml.c5.xlarge": ...}}``.

    Raises ``SourceError`` where there is no such file, ``Malformed`` where it is no such list.
    """
    data = small_json(path)
    if not isinstance(data, dict) or not isinstance(data.get("hourly"), dict):
        hint = 'write {"hourly": {"ml.c5.xlarge": PRICE}}'
        raise Malformed("is no list of prices", where=str(path), hint=hint)
    made = from_json(PriceList, data, where=path.name)
    for name, hourly in made.hourly.items():
        if not _is_price(hourly):
            raise Malformed(f"{hourly:g} is no price of an hour of {name}", where=str(path))
    return made


def _is_price(hourly: float) -> bool:
    return math.isfinite(hourly) and hourly > 0


def price_of(instance: str, prices: PriceList, where: str) -> Price:
    """Raises ``UsageError``, with the nearest name, for an instance that the list has not."""
    if instance not in prices.hourly:
        near = nearest(instance, prices.hourly)
        hint = f"did you mean {near}?" if near else f"it has {', '.join(prices.hourly)}"
        raise UsageError(f"has no price of {instance!r}", where=where, hint=hint)
    return Price(
        hourly=prices.hourly[instance],
        currency=prices.currency,
        as_of=prices.as_of,
        source=prices.source,
    )


def small_json(path: Path) -> object:
    """A document of the user's: ``LimitExceeded`` for one that no price list is as large as."""
    if not path.is_file():
        raise SourceError("no such file", where=str(path))
    if path.stat().st_size > LARGEST:
        raise LimitExceeded(f"is larger than {LARGEST} bytes", where=str(path))
    data: object = parsed(path.read_bytes(), str(path))
    return data
