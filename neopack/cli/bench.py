"""``neopack bench``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console

__all__ = ["bench"]


@options.answers("bench")
def bench(
    archive: Annotated[Path, typer.Argument(help="An archive, compiled or not.")],
    against: Annotated[
        Path | None, typer.Option("--against", help="Another archive, measured in turns with it.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Measured time for each.")] = 10.0,
    threads: options.Threads = None,
    instance: options.Instance = "",
    price: options.Price = None,
    prices: options.Prices = None,
) -> None:
    """Measure throughput and latency; two archives in turns, each in its own process."""
    from neopack import api
    from neopack.options import BenchOptions

    result = api.bench(
        archive,
        against=against,
        options=BenchOptions(seconds=seconds, threads=threads),
        instance=instance,
        price=price,
        prices=prices,
        log=console,
    )
    console.result("bench", result, of=[archive, against])
