"""``neopack verify``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console

__all__ = ["verify"]


@options.answers("verify")
def verify(
    archive: Annotated[Path, typer.Argument(help="The archive that package wrote.")],
    runtime: options.RuntimeName = None,
    target: Annotated[
        str | None,
        typer.Option("--target", "-t", help="Whose framework version; the manifest's by default."),
    ] = None,
    max_difference: Annotated[
        float | None, typer.Option(help="How far outputs may be from the golden ones; 1e-4.")
    ] = None,
    limit: options.LimitSettings = None,
) -> None:
    """Prove an archive: load and compute it in the exact version that Neo compiles with."""
    from neopack import api
    from neopack.options import limits_of

    evidence = api.verify(
        archive,
        runtime=runtime,
        target=target,
        max_difference=max_difference,
        limits=limits_of(limit or ()),
        log=console,
    )
    console.result("verify", evidence)
