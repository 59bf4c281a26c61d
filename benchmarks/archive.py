"""Compare writing and checking an archive of 200 MB of float32 weights with tarfile and gzip.

Goals: writing at least 8 times as fast as ``tarfile.open(path, "w:gz")``, an archive of at most
1.03 times its size, peak memory at most 120 MB above the interpreter's; checking in at most 1.3
times the time of ``gzip -t``. Repeats are interleaved; the output has medians and minima.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from neopack.archive.write import write_archive
from neopack.outputs.atomic import AtomicOutputs
from neopack.values.model import Member

REPEATS = 5
WEIGHTS = 50_000_000


class Weights(torch.nn.Module):  # type: ignore[misc]
    """200 MB of float32 with the distribution of trained weights."""

    def __init__(self) -> None:
        super().__init__()
        values = np.random.default_rng(0).standard_normal(WEIGHTS, dtype=np.float32) * 0.05
        self.weight = torch.nn.Parameter(torch.from_numpy(values), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight[:4]


def ours(model: Path, out: Path) -> None:
    with AtomicOutputs(force=True) as outputs:
        write_archive(outputs.open(out), [Member(name="model.pth", path=model)])


def theirs(model: Path, out: Path) -> None:
    with tarfile.open(out, "w:gz") as archive:
        archive.add(model, "model.pth")


def check(archive: Path) -> None:
    config = '{"input0":[4]}'
    command = [sys.executable, "-m", "neopack", "check", str(archive), "--target", "ml_c5"]
    subprocess.run(
        [*command, "--quiet", "--data-input-config", config], check=True, stdout=subprocess.DEVNULL
    )


def gzip_test(archive: Path) -> None:
    subprocess.run(["gzip", "-t", str(archive)], check=True)


def seconds(action: Callable[[], None]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def peak(arguments: list[str]) -> float:
    """Return the peak resident memory of a Python process in MB, above that of a bare one."""
    script = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
        "stdout=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )

    def measured(command: list[str]) -> int:
        done = subprocess.run(
            [sys.executable, "-c", script, sys.executable, *command],
            check=True, capture_output=True,
        )  # fmt: skip
        return int(done.stdout.split()[-1])

    return (measured(arguments) - measured(["-c", "pass"])) / 1024


WRITE = (
    "import sys; from pathlib import Path; "
    "from neopack.outputs.atomic import AtomicOutputs; "
    "from neopack.archive.write import write_archive; from neopack.values.model import Member; "
    "outputs = AtomicOutputs(force=True).__enter__(); "
    "write_archive(outputs.open(Path(sys.argv[2])), "
    "[Member(name='model.pth', path=Path(sys.argv[1]))]); outputs.__exit__(None, None, None)"
)


def line(name: str, one: list[float], other: list[float], goal: str) -> None:
    ratios = [b / a for a, b in zip(one, other, strict=True)]
    print(
        f"{name:34} {statistics.median(one):7.2f} s  {statistics.median(other):7.2f} s  "
        f"median {statistics.median(ratios):6.2f}  of minima {min(other) / min(one):6.2f}  {goal}"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        model, our, their = (Path(folder) / n for n in ("m.pth", "o.tar.gz", "t.tar.gz"))
        traced = torch.jit.trace(Weights().eval(), torch.zeros(4), check_trace=False)
        traced.save(str(model))
        del traced
        writes: tuple[list[float], list[float]] = ([], [])
        checks: tuple[list[float], list[float]] = ([], [])
        for _ in range(REPEATS):
            writes[0].append(seconds(lambda: ours(model, our)))
            writes[1].append(seconds(lambda: theirs(model, their)))
            checks[0].append(seconds(lambda: gzip_test(our)))
            checks[1].append(seconds(lambda: check(our)))
        print(f"{model.stat().st_size / 1e6:.0f} MB of TorchScript, {REPEATS} repeats in turns")
        line("write: neopack, tarfile w:gz", *writes, "goal: at least 8")
        line("check: gzip -t, neopack check", *checks, "goal: at most 1.3")
        ratio = our.stat().st_size / their.stat().st_size
        print(f"size, of tarfile's: {ratio:.4f}  goal: at most 1.03")
        print(f"memory to write: {peak(['-c', WRITE, str(model), str(our)]):.0f} MB  goal: 120")
        checking = ["-m", "neopack", "check", str(our), "--target", "ml_c5", "-q"]
        used = peak([*checking, "--data-input-config", '{"input0":[4]}'])
        print(f"memory to check: {used:.0f} MB  goal: 120")


if __name__ == "__main__":
    main()
