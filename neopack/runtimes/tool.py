"""Run uv, which creates environments: the one beside this Python, or on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from neopack.distributions import install_hint
from neopack.errors import Missing

__all__ = ["failed", "find_uv", "uv"]

# messages for a name that cannot be resolved, a refused connection, and uv's offline mode
OFFLINE = (
    "dns error",
    "failed to lookup",
    "network is unreachable",
    "connection refused",
    "offline",
    "network was disabled",
)
# the characters that uv draws around its messages
FRAMES = " │├╰─▶×"  # noqa: RUF001


def find_uv() -> str | None:
    """The path of uv: the one beside this Python, else the one on the PATH."""
    return shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")


def uv(*arguments: str, failure: str, holding: Sequence[int] = ()) -> str:
    """Run uv and return its output. Raises ``Missing``: ``failure``, then uv's own message.

    ``holding`` are descriptors of locks that uv keeps until it ends, even if neopack is killed.
    """
    tool = find_uv()
    if tool is None:
        raise Missing(f"{failure}: uv is not installed", hint=install_hint("runtimes"))
    # the environment that is active here is not the one to change
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(
        [tool, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        pass_fds=holding,
    )
    if done.returncode:
        raise failed(failure, done.stderr)
    return done.stdout


def failed(failure: str, output: str) -> Missing:
    """``failure``, then what uv or pip says in its ``output``."""
    lines = [line.strip(FRAMES) for line in output.splitlines() if line.strip()]
    if any(word in output.lower() for word in OFFLINE):
        return Missing(
            f"{failure}: the package index cannot be reached",
            hint="go online once, or bring a bundle: neopack runtimes bundle writes it elsewhere",
        )
    if "no space left" in output.lower():
        return Missing(
            f"{failure}: no space left on the disk", hint="set NEOPACK_HOME to another disk"
        )
    error = Missing(f"{failure}: {lines[-1] if lines else 'uv left no message'}")
    error.add_note(output)
    return error
