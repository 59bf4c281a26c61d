"""``neopack build`` against the shell loop in whose place it is, and a build without changes.

    python benchmarks/build.py cold --models 30 --loop 2
    python benchmarks/build.py same --models 100

``cold`` builds small PyTorch models for three targets into an empty cache. The loop runs ``neopack
package`` and ``neopack check`` once for each model and target; it is measured on ``--loop`` of the
models and scaled, since each of its rounds is a process of its own. ``same`` builds, and then
builds again without a change, and tells the time and the largest memory of the second run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARGETS = ("ml_c5", "ml_m5", "linux/arm64")
NET = """
import torch


def net(width):
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, width, 3), torch.nn.ReLU(), torch.nn.Flatten(),
        torch.nn.Linear(width * 36, 10),
    )
"""
# the largest memory of one process
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], capture_output=True, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
# as on a user's machine, compiled modules are kept
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
NEOPACK = (sys.executable, "-m", "neopack")


def project(folder: Path, models: int) -> None:
    widths = list(range(1, models + 1))
    (folder / "net.py").write_text(NET)
    (folder / "neopack.toml").write_text(
        f"""targets = {list(TARGETS)}
[[model]]
name = "net"
source = "net.py:net"
inputs = {{ x = [1, 3, 8, 8] }}
matrix = {{ width = {widths} }}
arguments = {{ width = "${{width}}" }}
"""
    )


def timed(folder: Path, *words: str) -> float:
    start = time.monotonic()
    done = subprocess.run(
        [*NEOPACK, *words],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"neopack {' '.join(words)}: {done.stderr[-2000:]}")
    return time.monotonic() - start


def build(folder: Path) -> float:
    return timed(folder, "build", "--cache", str(folder / "cache"))


def loop(folder: Path, widths: range) -> float:
    """Seconds for each archive."""
    total = 0.0
    for width in widths:
        for target in TARGETS:
            path = f"loop-{width}-{target.replace('/', '_')}.tar.gz"
            model = ("net.py:net", "--arg", f"width={width}", "-i", "x=1,3,8,8")
            total += timed(folder, "package", *model, "-t", target, "-o", path)
            total += timed(folder, "check", path)
    return total / (len(widths) * len(TARGETS))


def cold(folder: Path, models: int, looped: int) -> None:
    project(folder, models)
    archives = models * len(TARGETS)
    each = loop(folder, range(1, looped + 1))
    taken = build(folder)
    print(f"{models} models x {len(TARGETS)} targets on {len(os.sched_getaffinity(0))} cores")
    print(f"shell loop  {each:6.2f} s an archive, {each * archives:7.1f} s in all (scaled from "
          f"{looped} models)")  # fmt: skip
    print(f"build, cold {taken / archives:6.2f} s an archive, {taken:7.1f} s in all")
    print(f"ratio       {each * archives / taken:6.2f}")


def same(folder: Path, models: int) -> None:
    project(folder, models)
    build(folder)
    taken = [build(folder) for _ in range(3)]
    call = [*NEOPACK, "build", "--cache", str(folder / "cache")]
    peak = subprocess.run(
        [sys.executable, "-c", PEAK, *call], cwd=folder, stdout=subprocess.PIPE, check=True
    )
    print(f"{models} models x {len(TARGETS)} targets, nothing changed")
    print(f"seconds     {min(taken):.2f} (best of {len(taken)}), {max(taken):.2f} (worst)")
    print(f"peak memory {int(peak.stdout) / 1024:.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("cold", "same"))
    parser.add_argument("--models", type=int, default=30)
    parser.add_argument("--loop", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.what == "cold":
            cold(Path(folder), options.models, options.loop)
        else:
            same(Path(folder), options.models)


if __name__ == "__main__":
    main()
