"""``neopack verify``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _completion
from neopack.cli import _options as options
from neopack.cli._console import console

__all__ = ["verify"]


@options.answers("verify", "verify compiler")
def verify(
    archive: Annotated[Path, typer.Argument(help="The archive that package wrote.")],
    compiler: Annotated[
        bool,
        typer.Option(
            "--compiler",
            help="Convert and build it by Neo's public loader and TVM, or Treelite, instead.",
        ),
    ] = False,
    runtime: options.RuntimeName = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            "-t",
            help="Whose framework version and compiler; the manifest's by default.",
            autocompletion=_completion.target_names,
        ),
    ] = None,
    max_difference: Annotated[
        float | None, typer.Option(help="How far outputs may be from the golden ones; 1e-4.")
    ] = None,
    limit: options.LimitSettings = None,
) -> None:
    """Prove an archive: load and compute it in the exact version that Neo compiles with."""
    from neopack import api
    from neopack.errors import UsageError
    from neopack.options import limits_of

    limits = limits_of(limit or ())
    if compiler:
        if runtime is not None:
            raise UsageError("--compiler and --runtime are two proofs", hint="give one at a time")
        console.result(
            "verify compiler",
            api.verify_compiler(
                archive, target=target, max_difference=max_difference, limits=limits, log=console
            ),
            of=[archive],
        )
        return
    evidence = api.verify(
        archive,
        runtime=runtime,
        target=target,
        max_difference=max_difference,
        limits=limits,
        log=console,
    )
    console.result("verify", evidence, of=[archive])
    console.next("compile", archive)
