"""Compare the verdicts of check, package, the exact runtimes and the public loader over more
specimens than tests/differential does: all versions, every graph of the suites' tables, and files
damaged at seeded places.

    python benchmarks/agreement.py                        # every framework
    python benchmarks/agreement.py ONNX MXNET --seeds 5   # these, with five seeds
    python benchmarks/agreement.py ONNX --small           # the specimens of the test
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS / "differential"), str(TESTS)]

from comparing_verdicts import FRAMEWORKS, compared  # noqa: E402
from disagreements import unexplained, unneeded  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("frameworks", nargs="*", default=FRAMEWORKS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    return 1 if sum(_swept(name, options) for name in options.frameworks) else 0


def _swept(framework: str, options: argparse.Namespace) -> int:
    start, sweep = time.monotonic(), not options.small
    found = [
        each for seed in range(options.seeds) for _, each in compared(framework, seed, sweep=sweep)
    ]
    problems = [str(each) for each in unexplained(found)]
    rows = [f"a row that nothing needs: {row}" for row in unneeded(framework, found, sweep=sweep)]
    print(*dict.fromkeys([*problems, *rows]), sep="\n")
    seconds = time.monotonic() - start
    print(f"{framework}: {len(found)} disagreements, {len(problems)} unexplained, {seconds:.0f} s")
    return len(problems) + len(rows)


if __name__ == "__main__":
    sys.exit(main())
