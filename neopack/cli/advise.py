"""``neopack advise``."""

import re
from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console

__all__ = ["advise"]

TIME = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
MONEY = re.compile(r"(\d+(?:\.\d+)?)(?:/(month|day|hour))?")
A_MONTH = {"month": 1.0, "day": 730 / 24, "hour": 730.0}


@options.answers("advise")
def advise(
    model: Annotated[Path, typer.Argument(help="An archive, or a file to be packaged.")],
    p95: Annotated[str | None, typer.Option(metavar="TIME", help="At most: 20ms, 0.5s.")] = None,
    rps: Annotated[float | None, typer.Option(help="Requests a second to answer.")] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="MONEY", help="At most: 500/month, 0.5/hour.")
    ] = None,
    load_factor: Annotated[
        float, typer.Option(help="How busy machines are, of what they were when measured.")
    ] = 1.0,
    results: Annotated[
        list[Path] | None,
        typer.Option(
            help="What experiment, loadtest or bench wrote: --format json; those beside the model "
            "unless given."
        ),
    ] = None,
    prices: options.Prices = None,
) -> None:
    """Rank targets and instances by what was measured, then by what AWS published."""
    from neopack import api

    advice = api.advise(
        model,
        p95=None if p95 is None else _milliseconds(p95),
        rate=rps,
        budget=None if budget is None else _monthly(budget),
        load_factor=load_factor,
        results=results or (),
        prices=prices,
    )
    console.result("advise", advice, of=[model, *(results or ()), prices])


def _milliseconds(text: str) -> float:
    from neopack.errors import UsageError

    match = TIME.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"--p95 {text} is not a time", hint="write 20ms")
    return float(match[1]) * (1e3 if match[2] == "s" else 1.0)


def _monthly(text: str) -> float:
    from neopack.errors import UsageError

    match = MONEY.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"--budget {text} is not a budget", hint="write 500/month")
    return float(match[1]) * A_MONTH[match[2] or "month"]
