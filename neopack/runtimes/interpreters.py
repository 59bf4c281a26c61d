"""Find an older Python: from pyenv, on the PATH, from uv, or downloaded by uv."""

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
    """Return the path of a Python ``version`` ("3.8"). Raises ``Missing`` if there is none."""
    for path in _candidates(version):
        if _is_python(path, version):
            return str(path)
    log.note(f"downloading Python {version}")
    try:
        uv("python", "install", version, failure=f"Python {version} cannot be downloaded")
    except Missing as error:
        error.hint = f"install Python {version}, for example with pyenv"
        raise
    downloaded = _of_uv(version)
    if downloaded is None:
        raise Missing(
            f"no Python {version} was found",
            hint=f"install it, for example with: uv python install {version}",
        )
    return str(downloaded)


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
    """Run it to be sure: a pyenv shim may exist without a Python behind it."""
    try:
        done = subprocess.run(
            [path, "-I", "-c", ASK], capture_output=True, timeout=ANSWERS_WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.decode().strip() == version


def _of_uv(version: str) -> Path | None:
    try:
        done = uv("python", "find", "--managed-python", version, failure="no such Python")
    except Missing:
        return None
    return Path(done.strip())
