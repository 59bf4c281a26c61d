"""The options of the commands that load a server: the same words in each."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Arrivals(StrEnum):
    poisson = "poisson"
    constant = "constant"


Arrival = Annotated[
    Arrivals, typer.Option(help="Of the open loop: as of many users, or equally spaced.")
]
Think = Annotated[
    float, typer.Option(help="Of the closed loop: from an answer to the next request.")
]
Timeout = Annotated[float, typer.Option(help="Seconds after which a request failed.")]
Slo = Annotated[str | None, typer.Option(help="An objective, such as p95=50ms: adds the goodput.")]
Payload = Annotated[
    Path | None,
    typer.Option(help="A request, or a folder of them; golden inputs unless given."),
]
MaxDifference = Annotated[
    float | None,
    typer.Option(
        help="Allowed from golden outputs, relative to the largest; 1e-3, or more in a lower "
        "precision."
    ),
]
Workers = Annotated[
    int, typer.Option(help="Processes that serve the archive, if it is served here.")
]
Threads = Annotated[int, typer.Option(help="Requests that each computes at once.")]
Report = Annotated[
    Path | None,
    typer.Option(help="Write a page of the result: out.html, out.md or out.json."),
]
