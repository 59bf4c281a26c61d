"""What compiling bought: latencies, throughput, costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from neopack.api.places import path_of, subjects
from neopack.loadtests import target as loading
from neopack.loadtests.running import LoadResult
from neopack.loadtests.running import priced as priced_load
from neopack.measure import bench as measuring
from neopack.measure import cost as costing
from neopack.measure.price import hourly_price
from neopack.options import (
    BenchChoices,
    BenchOptions,
    LoadChoices,
    LoadOptions,
    Place,
    chosen,
)
from neopack.reports.load_report import refuse_report, write_report
from neopack.reports.notebook_log import log as default_log
from neopack.values.log import Log, SilentLog


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
    hourly = hourly_price(instance, price, path_of(prices))
    paths = [Path(archive)] + ([Path(against)] if against is not None else [])
    result = measuring.bench(paths, chosen(BenchOptions, options, choices), log or default_log())
    return costing.priced(result, instance, hourly)


def loadtest(
    target: Place,
    *,
    goldens: Place | None = None,
    options: LoadOptions | None = None,
    instance: str = "",
    price: float | None = None,
    prices: Place | None = None,
    report: Place | None = None,
    force: bool = False,
    log: Log | None = None,
    **choices: Unpack[LoadChoices],
) -> LoadResult:
    """Throughput and latencies of a server under load: of an artifact or archive, which is served
    here in processes of its own, or of the server at a URL.

    A URL is sent the golden inputs of the archive ``goldens``, or ``options.payload``. Raises
    ``UsageError`` where there is nothing to send, ``EngineFailed`` where nothing is answered.
    ``price`` and ``prices`` add costs, as for ``bench``. ``report`` is a file to write, as HTML,
    Markdown or JSON by its extension.
    """
    settings = chosen(LoadOptions, options, choices)
    hourly = hourly_price(instance, price, path_of(prices))
    if report is not None:
        refuse_report(Path(report), force=force)
    place, log = path_of(goldens), log or SilentLog()
    result = loading.loadtest(str(target), settings, goldens=place, log=log)
    result = priced_load(result, instance, hourly)
    if report is not None:
        sent = [each for each in (target, goldens, settings.payload) if each is not None]
        write_report(Path(report), result, subjects(sent), force=force)
    return result


def costs(results: Sequence[Place], *, prices: Place | None = None) -> costing.Costs:
    """What a million inferences cost on each machine that ``results`` were measured on: files that
    ``neopack bench --format json`` wrote. The cheapest first."""
    return costing.costs([Path(result) for result in results], path_of(prices))
