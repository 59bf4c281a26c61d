"""``neopack runtimes``: the exact framework versions, installed, examined, removed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from neopack.cli import _completion
from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.cli._help import App
from neopack.errors import Missing

if TYPE_CHECKING:
    from neopack.runtimes.state import RuntimeState

__all__ = ["app"]

app = App(
    name="runtimes",
    help="The exact framework versions that Neo names, each in an environment of its own.",
)

RUNTIMES = _completion.runtime_names
Some = Annotated[list[str], typer.Argument(help="Such as mxnet-1.8.0.", autocompletion=RUNTIMES)]
Names = Annotated[
    list[str] | None,
    typer.Argument(help="Such as mxnet-1.8.0; all by default.", autocompletion=RUNTIMES),
]
Name = Annotated[str, typer.Argument(help="Such as mxnet-1.8.0.", autocompletion=RUNTIMES)]


@app.command("list")
@options.answers("runtimes")
def list_() -> None:
    """List the runtimes, and say which are installed."""
    from neopack import api

    console.result("runtimes", api.states())


@app.command("install")
@options.answers("runtimes")
def install(names: Some) -> None:
    """Install runtimes; one that runs is left as it is, one that does not is installed again."""
    from neopack import api

    _end(api.install_runtimes(names, console))


@app.command("doctor")
@options.answers("runtimes")
def doctor(names: Names = None) -> None:
    """Start each installed runtime and ask it for its versions; exit 1 where one is broken, 4
    where one that is named is absent."""
    from neopack import api

    states = api.doctor(names or ())
    _end(states)
    if names and any(row.state == "absent" for row in states):
        raise typer.Exit(Missing.exit_code)


@app.command("remove")
@options.answers("runtimes")
def remove(names: Some) -> None:
    """Delete the environments of runtimes."""
    from neopack import api

    console.result("runtimes", api.remove_runtimes(names, console))


@app.command("path")
@options.answers("runtime")
def path(name: Name) -> None:
    """Print the directory of a runtime, installed or not."""
    from neopack import api

    (state,) = api.states([name])
    console.result("runtime", state)


def _end(states: "Sequence[RuntimeState]") -> None:
    """With 1 where one is broken."""
    console.result("runtimes", states)
    if any(row.state == "broken" for row in states):
        raise typer.Exit(1)
