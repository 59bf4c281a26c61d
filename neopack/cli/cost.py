"""``neopack cost``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console

__all__ = ["cost"]


@options.answers("cost")
def cost(
    results: Annotated[
        list[Path],
        typer.Argument(help="Files that bench, loadtest and experiment wrote: --format json."),
    ],
    prices: options.Prices = None,
    rps: Annotated[
        float | None, typer.Option(help="Requests a second: adds instances, and the month.")
    ] = None,
    load_factor: Annotated[
        float, typer.Option(help="How busy machines are, of what they were when measured.")
    ] = 1.0,
) -> None:
    """Show what a million inferences cost on each measured machine, cheapest first."""
    from neopack import api

    console.result(
        "cost",
        api.costs(results, prices=prices, rate=rps, load_factor=load_factor),
        of=[*results, prices],
    )
