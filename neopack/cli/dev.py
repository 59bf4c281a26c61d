"""``neopack dev aws``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.cli._help import App
from neopack.errors import Interrupted

__all__ = ["app"]

app = App(name="dev", help="Stand-ins to develop and test against.")


@app.callback()
def _group() -> None:
    """Stand-ins to develop and test against."""


@app.command("aws")
@options.answers("dev aws")
def aws(
    port: Annotated[int, typer.Option(help="On 127.0.0.1; 0 takes a free one.")] = 8500,
    script: Annotated[
        Path | None, typer.Option(help="Timelines, faults and limits: a .toml or .json file.")
    ] = None,
) -> None:
    """Emulate S3, STS, IAM, logs and SageMaker with compilation jobs and endpoints.

    Nothing here is AWS, and nothing it compiles is Neo's. It keeps everything in memory until
    Ctrl-C.
    """
    from neopack.emulator import script as scripts
    from neopack.emulator.server import Server

    played = scripts.load(script) if script else scripts.DEMO
    server = Server(port=port, script=played, log=console)
    try:
        address = server.start()
        console.result("dev aws", address)
        server.wait()
    except Interrupted:
        console.note("the emulator has ended; nothing of it was kept")
    finally:
        server.close()
