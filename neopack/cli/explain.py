"""``neopack explain``."""

import sys
from typing import Annotated

import typer

from neopack.cli import _completion
from neopack.cli import _options as options
from neopack.cli._console import console

__all__ = ["explain"]


@options.answers("explain")
def explain(
    what: Annotated[
        str,
        typer.Argument(
            help="NEO-PT-003, the message AWS printed, or the JSON of a failed job; "
            "in a file or - too.",
            autocompletion=_completion.rule_names,
        ),
    ],
) -> None:
    """Explain a rule, a message or a failed job, and say what to do."""
    from neopack import api

    explanation = api.explain(sys.stdin.read() if what == "-" else what)
    console.result("explain", explanation, of=[what])
    if not explanation.cause:
        raise typer.Exit(1)
