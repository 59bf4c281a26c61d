"""Which target and instance to take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neopack.advice import advising
from neopack.advice.result import Advice, Wishes
from neopack.api.places import path_of
from neopack.experiments.costing import Demand
from neopack.options import Place


def advise(
    model: Place,
    *,
    p95: float | None = None,
    rate: float | None = None,
    budget: float | None = None,
    load_factor: float = 1.0,
    results: Sequence[Place] = (),
    prices: Place | None = None,
) -> Advice:
    """Rank targets and instances for an archive or a model file: by what ``results`` measured, or
    those that lie beside it, then by what AWS published. Nothing is guessed.

    ``p95`` is in milliseconds, ``rate`` in requests a second, ``budget`` a month in the currency
    of the prices. ``results`` are files that ``experiment``, ``loadtest`` and ``bench`` wrote with
    ``--format json``.
    """
    wishes = Wishes(p95=p95, budget=budget, demand=Demand(rate=rate, load_factor=load_factor))
    paths = [Path(result) for result in results]
    return advising.advise(Path(model), wishes, results=paths, prices=path_of(prices))
