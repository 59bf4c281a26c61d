"""One worker of a server: a process with its own copy of the model, which answers the connections
that the reception hands to it.

It ends when its supervisor does: its standard input, which is a pipe from there, ends then.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from neopack.archive.read import scan
from neopack.artifacts.load import require_file
from neopack.errors import NeopackError, UsageError
from neopack.formats.codec import from_json
from neopack.serving.answers import Answering
from neopack.serving.batched import BatchedContainer
from neopack.serving.hosting import compiled_for, script_of, started
from neopack.serving.http.app import ServingApp
from neopack.serving.http.desk import Desk
from neopack.serving.http.handed import HandedConnections
from neopack.serving.http.observed import Observer
from neopack.serving.http.worker_spec import CONNECTIONS, STOPPING, WorkerSpec
from neopack.serving.loaded import LoadedContainer
from neopack.serving.scripted import ScriptedContainer
from neopack.values.log import LineLog

__all__ = ["main"]

KEEP_ALIVE = 65


def main() -> None:
    """Serve until standard input ends. The first line of it is the ``WorkerSpec``; one line on
    standard output says that the worker is ready, or why it is not."""
    import uvloop

    said = _private_output()
    spec = from_json(WorkerSpec, json.loads(_first_line()))
    try:
        model = _loaded(spec)
    except NeopackError as error:
        kind, message = type(error).__name__, error.message
        _say(said, {"error": [kind, message, error.where, error.hint]})
        sys.exit(error.exit_code)
    try:
        uvloop.run(_serve(spec, model, lambda: _say(said, {"ready": os.getpid()})))
    finally:
        model.close()
        sys.stderr.flush()
        os._exit(0)  # a thread may still be in a model that hangs


def _loaded(spec: WorkerSpec) -> Answering:
    artifact, options = Path(spec.artifact), spec.options
    cores = len(os.sched_getaffinity(0))
    threads = max(1, cores // options.workers) if options.workers > 1 else None
    require_file(artifact)
    scanned = scan(artifact)
    compiled = compiled_for(scanned)
    script = script_of(scanned, spec.environment, compiled, spec.framework)
    if script is not None:
        if options.max_batch > 1:
            raise UsageError("--max-batch is for models without a script, which gets one request")
        log = LineLog(_log_line)
        return started(
            scanned,
            script,
            log,
            answering=options.timeout,
            threads=threads,
            max_memory=options.max_memory,
        )
    if options.max_memory:
        raise UsageError("--max-memory is for scripts, and this archive has none that is called")
    loaded = LoadedContainer.load(
        artifact,
        compiled.signature if compiled else None,
        threads=threads,
        answers_at_once=options.threads,
    )
    if options.max_batch == 1:
        return loaded
    wait = options.max_wait_ms / 1000
    return BatchedContainer(loaded.model, max_batch=options.max_batch, max_wait=wait)


async def _serve(spec: WorkerSpec, model: Answering, ready: Callable[[], None]) -> None:
    import uvicorn

    from neopack.serving.http.protocol import TimedProtocol

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            connections.begin()
            ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await connections.end()
            await super().shutdown(sockets)

    def connected() -> asyncio.Protocol:
        state = server.server_state
        return TimedProtocol(config, state, server.lifespan.state, lost=connections.lost)

    def stop() -> None:
        server.should_exit = True

    options = spec.options
    scripted = isinstance(model, ScriptedContainer)  # which sees to its time itself
    # of a batch all requests are inside, and those of the next one
    inside = options.threads if options.max_batch == 1 else 2 * options.max_batch
    desk = Desk(model, threads=inside, answering=None if scripted else options.timeout)
    observer = Observer(_log_line if spec.log else None, threads=inside)
    config = uvicorn.Config(
        ServingApp(desk, observer, hung=stop, accept=options.accept),
        http=TimedProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # nothing here reads who the client is
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=int(STOPPING),
        limit_concurrency=CONNECTIONS,
    )
    if not spec.log:
        logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    server = Server(config)
    connections = HandedConnections(socket.socket(fileno=spec.channel), connected, stop)
    asyncio.get_running_loop().add_reader(0, stop)
    await server.serve([])


def _private_output() -> int:
    """Standard output, which is ours alone: what a model prints goes to standard error."""
    ours = os.dup(1)
    os.dup2(2, 1)
    return ours


def _first_line() -> bytes:
    """Byte by byte: what comes after it is for the event loop."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(0, 1)):
        line += byte
    return line


def _say(stream: int, message: Mapping[str, Any]) -> None:
    os.write(stream, json.dumps(message).encode() + b"\n")


def _log_line(line: str) -> None:
    """In one piece, so that lines of several workers do not mix. Without a supervisor there is
    nobody to read it, and requests in flight are answered all the same."""
    with contextlib.suppress(BrokenPipeError):
        os.write(2, line.encode() + b"\n")


if __name__ == "__main__":
    main()
