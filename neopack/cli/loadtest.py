"""``neopack loadtest``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _cloud as cloud
from neopack.cli import _load as load
from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.cli._values import parse_numbers

__all__ = ["loadtest"]


@options.answers("loadtest")
def loadtest(
    target: Annotated[
        str,
        typer.Argument(
            help="An archive or artifact, which is served here, a URL, or endpoint:NAME."
        ),
    ],
    callers: Annotated[
        str | None,
        typer.Option(help="Closed loop: so many at a time, a stage for each number (1,2,4,8,16)."),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(help="Open loop: requests a second, a stage for each number."),
    ] = None,
    arrivals: load.Arrival = load.Arrivals.poisson,
    seconds: Annotated[float, typer.Option(help="Measured time of a stage.")] = 10.0,
    warm_up: Annotated[float, typer.Option(help="Seconds of a stage that do not count.")] = 2.0,
    think_ms: load.Think = 0.0,
    timeout: load.Timeout = 60.0,
    slo: load.Slo = None,
    search: Annotated[
        bool, typer.Option("--search", help="Look for the highest rate that meets --slo.")
    ] = False,
    payload: load.Payload = None,
    content_type: Annotated[str, typer.Option(help="Of the request; JSON unless known.")] = "",
    goldens: Annotated[
        Path | None,
        typer.Option(help="The archive whose golden numbers a URL is sent and compared with."),
    ] = None,
    max_difference: load.MaxDifference = None,
    workers: load.Workers = 1,
    threads: load.Threads = 1,
    instance: options.Instance = "",
    price: options.Price = None,
    prices: options.Prices = None,
    report: load.Report = None,
    force: options.Force = False,
    region: cloud.Region = None,
    profile: cloud.Profile = None,
    endpoint_url: cloud.Endpoint = None,
) -> None:
    """Load a server and measure its latencies; answers are compared with golden outputs."""
    from neopack import api
    from neopack.errors import VerificationFailed

    cloud.refuse_without_endpoint([target], region, profile, endpoint_url)
    result = api.loadtest(
        target,
        goldens=goldens,
        callers=parse_numbers("--callers", callers, int) if callers is not None else (),
        rates=parse_numbers("--rate", rate, float) if rate is not None else (),
        arrivals=arrivals.value,
        seconds=seconds,
        warm_up=warm_up,
        think=think_ms,
        timeout=timeout,
        slo=slo,
        search=search,
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
        force=force,
        log=console,
    )
    console.result("loadtest", result, of=[Path(target), goldens, payload])
    if result.wrong:
        raise VerificationFailed(f"{result.wrong} answers differ from the golden outputs")
