"""``neopack runtimes``: the exact framework versions, installed, examined, removed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.errors import Missing

if TYPE_CHECKING:
    from neopack.runtimes.state import RuntimeState

__all__ = ["app"]

app = typer.Typer(
    name="runtimes",
    help="The exact framework versions that Neo names, each in an environment of its own.",
    no_args_is_help=False,
)

Names = Annotated[list[str] | None, typer.Argument(help="Such as mxnet-1.8.0; all by default.")]
Name = Annotated[str, typer.Argument(help="Such as mxnet-1.8.0.")]


@app.command("list")
@options.with_output
def list_() -> None:
    """Say which there are, and which are installed."""
    from neopack import runtimes
    from neopack.runtimes.state import state

    _tell("runtimes", [state(runtimes.get(name)) for name in runtimes.names()])


@app.command("install")
@options.with_output
def install(
    names: Annotated[list[str], typer.Argument(help="Such as mxnet-1.8.0.")],
) -> None:
    """Install some of them; what runs already is left as it is, what does not is made anew."""
    from neopack import runtimes
    from neopack.runtimes import install as installing
    from neopack.runtimes.state import examined

    wanted = [runtimes.get(name) for name in names]
    seen = []
    for runtime in wanted:
        installing.ensure(runtime, console)
        state = examined(runtime)
        if state.state == "broken":
            console.note(f"{runtime.name} does not run: {state.reports}")
            installing.renew(runtimes.get(runtime.environment), console)
            state = examined(runtime)
        seen.append(state)
    _end(seen)


@app.command("doctor")
@options.with_output
def doctor(
    names: Names = None,
) -> None:
    """Start each that is installed and ask it who it is; exit 1 where one is broken, 4 where one
    that is named is absent."""
    from neopack import runtimes
    from neopack.runtimes.state import examined

    seen = [examined(runtimes.get(name)) for name in names or runtimes.names()]
    _end(seen)
    if names and any(one.state == "absent" for one in seen):
        raise typer.Exit(Missing.exit_code)


@app.command("remove")
@options.with_output
def remove(
    names: Annotated[list[str], typer.Argument(help="Such as mxnet-1.8.0.")],
) -> None:
    """Delete the environments of some of them."""
    from neopack import runtimes
    from neopack.runtimes import install as installing
    from neopack.runtimes.state import state

    wanted = [runtimes.get(name) for name in names]
    for runtime in wanted:
        if not installing.remove(runtime, console):
            console.note(f"{runtime.environment} was not installed")
    _tell("runtimes", [state(runtime) for runtime in wanted])


@app.command("path")
@options.with_output
def path(
    name: Name,
) -> None:
    """Print the directory of one, installed or not."""
    from neopack import runtimes
    from neopack.runtimes.state import state

    seen = state(runtimes.get(name))
    console.result("runtime", seen, str(seen.path))


def _end(seen: "Sequence[RuntimeState]") -> None:
    """With 1 where one is broken."""
    _tell("runtimes", seen)
    if any(one.state == "broken" for one in seen):
        raise typer.Exit(1)


def _tell(kind: str, seen: "Sequence[RuntimeState]") -> None:
    from neopack.reports.text import table

    rows = [("runtime", "Python", "MB", "state", "")]
    rows += [(one.name, one.python, str(one.disk), one.state, one.reports) for one in seen]
    console.result(kind, list(seen), "\n".join(table(rows)))
