"""``neopack experiment``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _cloud as cloud
from neopack.cli import _completion
from neopack.cli import _load as load
from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.cli._values import parse_numbers

__all__ = ["experiment"]


@options.answers("experiment")
def experiment(
    models: Annotated[
        list[str],
        typer.Argument(
            help="Archives and artifacts, which are served here, URLs, endpoint:NAME; the first "
            "is what the others are compared with."
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            "--target",
            "-t",
            help="Measure each archive compiled for it too.",
            autocompletion=_completion.target_names,
        ),
    ] = "",
    callers: Annotated[
        str | None,
        typer.Option(help="Closed loop: so many at a time, a level for each number (1,4,16)."),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(help="Open loop: requests a second, a level for each number."),
    ] = None,
    arrivals: load.Arrival = load.Arrivals.poisson,
    seconds: Annotated[
        float, typer.Option(help="Measured time of each subject at each level.")
    ] = 10.0,
    rounds: Annotated[
        int, typer.Option(help="Turns that these seconds are divided into; 5 or more for ratios.")
    ] = 6,
    warm_up: Annotated[
        float, typer.Option(help="Seconds of the first turn at a level that do not count.")
    ] = 2.0,
    think_ms: load.Think = 0.0,
    timeout: load.Timeout = 60.0,
    slo: load.Slo = None,
    payload: load.Payload = None,
    content_type: Annotated[
        str, typer.Option(help="Of the request; .npy for one input of files, else JSON.")
    ] = "",
    goldens: Annotated[
        Path | None,
        typer.Option(
            help="The archive whose golden numbers all are sent; by default each file its own."
        ),
    ] = None,
    max_difference: load.MaxDifference = None,
    workers: load.Workers = 1,
    threads: load.Threads = 1,
    instance: options.Instance = "",
    price: options.Price = None,
    prices: options.Prices = None,
    report: load.Report = None,
    beside: Annotated[
        str, typer.Option(help="Show what AWS published beside it: blog-2021.")
    ] = "",
    force: options.Force = False,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """Load models in turns, and compare them: throughput, latency, cost, accuracy."""
    from neopack import api
    from neopack.errors import VerificationFailed

    cloud.refuse_without_endpoint(models, region, profile, endpoint_url)
    result = api.experiment(
        models,
        target=target,
        goldens=goldens,
        callers=parse_numbers("--callers", callers, int) if callers is not None else (),
        rates=parse_numbers("--rate", rate, float) if rate is not None else (),
        arrivals=arrivals.value,
        seconds=seconds,
        rounds=rounds,
        warm_up=warm_up,
        think=think_ms,
        timeout=timeout,
        slo=slo,
        payload=payload,
        content_type=content_type,
        difference=max_difference,
        workers=workers,
        threads=threads,
        connection=cloud.connection(region, profile, endpoint_url, cloud.settings()),
        instance=instance,
        price=price,
        prices=prices,
        report=report,
        beside=beside,
        force=force,
        log=console,
    )
    console.result("experiment", result, of=[*map(Path, models), goldens, payload])
    if result.wrong:
        raise VerificationFailed(f"{result.wrong} answers differ from the golden outputs")
