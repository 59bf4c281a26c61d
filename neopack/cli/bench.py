"""``neopack bench``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console

__all__ = ["bench"]


@options.with_output
def bench(
    archive: Annotated[Path, typer.Argument(help="An archive, compiled or not.")],
    against: Annotated[
        Path | None, typer.Option("--against", help="Another, to measure in turns with it.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Measured time for each.")] = 10.0,
    threads: options.Threads = None,
    instance: Annotated[
        str, typer.Option(help="What this machine is: ml.c5.xlarge, ...", show_default=False)
    ] = "",
    price: Annotated[
        float | None, typer.Option(help="USD an hour of this machine: gives costs.")
    ] = None,
    prices: options.Prices = None,
) -> None:
    """Measure throughput and latency; two archives in turns, each in a process of its own."""
    from neopack import api
    from neopack.reports.cost import costs_lines
    from neopack.reports.text import bench_text

    result = api.bench(
        archive,
        against=against,
        seconds=seconds,
        threads=threads,
        instance=instance,
        price=price,
        prices=prices,
        log=console,
    )
    text = "\n".join([bench_text(result), *costs_lines(result)])
    console.result("bench", result, text)
