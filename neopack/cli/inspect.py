"""``neopack inspect``."""

from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console

__all__ = ["inspect"]


@options.answers("inspect")
def inspect(
    model: Annotated[str, typer.Argument(help="A file, an archive, or module:callable.")],
    inputs: options.Inputs = None,
    arguments: options.Arguments = None,
    weights: options.Weights = None,
    limit: options.LimitSettings = None,
) -> None:
    """Say what a model or an archive is; nothing in a file is run to read it."""
    from neopack import api
    from neopack.cli import _values
    from neopack.options import limits_of

    inspection = api.inspect(
        model,
        inputs=_values.parse_inputs(inputs),
        arguments=_values.parse_arguments(arguments),
        weights=weights,
        limits=limits_of(limit or ()),
        log=console,
    )
    console.result("inspect", inspection, of=[model])
