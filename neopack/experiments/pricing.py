"""What the machine of each subject costs: that of the client's machine, or by the instances that
endpoints have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neopack.errors import UsageError
from neopack.experiments.result import Measured, priced
from neopack.measure.price import Price, PriceList, hourly_price, price_of, read_prices

__all__ = ["Pricing", "pricing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """``price`` is that of ``instance``, on which files and addresses are served; ``listed`` has
    those of endpoints."""

    instance: str = ""
    price: Price | None = None
    listed: PriceList | None = None
    prices: Path | None = None

    def applied(self, measured: Measured) -> Measured:
        return priced(measured, self._price(measured), self.instance)

    def _price(self, measured: Measured) -> Price | None:
        if not measured.instance:
            return self.price
        if self.listed is None or measured.instance not in self.listed.hourly:
            return None
        return price_of(measured.instance, self.listed, str(self.prices))

    def words(self) -> Iterator[str]:
        """The options that say the same."""
        if self.instance:
            yield from ("--instance", self.instance)
        if self.prices is not None:
            yield from ("--prices", self.prices.name)
        elif self.price is not None:
            yield from ("--price", f"{self.price.hourly:g}")


def pricing(instance: str, price: float | None, prices: Path | None) -> Pricing:
    """Raises ``UsageError`` for both kinds of prices, and for an instance that the list lacks."""
    if prices is None:
        return Pricing(instance=instance, price=hourly_price(instance, price, None))
    if price is not None:
        raise UsageError("--prices goes without --price")
    listed = read_prices(prices)
    own = price_of(instance, listed, str(prices)) if instance else None
    return Pricing(instance=instance, price=own, listed=listed, prices=prices)
