"""``neopack compare``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console

__all__ = ["compare"]


@options.answers("compare")
def compare(
    first: Annotated[
        Path, typer.Argument(help="What loadtest, experiment or bench wrote: --format json.")
    ],
    second: Annotated[Path, typer.Argument(help="Another, told as so many times the first.")],
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONDITION",
            help="Exit with 1 where it holds: 'p95 > 1.1x', 'throughput < 0.9x', 'errors > 0'.",
        ),
    ] = None,
) -> None:
    """Compare two results stage by stage; a gate for CI."""
    from neopack import api
    from neopack.errors import VerificationFailed

    comparison = api.compare(first, second, fail_if=fail_if or ())
    console.result("compare", comparison, of=[first, second])
    if comparison.held:
        more = len(comparison.held) - 1
        raise VerificationFailed(comparison.held[0] + (f", and {more} more" if more else ""))
