"""Compute every function of the tests over directed inputs in the exact PyTorch versions.

    python benchmarks/rewrites.py                      # a table: one row a version
    python benchmarks/rewrites.py --version 1.8.1 --all   # and every difference from today's torch
    python benchmarks/rewrites.py --only where         # the functions whose name has it

Each function of ``tests/torch_*.py`` is traced, lowered to that version, and computed there for
its directed inputs: zeros, negative and large numbers, ties, padding, hidden rows, infinities.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from torch_directed import Difference, compared
from torch_functions import CASES

from neopack import runtimes, versions
from neopack.errors import NeopackError

KINDS = ("right", "refused", "differs", "fails")


def outcomes(version: str, only: str, *, all_of_them: bool) -> Iterator[str]:
    """What came of each function: one of ``KINDS``."""
    names = [name for name in CASES if only in name]
    while names:
        # a process that a function ended is followed by another, which goes on after it
        with runtimes.worker(f"pytorch-{version}") as worker, tempfile.TemporaryDirectory() as at:
            while names:
                name = names.pop(0)
                found = _found(name, version, worker, Path(at))
                yield _kind(found)
                for difference in found if all_of_them else ():
                    print(f"  {version} {name}, {difference.on}: {difference.what}"[:160])
                if any("was ended by" in difference.what for difference in found):
                    break


def _found(
    name: str, version: str, worker: runtimes.Worker, folder: Path
) -> tuple[Difference, ...]:
    try:
        return tuple(d for d in compared(name, version, worker, folder) if d.what)
    except (NeopackError, RuntimeError) as error:
        return (Difference("as traced", f"fails: {error}"),)


def _kind(found: tuple[Difference, ...]) -> str:
    if not found:
        return "right"
    what = found[0].what
    if what.startswith(("lacks", "refused")):
        return "refused"
    return "fails" if what.startswith("fails") else "differs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", action="append")
    parser.add_argument("--only", default="")
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.backends.mha.set_fastpath_enabled(False)
    ours = [name.partition("-")[2] for name in runtimes.names() if name.startswith("pytorch-")]
    print(f"{'PyTorch':8}" + "".join(f"{kind:>9}" for kind in KINDS))
    for version in options.version or sorted(ours, key=versions.order):
        count = Counter(outcomes(version, options.only, all_of_them=options.all))
        print(f"{version:8}" + "".join(f"{count[kind]:9}" for kind in KINDS), flush=True)


if __name__ == "__main__":
    main()
