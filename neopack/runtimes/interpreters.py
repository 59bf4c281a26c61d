"""Find a Python of an older version: pyenv's, the PATH's, uv's own, or one that uv fetches."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from neopack.errors import Missing
from neopack.runtimes.tool import uv
from neopack.values.log import Log

__all__ = ["interpreter"]

ASK = "import sys; print('%d.%d' % sys.version_info[:2])"
ANSWERS_WITHIN = 60


def interpreter(version: str, log: Log) -> str:
    """The path of a Python ``version`` ("3.8"). Raises ``Missing`` where none can be had."""
    for path in _candidates(version):
        if _is_python(path, version):
            return str(path)
    log.note(f"fetching Python {version}")
    uv("python", "install", version, what=f"Python {version} cannot be fetched")
    found = _of_uv(version)
    if found is None:
        raise Missing(
            f"no Python {version} was found",
            hint=f"install one, such as: uv python install {version}",
        )
    return str(found)


def _candidates(version: str) -> Iterator[Path]:
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"), reverse=True)
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield Path(on_path)
    managed = _of_uv(version)
    if managed:
        yield managed


def _is_python(path: Path, version: str) -> bool:
    """Asked rather than believed: a pyenv shim is there and runs nothing."""
    try:
        done = subprocess.run(
            [path, "-I", "-c", ASK], capture_output=True, timeout=ANSWERS_WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.decode().strip() == version


def _of_uv(version: str) -> Path | None:
    try:
        done = uv("python", "find", "--managed-python", version, what="no such Python")
    except Missing:
        return None
    return Path(done.strip())
