"""Measure the start of the command line, in multiples of ``python -c pass``.

Goals: ``neopack --version`` under 3 times, ``neopack --help`` under 12 times.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

REPEATS = 21
NEOPACK = str(Path(sys.executable).with_name("neopack"))
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "neopack --version": [NEOPACK, "--version"],
    "neopack --help": [NEOPACK, "--help"],
    "neopack check --help": [NEOPACK, "check", "--help"],
}
GOALS = {"neopack --version": "under 3", "neopack --help": "under 12"}


# as on a user's machine, compiled modules are kept; the first run writes them
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    return time.perf_counter() - start


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for command in COMMANDS.values():
        seconds(command)
    for _ in range(REPEATS):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    bare = times["python -c pass"]
    print(f"{REPEATS} repeats in turns")
    for name, values in times.items():
        ratios = [value / base for value, base in zip(values, bare, strict=True)]
        print(
            f"{name:22} {1e3 * statistics.median(values):7.1f} ms  times python: median "
            f"{statistics.median(ratios):5.2f}, of minima {min(values) / min(bare):5.2f}  "
            f"{GOALS.get(name, '')}"
        )


if __name__ == "__main__":
    main()
