"""Options that several commands have, declared once.

Here and in the commands annotations are not strings: typer would evaluate each at every start.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from neopack.cli._console import console

__all__ = [
    "Arguments",
    "Debug",
    "Force",
    "Format",
    "Inputs",
    "Level",
    "LimitSettings",
    "OutputFormat",
    "Prices",
    "Quiet",
    "ReportFormat",
    "RuntimeName",
    "TargetName",
    "Threads",
    "Weights",
    "with_output",
]


class Format(StrEnum):
    text = "text"
    json = "json"


class ReportFormat(StrEnum):
    text = "text"
    json = "json"
    junit = "junit"
    sarif = "sarif"
    github = "github"
    markdown = "markdown"


class Level(StrEnum):
    error = "error"
    warning = "warning"
    info = "info"


OutputFormat = Annotated[Format, typer.Option("--format", help="How the answer is written.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and data.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Force = Annotated[bool, typer.Option("--force", help="Replace outputs that exist.")]
TargetName = Annotated[
    str, typer.Option("--target", "-t", help="ml_c5, ml_inf1, linux/arm64/nvidia, ...")
]
RuntimeName = Annotated[
    str | None, typer.Option(help="The runtime to prove it in, such as pytorch-1.8.1.")
]
Threads = Annotated[int | None, typer.Option(help="Threads to compute with.")]
Prices = Annotated[
    Path | None, typer.Option(help="A JSON file of your prices an hour, by --instance.")
]
Weights = Annotated[
    Path | None,
    typer.Option(help="A state_dict (.pt, .pth, .safetensors); loaded without executing code."),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", help="NAME=1,3,224,224[:DTYPE[:BELOW]], once for each input."),
]
Arguments = Annotated[
    list[str] | None,
    typer.Option("--arg", help="NAME=VALUE for the callable; VALUE is JSON, or else text."),
]
LimitSettings = Annotated[
    list[str] | None, typer.Option("--limit", help="NAME=NUMBER, e.g. members=20000.")
]


OUTPUT = tuple(
    Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
    for name, default, annotation in (
        ("output_format", Format.text, OutputFormat),
        ("quiet", False, Quiet),
        ("debug", False, Debug),
    )
)


def with_output(command: Callable[..., None]) -> Callable[..., None]:
    """The command with ``--format``, ``--quiet`` and ``--debug``, which it need not know of: they
    are the console's."""

    @wraps(command)
    def told(*, output_format: Format, quiet: bool, debug: bool, **named: Any) -> None:
        console.setup(quiet=quiet, debug=debug, json=output_format is Format.json)
        command(**named)

    own = signature(command).parameters.values()
    shown = Signature([*(one.replace(kind=one.KEYWORD_ONLY) for one in own), *OUTPUT])
    told.__signature__ = shown  # type: ignore[attr-defined]
    told.__annotations__ = {name: one.annotation for name, one in shown.parameters.items()}
    return told
