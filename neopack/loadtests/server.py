"""The server of an artifact, in a process of its own, for as long as a load test runs."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from neopack.errors import EngineFailed

__all__ = ["served"]

STOPPING = 10.0


@contextlib.contextmanager
def served(artifact: Path, arguments: tuple[str, ...] = ()) -> Iterator[str]:
    """The address of ``neopack serve``, once it answers. Raises ``EngineFailed``."""
    command = [sys.executable, "-m", "neopack", "--quiet", "serve", str(artifact), "--port", "0"]
    server = subprocess.Popen(
        [*command, "--format", "json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield _address(server, artifact)
    finally:
        server.terminate()
        try:
            server.wait(STOPPING)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _address(server: subprocess.Popen[str], artifact: Path) -> str:
    assert server.stdout is not None  # noqa: S101 - a pipe
    assert server.stderr is not None  # noqa: S101 - a pipe
    try:
        return str(json.loads(server.stdout.readline())["url"])
    except (ValueError, KeyError):
        said = server.stderr.read().strip().splitlines()
        why = said[0].removeprefix("error: ") if said else "it left no message"
        raise EngineFailed(f"{artifact.name} cannot be served: {why}") from None
