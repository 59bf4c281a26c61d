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

from neopack.cli import _completion
from neopack.cli._console import console
from neopack.reports.registry import formats

__all__ = [
    "Arguments",
    "Debug",
    "Force",
    "Framework",
    "Inputs",
    "Instance",
    "Level",
    "LimitSettings",
    "Price",
    "Prices",
    "Quiet",
    "RuntimeName",
    "TargetName",
    "Threads",
    "Weights",
    "answers",
]


class Level(StrEnum):
    error = "error"
    warning = "warning"
    info = "info"


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and data.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Force = Annotated[bool, typer.Option("--force", help="Replace outputs that exist.")]
TargetName = Annotated[
    str,
    typer.Option(
        "--target",
        "-t",
        help="ml_c5, ml_inf1, linux/arm64/nvidia, ...",
        autocompletion=_completion.target_names,
    ),
]
RuntimeName = Annotated[
    str | None,
    typer.Option(
        help="The runtime to prove it in, such as pytorch-1.8.1.",
        autocompletion=_completion.runtime_names,
    ),
]
Framework = Annotated[
    str | None,
    typer.Option(
        help="PYTORCH, ONNX, ...; recognized by default.",
        autocompletion=_completion.framework_names,
    ),
]
Threads = Annotated[int | None, typer.Option(help="Threads to compute with.")]
Instance = Annotated[
    str,
    typer.Option(
        help="The type of this machine: ml.c5.xlarge, ...",
        show_default=False,
        autocompletion=_completion.instance_names,
    ),
]
Price = Annotated[float | None, typer.Option(help="USD an hour of this machine; adds costs.")]
Prices = Annotated[
    Path | None, typer.Option(help="A JSON file of your prices an hour, by --instance.")
]
Weights = Annotated[
    Path | None,
    typer.Option(
        help="A state_dict (.pt, .pth, .safetensors), or FILE:KEY for one of several; loaded "
        "without executing code."
    ),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="NAME=SHAPE",
        help="x=1,3,224,224; or NAME=SHAPE:DTYPE:BELOW, as ids=1,128:int64:30522, for integers "
        "below a bound; once for each input.",
    ),
]
Arguments = Annotated[
    list[str] | None,
    typer.Option(
        "--arg",
        metavar="NAME=VALUE",
        help="An argument of the callable; VALUE is JSON, or else text.",
    ),
]
LimitSettings = Annotated[
    list[str] | None,
    typer.Option("--limit", metavar="NAME=N", help="What a file may hold: members=20000, ..."),
]


def answers(*results: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The command with ``--format``, ``--quiet`` and ``--debug``, which it need not know of: they
    are the console's. ``results`` are rows of the registry of reports: their formats are those of
    the command."""
    form = StrEnum("Form", {name: name for name in formats(*results)})  # type: ignore[misc]
    annotation = Annotated[form, typer.Option("--format", help="How the answer is written.")]
    defaults = (
        ("output_format", form("text"), annotation),
        ("quiet", False, Quiet),
        ("debug", False, Debug),
    )
    shared = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotated)
        for name, default, annotated in defaults
    ]
    return lambda command: _with(command, shared)


def _with(command: Callable[..., Any], shared: list[Parameter]) -> Callable[..., Any]:
    @wraps(command)
    def answering(*, output_format: str, quiet: bool, debug: bool, **named: Any) -> Any:
        console.setup(quiet=quiet, debug=debug, form=str(output_format))
        return command(**named)

    own = signature(command).parameters.values()
    shown = Signature([*(each.replace(kind=each.KEYWORD_ONLY) for each in own), *shared])
    answering.__signature__ = shown  # type: ignore[attr-defined]
    answering.__annotations__ = {name: each.annotation for name, each in shown.parameters.items()}
    return answering
