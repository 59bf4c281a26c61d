"""Download the files of a runtime's lock, for this platform, without installing them.

uv installs, and downloads no files to keep; pip does. It runs in the runtime's own Python, so that
it chooses the files that fit that one.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from neopack.errors import Missing
from neopack.runtimes import Runtime, install
from neopack.runtimes.interpreters import interpreter
from neopack.runtimes.tool import failed, uv
from neopack.values.log import Log

__all__ = ["download"]

# where only uv is told of an index, pip is told of the same
INDEXES = {
    "PIP_INDEX_URL": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "PIP_EXTRA_INDEX_URL": ("UV_EXTRA_INDEX_URL",),
    "PIP_FIND_LINKS": ("UV_FIND_LINKS",),
}


def download(runtime: Runtime, into: Path, log: Log) -> None:
    """Have all files of the runtime in ``into``; those that are there with the right hash stay.

    Raises ``Missing`` where that fails: no index, no space, no such Python.
    """
    failure = f"the files of {runtime.name} cannot be downloaded"
    pip = _pip(runtime.python, into.with_name(f"{into.name}.pip"), failure, log)
    texts = (install.lock_text(runtime), install.apart_text(runtime), install.building_text())
    for number, text in enumerate(text for text in texts if text):
        lock = into / f".{runtime.name}.{number}.txt"
        lock.write_text(text)
        options = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps")
        places = ("--dest", str(into), "--requirement", str(lock))
        _run([*pip, "download", *options, *places], failure)
        lock.unlink()


def _pip(python: str, place: Path, failure: str, log: Log) -> tuple[str, ...]:
    """The pip of an environment of that Python, which is created once."""
    venv = place / python
    inside = venv / "bin" / "python"
    if not inside.exists():
        found = interpreter(python, log)
        uv("venv", "--quiet", "--clear", "--seed", "--python", found, str(venv), failure=failure)
    return (str(inside), "-m", "pip")


def _run(command: Sequence[str], failure: str) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=_environment(os.environ)
        )
    except OSError as error:
        raise Missing(f"{failure}: {error.strerror}") from error
    if done.returncode:
        raise failed(failure, done.stderr)


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    own = {k: v for k, v in environment.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    for name, others in INDEXES.items():
        said = [environment[other] for other in others if environment.get(other)]
        if said and not own.get(name):
            own[name] = said[0]
    return own
