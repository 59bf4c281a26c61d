"""``neopack run``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.errors import UsageError

__all__ = ["run"]


@options.answers("run")
def run(
    archive: Annotated[Path, typer.Argument(help="An archive, compiled or not.")],
    random: Annotated[bool, typer.Option("--random", help="Seeded random inputs.")] = False,
    inputs: Annotated[
        Path | None, typer.Option("--input", "-i", help="An .npz with an array for each input.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the outputs to this .npz.")
    ] = None,
    seed: Annotated[int, typer.Option(help="For --random.")] = 0,
    threads: options.Threads = None,
    force: options.Force = False,
) -> None:
    """Compute once with an archive, compiled or not."""
    if random == (inputs is not None):
        raise UsageError("give either --random or --input FILE.npz")
    from neopack import api

    answer = api.answer(
        archive, inputs=inputs, seed=seed, threads=threads, output=output, force=force, log=console
    )
    console.result("run", answer, of=[archive, inputs])
