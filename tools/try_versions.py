"""neopack with the newest and with the lowest versions of its extras: ``python
tools/try_versions.py``.

Each environment gets a wheel of this checkout, not a link to it, and does the main jobs with small
models. PyTorch and TensorFlow are left out: their wheels are large, and ``make test`` has them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from neopack.errors import NeopackError
from neopack.runtimes.interpreters import interpreter
from neopack.runtimes.tool import uv
from neopack.values.log import SilentLog

ROOT = Path(__file__).parents[1]
EXTRAS = "onnx,xgboost,openvino,aws,emulator"
ONNX, TREES = ROOT / "fixtures/onnx/cnn-opset12.onnx", ROOT / "fixtures/xgboost/poisson.json"
JOBS = (
    ("--version",),
    ("help", "package"),
    ("package", str(ONNX), "-o", "net.tar.gz"),
    ("check", "net.tar.gz"),
    ("inspect", "net.tar.gz"),
    ("compile", "net.tar.gz"),
    ("run", "net-ml_c5.tar.gz", "--random"),
    ("package", str(TREES), "-o", "trees.tar.gz"),
    ("run", "trees.tar.gz", "--random"),
    ("explain", "NEO-ON-001"),
)


@dataclass(frozen=True, slots=True)
class Trial:
    """Versions that uv resolves as it is told, for the first of the Pythons that is here."""

    resolution: str
    pythons: tuple[str, ...]


TRIALS = (
    Trial("highest", ("3.13", "3.12", "3.11")),
    Trial("lowest-direct", ("3.11", "3.12", "3.13")),
)


def main() -> int:
    failures = [failure for trial in TRIALS for failure in failures_of(trial)]
    done = "all main jobs are done with the newest and the lowest versions"
    sys.stdout.write("\n".join(failures or [done]) + "\n")
    return 1 if failures else 0


def failures_of(trial: Trial) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = installed(trial, folder / "environment") / "neopack"
        failures = (failure(program, job, folder, trial) for job in JOBS)
        return [each for each in failures if each]


def installed(trial: Trial, environment: Path) -> Path:
    """The directory of the programs of a new environment."""
    failed = f"{trial.resolution} versions cannot be installed"
    uv("venv", "--quiet", "--python", python_of(trial), str(environment), failure=failed)
    programs = environment / "bin"
    uv(
        "pip",
        "install",
        "--quiet",
        "--resolution",
        trial.resolution,
        "--python",
        str(programs / "python"),
        f"{ROOT}[{EXTRAS}]",
        failure=failed,
    )
    return programs


def python_of(trial: Trial) -> str:
    for version in trial.pythons:
        try:
            return interpreter(version, SilentLog())
        except NeopackError:
            continue
    return sys.executable


def failure(program: Path, job: tuple[str, ...], folder: Path, trial: Trial) -> str:
    """What went wrong with a job, in lines, or ""."""
    done = subprocess.run(
        [program, *job], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode == 0:
        return ""
    return f"{trial.resolution}: neopack {' '.join(job)}\n{done.stderr.rstrip()}"


if __name__ == "__main__":
    sys.exit(main())
