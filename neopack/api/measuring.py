"""What compiling bought: latencies, throughput, costs."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Unpack

from neopack.api.places import path_of
from neopack.errors import UsageError
from neopack.experiments import costing
from neopack.measure import bench as measuring
from neopack.measure.cost import priced
from neopack.measure.price import hourly_price
from neopack.options import (
    BenchChoices,
    BenchOptions,
    Place,
    chosen,
)
from neopack.reports.notebook_log import log as default_log
from neopack.values.log import Log


def bench(
    archive: Place,
    *,
    against: Place | None = None,
    options: BenchOptions | None = None,
    instance: str = "",
    price: float | None = None,
    prices: Place | None = None,
    log: Log | None = None,
    **choices: Unpack[BenchChoices],
) -> measuring.BenchResult:
    """Throughput and latency of one archive, or of two in turns with their ratio.

    With ``price``, in USD an hour, or ``prices``, the file of a list that has ``instance``, also
    what a million inferences cost.
    """
    if not isinstance(archive, str | PathLike):
        raise UsageError(
            f"bench takes one path, not a {type(archive).__name__}",
            hint="bench(a, against=b) measures two in turns",
        )
    hourly = hourly_price(instance, price, path_of(prices))
    paths = [Path(archive)] + ([Path(against)] if against is not None else [])
    result = measuring.bench(paths, chosen(BenchOptions, options, choices), log or default_log())
    return priced(result, instance, hourly)


def costs(
    results: Sequence[Place],
    *,
    prices: Place | None = None,
    rate: float | None = None,
    load_factor: float = 1.0,
) -> costing.Costs:
    """What a million inferences cost on each machine that ``results`` were measured on: files that
    ``bench``, ``loadtest`` and ``experiment`` wrote with ``--format json``. The cheapest first.

    ``rate``, in requests a second, adds how many instances that takes, and the month's cost; they
    are ``load_factor`` times as busy as they were when measured.
    """
    demand = costing.Demand(rate=rate, load_factor=load_factor)
    return costing.costs([Path(result) for result in results], path_of(prices), demand)
