"""Options that several commands have, declared once.

Here and in the commands annotations are not strings: typer would evaluate each at every start.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

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
