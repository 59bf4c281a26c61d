"""``neopack verify``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console

__all__ = ["verify"]


@options.with_output
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
    from neopack.formats.guard import DEFAULT_LIMITS
    from neopack.reports.text import evidence_text

    evidence = api.verify(
        archive,
        runtime=runtime,
        target=target,
        max_difference=max_difference,
        limits=DEFAULT_LIMITS.with_settings(limit or []),
        log=console,
    )
    console.result("verify", evidence, evidence_text(evidence))
