"""Resolve each runtime of ``neopack/runtimes/runtimes.toml`` into its lock file, with hashes and
without the packages in ``without``.

Run it by hand after a change there: ``python tools/lock_runtimes.py [NAME ...]``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from neopack import runtimes

LOCKS = Path(runtimes.__file__).parent / "locks"


def lock(runtime: runtimes.Runtime) -> None:
    options = ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"]
    options += ["--no-emit-find-links", "--quiet", "--python-version", runtime.python]
    options += ["--python-platform", "x86_64-manylinux_2_28"]
    path = LOCKS / f"{runtime.name}.txt"
    _compile(runtime.requires, path, options)
    path.write_text(thinned(path.read_text(), runtime.without))
    if runtime.apart:
        _compile(runtime.apart, LOCKS / f"{runtime.name}.apart.txt", [*options, "--no-deps"])


def _compile(requires: Sequence[str], path: Path, options: Sequence[str]) -> None:
    subprocess.run(
        ["uv", "pip", "compile", *options, "-", "-o", str(path)],
        input="\n".join(requires).encode(),
        check=True,
    )


def thinned(lock: str, without: Sequence[str]) -> str:
    """Return the lock without the packages that match the patterns, and without their hashes."""
    packages = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)
    return "".join(
        package
        for package in packages
        if not any(fnmatchcase(package.partition("==")[0], pattern) for pattern in without)
    )


if __name__ == "__main__":
    for name in sys.argv[1:] or runtimes.names():
        runtime = runtimes.get(name)
        if runtime.environment == runtime.name:
            lock(runtime)
