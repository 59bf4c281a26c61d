"""``neopack serve``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.errors import Interrupted, UsageError

__all__ = ["serve"]

Workers = Annotated[int | None, typer.Option(help="Processes, each with the model loaded (1).")]
Threads = Annotated[int | None, typer.Option(help="Requests that each computes at once (1).")]
Docker = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Write a Dockerfile that serves it so, and serve nothing."),
]
MaxBatch = Annotated[
    int | None, typer.Option(help="Rows of waiting requests that one call computes (1).")
]
MaxWait = Annotated[float | None, typer.Option(help="How long the first of them waits (2).")]
MaxMemory = Annotated[
    int | None, typer.Option(help="MB of a script's process, which then starts again (no bound).")
]
Timeout = Annotated[float | None, typer.Option(help="Seconds from a request to its answer (60).")]


@options.answers("serve", "serve --docker")
def serve(
    archive: Annotated[Path, typer.Argument(help="An archive, compiled or not.")],
    port: Annotated[int | None, typer.Option(help="0 takes a free one (8080).")] = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on (127.0.0.1).")] = None,
    workers: Workers = None,
    threads: Threads = None,
    timeout: Timeout = None,
    max_batch: MaxBatch = None,
    max_wait_ms: MaxWait = None,
    max_memory: MaxMemory = None,
    docker: Docker = None,
    force: options.Force = False,
) -> None:
    """Answer GET /ping and POST /invocations as the container of the model does.

    A script in code/ runs as there. SAGEMAKER_BIND_TO_PORT, SAGEMAKER_MODEL_SERVER_WORKERS and
    the other variables of the containers count where an option is not given.
    """
    from neopack import api

    given: dict[str, Any] = {
        "port": port, "host": host, "workers": workers, "threads": threads, "timeout": timeout,
        "max_batch": max_batch, "max_wait_ms": max_wait_ms, "max_memory": max_memory,
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    if docker is not None:
        files = api.write_dockerfile(archive, docker, force=force, **given)
        console.result("serve --docker", files, of=[archive])
        return
    if force:
        raise UsageError("--force goes with --docker")
    with api.server(archive, quiet=console.quiet, log=console, **given) as server:
        try:
            console.result("serve", server.start(), of=[archive])
            server.wait()
        except Interrupted:
            server.note("stopping; requests in flight are answered first")
