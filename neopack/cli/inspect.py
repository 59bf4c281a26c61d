"""``neopack inspect``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli import _streams
from neopack.cli._console import console

__all__ = ["inspect"]


@options.answers("inspect")
def inspect(
    model: Annotated[
        str, typer.Argument(help="A file, an archive, module:callable; or - for standard input.")
    ],
    inputs: options.Inputs = None,
    arguments: options.Arguments = None,
    weights: options.Weights = None,
    limit: options.LimitSettings = None,
) -> None:
    """Say what a model or an archive is; nothing in a file is run to read it."""
    from neopack import api
    from neopack.cli import _values
    from neopack.options import limits_of

    limits = limits_of(limit or ())
    with _streams.received(Path(model), limits) as path:
        found = str(path) if model == str(_streams.STREAM) else model
        inspection = api.inspect(
            found,
            inputs=_values.parse_inputs(inputs),
            arguments=_values.parse_arguments(arguments),
            weights=weights,
            limits=limits,
            log=console,
        )
        console.result("inspect", inspection, of=[found])
