"""``neopack diff``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _completion
from neopack.cli import _options as options
from neopack.cli._console import console

__all__ = ["diff"]


@options.answers("diff")
def diff(
    first: Annotated[Path, typer.Argument(help="An archive, or a compiled artifact.")],
    second: Annotated[Path, typer.Argument(help="Another, told as what became of the first.")],
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            "-t",
            help="Run the rules for it; by default for the target in each manifest.",
            autocompletion=_completion.target_names,
        ),
    ] = None,
    limit: options.LimitSettings = None,
) -> None:
    """Compare two archives or artifacts: members, signature, operators, weights, findings,
    evidence. The exit code is 0 where they are alike and 1 where they differ. Nothing in them is
    run."""
    from neopack import api
    from neopack.options import limits_of

    difference = api.diff(first, second, target=target, limits=limits_of(limit or ()))
    console.result("diff", difference, of=[first, second])
    if not difference.alike:
        raise typer.Exit(1)
