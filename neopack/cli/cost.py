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
        list[Path], typer.Argument(help="What bench --format json wrote, from each machine.")
    ],
    prices: options.Prices = None,
) -> None:
    """Say what a million inferences cost on each machine that was measured, cheapest first."""
    from neopack import api

    console.result("cost", api.costs(results, prices=prices))
