"""Compare the check of a small archive for every target with that for one target.

Goal: ``check --all-targets`` takes at most 1.1 times as long as ``check --target ml_c5``, in
processor time. Repeats are interleaved, so that both run under the same conditions. The archives
are small, so reading them takes no time.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import neopack

REPEATS = 11
ROOT = Path(__file__).parents[1]
IMAGE = {"image": (1, 3, 8, 8)}


def seconds(archive: Path, *options: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "neopack", "check", str(archive), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(archive: Path) -> None:
    pairs = [
        (seconds(archive, "--target", "ml_c5"), seconds(archive, "--all-targets"))
        for _ in range(REPEATS)
    ]
    ones, alls = zip(*pairs, strict=True)
    ratio = statistics.median(every / one for one, every in pairs)
    print(
        f"{archive.name:14} {statistics.median(ones):.3f} s  {statistics.median(alls):.3f} s  "
        f"median {ratio:.3f}  of minima {min(alls) / min(ones):.3f}  goal: at most 1.1"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        torch, onnx = (Path(folder) / f"{name}.tar.gz" for name in ("pytorch", "onnx"))
        neopack.package(f"{ROOT / 'tests/tiny_models.py'}:cnn", inputs=IMAGE, path=torch)
        neopack.package(ROOT / "fixtures/onnx/cnn-opset12.onnx", path=onnx)
        for archive in (torch, onnx):
            measure(archive)


if __name__ == "__main__":
    main()
