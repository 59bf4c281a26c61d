"""What inferences cost, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack.measure.bench import BenchResult
from neopack.measure.cost import Costs
from neopack.measure.price import Price
from neopack.reports.benchmark import bench_text
from neopack.reports.wrapping import table, wrapped

__all__ = ["bench_with_costs", "costs_lines", "costs_text", "money", "price_words"]

WHAT = "one caller that never rests; an hour in which the machine idles costs the same"


def bench_with_costs(result: BenchResult) -> str:
    return "\n".join([bench_text(result), *costs_lines(result)])


def costs_lines(result: BenchResult) -> Iterator[str]:
    """The lines that a price adds to a benchmark."""
    price = result.price
    if price is None:
        return
    for side in result.sides:
        cost = money(side.per_million or 0, price)
        each = "" if side.batch == 1 else f", {side.batch} a call"
        yield f"{side.archive}: {cost} for a million inferences{each}"
    yield from wrapped("", f"{price_words(price, result.instance)}; {WHAT}")


def costs_text(costs: Costs) -> str:
    rows: list[tuple[str, ...]] = [
        ("archive", "on", "runs in", "an hour", "inferences/s", "p95 ms", "a million")
    ]
    for row in costs.rows:
        price = row.price
        rows.append(
            (
                row.archive,
                row.place,
                row.engine,
                "?" if price is None else f"{price.hourly:g}",
                f"{row.inferences:.1f}",
                f"{row.p95:.2f}",
                "?" if price is None else money(row.per_million or 0, price),
            )
        )
    return "\n".join([*table(rows), *_notes([row.price for row in costs.rows])])


def money(amount: float, price: Price) -> str:
    """Four digits: a million inferences cost from a cent to some thousands."""
    return f"{amount:,.4g} {price.currency}"


def price_words(price: Price, instance: str) -> str:
    place = f" of {instance}" if instance else ""
    return f"at {price.hourly:g} {price.currency} an hour{place}{_by(price)}"


def _notes(prices: Sequence[Price | None]) -> Iterator[str]:
    if None in prices:
        yield from wrapped("", "no price is known where there is a question mark: --prices FILE")
    for origin in dict.fromkeys(_by(price) for price in prices if price is not None):
        if origin:
            yield from wrapped("", f"prices{origin}")
    yield from wrapped("", WHAT)


def _by(price: Price) -> str:
    words = (f" as of {price.as_of}" if price.as_of else "", price.source)
    return words[0] + (f", by {words[1]}" if words[1] else "")
