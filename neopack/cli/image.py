"""``neopack image``."""

from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console

__all__ = ["image"]


@options.answers("image")
def image(
    framework: Annotated[str, typer.Option(help="PYTORCH, torch==1.8, pytorch1.8, ...")],
    target: options.TargetName,
    region: Annotated[str, typer.Option(help="us-west-2, ...")],
    version: Annotated[
        str, typer.Option(help="The framework's; none: the newest.", show_default=False)
    ] = "",
    python: Annotated[
        str, typer.Option(help="py2 or py3: old images of Elastic Inference have both.")
    ] = "py3",
) -> None:
    """The container image that serves a compiled model; a job's own InferenceImage goes first."""
    from neopack import api

    image = api.support.image(framework, version, target=target, region=region, python=python)
    console.result("image", image)
