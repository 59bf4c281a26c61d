"""Exact old versions, each in an environment of its own: made once, kept in ``.venv/runtimes``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
KEPT = Path(sys.prefix) / "runtimes"


def uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    assert tool, "uv comes with the dev extra"
    return subprocess.run([tool, *arguments], check=True, capture_output=True, text=True)


def interpreter(version: str) -> str:
    """A Python of that version: pyenv's where there is one, else uv's own, fetched if need be."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = sorted(root.glob(f"versions/{version}.*/bin/python{version}"))
    return str(found[-1]) if found else version


def runtime(name: str, python: str) -> Path:
    """The Python of the environment that ``tests/exact/<name>.txt`` locks."""
    home = KEPT / name
    executable, done = home / "bin" / "python", home / ".installed"
    lock = HERE / f"{name}.txt"
    if not done.exists() or done.read_text() != lock.read_text():
        uv("venv", "--clear", "--python", interpreter(python), str(home))
        uv("pip", "install", "--python", str(executable), "--requirement", str(lock))
        done.write_text(lock.read_text())
    return executable
