"""uv, which makes environments: found beside this Python, or on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from neopack.errors import Missing

__all__ = ["uv"]

# a name that cannot be resolved, a refused connection, uv's own word for being told so
OFFLINE = (
    "dns error",
    "failed to lookup",
    "network is unreachable",
    "connection refused",
    "offline",
    "network was disabled",
)
# what uv draws around its words
FRAMES = " │├╰─▶×"  # noqa: RUF001


def uv(*arguments: str, what: str, holding: Sequence[int] = ()) -> str:
    """What uv prints. Raises ``Missing`` that starts with ``what`` and ends with what uv said.

    ``holding`` are descriptors of locks that last as long as uv does, even where we are killed.
    """
    tool = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if tool is None:
        raise Missing(f"{what}: uv is not installed", hint="pip install 'neopack[runtimes]'")
    # an environment that is active here is not the one that is meant
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
        raise _failed(what, done.stderr)
    return done.stdout


def _failed(what: str, said: str) -> Missing:
    lines = [line.strip(FRAMES) for line in said.splitlines() if line.strip()]
    if any(word in said.lower() for word in OFFLINE):
        return Missing(
            f"{what}: the package index cannot be reached",
            hint="go online once, or copy the directory that NEOPACK_HOME names from a machine "
            "that has it",
        )
    if "no space left" in said.lower():
        return Missing(
            f"{what}: no space left on the disk", hint="set NEOPACK_HOME to another disk"
        )
    error = Missing(f"{what}: {lines[-1] if lines else 'uv left no message'}")
    error.add_note(said)
    return error
