"""``neopack cost``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console

__all__ = ["cost"]


@options.answers("cost")
def cost(
    results: Annotated[list[Path], typer.Argument(help="Files that bench --format json wrote.")],
    prices: options.Prices = None,
) -> None:
    """Show what a million inferences cost on each measured machine, cheapest first."""
    from neopack import api

    console.result("cost", api.costs(results, prices=prices), of=[*results, prices])
