"""Advice on a model: what was measured comes first, then what AWS published, and no guesses."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from neopack import facts
from neopack.advice.result import Advice, Choice, TargetOption, Wishes
from neopack.archive.manifest import stem
from neopack.checks.roadmap import Road, RoadMap, roadmap
from neopack.errors import NeopackError
from neopack.experiments.capacity import Capacity, capacities
from neopack.experiments.costing import Cost, cost_of, refuse_two_currencies, repriced
from neopack.facts.instances import Instance, instance
from neopack.facts.notices import endings, notices_for
from neopack.facts.published import RANKING, publication, publications
from neopack.measure.price import read_prices

__all__ = ["advise"]

# files beside the model that may be results
MOST_FILES = 200
MIB = 1 << 20


def advise(
    model: Path, wishes: Wishes, *, results: Sequence[Path] = (), prices: Path | None = None
) -> Advice:
    """Rank what ``results`` measured of any model, or without them what the results beside
    ``model`` measured of it, and the targets that take it.

    Raises what ``check`` raises for a file that cannot be read, and ``Malformed`` for results
    that are not.
    """
    roads = roadmap(model)
    listed = None if prices is None else read_prices(prices)
    found = [(path, each) for path in results for each in capacities(path, wishes.p95)]
    found = found or ([] if results else list(_beside(model, wishes.p95)))
    measured = [repriced(each, listed, str(prices)) for _, each in found]
    refuse_two_currencies([each.price for each in measured])
    peak = max((each.memory for each in measured), default=0)
    memory = peak or roads.model_bytes
    return Advice(
        path=str(model),
        framework=roads.framework,
        wishes=wishes,
        memory=memory,
        memory_is_measured=bool(peak),
        measured=tuple(sorted((_choice(each, wishes) for each in measured), key=_rank)),
        targets=tuple(sorted(_options(roads, memory), key=_published_first)),
        publications=publications(),
        gone=tuple(_gone(roads.framework)),
        results=tuple(dict.fromkeys(str(path) for path, _ in found)),
    )


def _beside(model: Path, p95: float | None) -> Iterator[tuple[Path, Capacity]]:
    """Of the JSON files in the model's folder, those that are results about it."""
    own = stem(model) if stem(model) != model.name else model.stem
    for path in sorted(model.parent.glob("*.json"))[:MOST_FILES]:
        try:
            found = capacities(path, p95)
        except NeopackError:
            continue
        for each in found:
            if each.name == model.name or each.name.startswith(f"{own}-"):
                yield path, each


def _choice(measured: Capacity, wishes: Wishes) -> Choice:
    cost = cost_of(measured, wishes.demand)
    return Choice(measured=measured, cost=cost, misses=tuple(_misses(measured, cost, wishes)))


def _misses(measured: Capacity, cost: Cost, wishes: Wishes) -> Iterator[str]:
    if wishes.p95 is not None and measured.p95 > wishes.p95:
        yield f"p95 is {measured.p95:.4g} ms at {measured.load}, not {wishes.p95:g}"
    if wishes.budget is not None and cost.monthly is None:
        yield "its cost is not known: --prices, and --rps"
    elif wishes.budget is not None and cost.monthly is not None and cost.monthly > wishes.budget:
        yield f"a month costs {cost.monthly:,.4g}, not {wishes.budget:g}"
    yield from _memory_misses(measured)


def _memory_misses(measured: Capacity) -> Iterator[str]:
    place = instance(measured.instance)
    if place is not None and measured.memory > place.memory * MIB:
        had = f"{measured.memory / MIB:,.0f} MiB"
        yield f"its processes had {had}, and {place.name} has {place.memory:,}"


def _rank(choice: Choice) -> tuple[bool, float, float, float]:
    """Those that fit first; then by what the demand costs, what a million costs, and speed."""
    cost = choice.cost
    return (
        not choice.fits,
        math.inf if cost.monthly is None else cost.monthly,
        math.inf if cost.per_million is None else cost.per_million,
        -cost.inferences,
    )


def _options(roads: RoadMap, memory: int) -> Iterator[TargetOption]:
    """The targets with instances that take the model, each in the newest version that does."""
    newest = {road.target: road for road in roads.roads if road.open and road.instances}
    for road in newest.values():
        if not road.retired:
            yield _option(road, roads.framework, memory)


def _option(road: Road, framework: str, memory: int) -> TargetOption:
    known = [place for name in road.instances if (place := instance(name)) is not None]
    notices = notices_for(facts.target(road.target), framework)
    return TargetOption(
        target=road.target,
        version=road.version,
        first=road.first,
        instances=road.instances,
        small=tuple(place.name for place in known if _holds_not(place, memory)),
        notices=tuple(notice.line for notice in notices),
        published=min(_published(road.instances), default=None),
    )


def _holds_not(place: Instance, memory: int) -> bool:
    """Whether the machine, or its accelerators, have less memory than the model takes."""
    least = min(place.memory, place.accelerator or place.memory)
    return memory > least * MIB


def _published(instances: Sequence[str]) -> Iterator[float]:
    """Costs of the one publication that compares targets."""
    for figure in publication(RANKING).figures:
        cost = figure.usd_per_million
        if figure.compiled and figure.instance in instances and cost is not None:
            yield cost


def _published_first(option: TargetOption) -> tuple[bool, float]:
    """What is no longer supported comes after what is; then by what AWS published."""
    return bool(option.notices), math.inf if option.published is None else option.published


def _gone(framework: str) -> Iterator[str]:
    yield from (ending.line for ending in endings())
    inferentia = facts.target("ml_inf1")
    yield from (f"ml_inf1: {notice.line}" for notice in notices_for(inferentia, framework))
