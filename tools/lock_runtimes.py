"""Resolve each runtime of ``neopack/runtimes/catalogue.toml`` into its lock file, with hashes.

Run it by hand after a change there: ``python tools/lock_runtimes.py [NAME ...]``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from neopack import runtimes

LOCKS = Path(runtimes.__file__).parent / "locks"


def lock(runtime: runtimes.Runtime) -> None:
    options = ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"]
    options += ["--no-emit-find-links", "--quiet", "--python-version", runtime.python]
    options += ["--python-platform", "x86_64-manylinux_2_28"]
    subprocess.run(
        ["uv", "pip", "compile", *options, "-", "-o", str(LOCKS / f"{runtime.name}.txt")],
        input="\n".join(runtime.requires).encode(),
        check=True,
    )


if __name__ == "__main__":
    for name in sys.argv[1:] or runtimes.names():
        runtime = runtimes.get(name)
        if runtime.environment == runtime.name:
            lock(runtime)
