"""``neopack runtimes``: the exact framework versions, installed, examined, removed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neopack.cli import _completion
from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.cli._help import App
from neopack.errors import Missing, UsageError

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
From = Annotated[
    Path | None,
    typer.Option("--from", metavar="FILE", help="A bundle that neopack runtimes bundle wrote."),
]
Needed = Annotated[
    bool, typer.Option("--needed", help="Those that the models of neopack.toml need.")
]
LISTS = "neopack runtimes list shows them"
Name = Annotated[str, typer.Argument(help="Such as mxnet-1.8.0.", autocompletion=RUNTIMES)]


@app.command("list")
@options.answers("runtimes")
def list_() -> None:
    """List the runtimes, and say which are installed."""
    from neopack import api

    console.result("runtimes", api.states())


@app.command("install")
@options.answers("runtimes")
def install(names: Names = None, from_: From = None, needed: Needed = False) -> None:
    """Install runtimes; one that runs is left as it is, one that does not is installed again.

    With --from, nothing but the files of a bundle is read, and the network is not used.
    """
    from neopack import api

    if needed:
        names = [*(names or ()), *_needed()]
        if not names:
            return _end(())
    elif not names and from_ is None:
        raise UsageError("name a runtime, or give --from or --needed", hint=LISTS)
    return _end(api.install_runtimes(names or (), console, from_))


@app.command("bundle")
@options.answers("bundle")
def bundle(
    file: Annotated[Path, typer.Argument(help="The bundle to write, such as runtimes.tar.")],
    names: Names = None,
    needed: Needed = False,
    force: options.Force = False,
) -> None:
    """Write the files of runtimes into one file, for machines without a network.

    Install it there with neopack runtimes install --from FILE. A bundle has no Python: the other
    machine needs those that the answer names.
    """
    from neopack import api

    if needed:
        names = [*(names or ()), *_needed()]
        if not names:
            raise UsageError("the models here need no runtime, so there is nothing to bundle")
    console.result("bundle", api.write_bundle(file, names or (), console, force=force))


def _needed() -> "list[str]":
    """Say what the models of the project need, and how large it is."""
    from neopack import api

    rows = api.needed_runtimes()
    for row in rows:
        console.note(f"{row.name}, about {row.disk} MB, for {', '.join(row.models)}")
    if not rows:
        console.note("the models here need no runtime")
    return [row.name for row in rows]


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
