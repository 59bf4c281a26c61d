"""What inferences cost, as text."""

from __future__ import annotations

from collections.abc import Iterator

from neopack.experiments.costing import HOURS, Cost, Costs
from neopack.measure.bench import BenchResult
from neopack.measure.price import Price
from neopack.reports.benchmark import bench_text
from neopack.reports.wrapping import table, wrapped

__all__ = ["bench_with_costs", "costs_lines", "costs_text", "money", "price_words"]

WHAT = "callers that never rest; an hour in which the machine idles costs the same"


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
    """The columns of savings, instances and the month only where they say something."""
    saving = len(costs.rows) > 1 and any(row.saved is not None for row in costs.rows)
    rate = costs.demand.rate
    head = ["archive", "on", "runs in", "an hour", "inferences/s", "p95 ms", "a million"]
    head += ["saved"] if saving else []
    head += [] if rate is None else [f"for {rate:g}/s", "a month"]
    rows = [head, *(_row(row, saving, rate) for row in costs.rows)]
    return "\n".join([*table(rows), *_notes(costs)])


def _row(row: Cost, saving: bool, rate: float | None) -> list[str]:
    price = row.price
    cells = [
        row.archive,
        row.place,
        row.engine,
        "?" if price is None else f"{price.hourly:g}",
        f"{row.inferences:.1f}",
        f"{row.p95:.2f}",
        "?" if price is None else money(row.per_million or 0, price),
    ]
    if saving:
        cells.append("?" if row.saved is None else f"{row.saved:.0%}")
    if rate is not None:
        cells += [str(row.instances), "?" if price is None else money(row.monthly or 0, price)]
    return cells


def money(amount: float, price: Price) -> str:
    """Four digits: a million inferences cost from a cent to some thousands."""
    return f"{amount:,.4g} {price.currency}"


def price_words(price: Price, instance: str) -> str:
    place = f" of {instance}" if instance else ""
    return f"at {price.hourly:g} {price.currency} an hour{place}{_by(price)}"


def _notes(costs: Costs) -> Iterator[str]:
    prices, demand = [row.price for row in costs.rows], costs.demand
    if None in prices:
        yield from wrapped("", "no price is known where there is a question mark: --prices FILE")
    for origin in dict.fromkeys(_by(price) for price in prices if price is not None):
        if origin:
            yield from wrapped("", f"prices{origin}")
    if len(costs.rows) > 1:
        yield from wrapped("", f"saved: against {costs.baseline}")
    if demand.rate is not None:
        yield from wrapped("", f"a month has {HOURS} hours")
    if demand.load_factor < 1:
        factor = f"{demand.load_factor:.0%}"
        yield from wrapped("", f"machines that are {factor} as busy as they were when measured")
    else:
        yield from wrapped("", WHAT)


def _by(price: Price) -> str:
    words = (f" as of {price.as_of}" if price.as_of else "", price.source)
    return words[0] + (f", by {words[1]}" if words[1] else "")
