"""Live Gluon blocks and Modules, in an environment where MXNet 1.9.1 can be imported."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from neopack.runtimes import install
from neopack.runtimes.interpreters import interpreter
from neopack.runtimes.tool import uv
from neopack.values.log import SilentLog

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PACKAGES = ("mxnet==1.9.1", "numpy==1.23.5", "isal==1.8.0")


@pytest.fixture(scope="session")
def python_with_mxnet() -> Path:
    """Made once, beside the runtimes."""
    place = install.home() / "tests" / "mxnet-1.9.1"
    python, whole = place / "bin" / "python", place / "whole"
    if not whole.exists() or whole.read_text() != repr(PACKAGES):
        base = interpreter("3.11", SilentLog())
        uv("venv", "--quiet", "--clear", "--python", base, str(place), failure="no environment")
        into = ("pip", "install", "--quiet", "--python", str(python))
        uv(*into, *PACKAGES, failure="no MXNet 1.9.1")
        whole.write_text(repr(PACKAGES))
    return python


def test_live_models_of_today_s_mxnet(python_with_mxnet: Path, tmp_path: Path) -> None:
    told: dict[str, Any] = json.loads(
        subprocess.run(
            [python_with_mxnet, HERE / "live_blocks.py", tmp_path],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.splitlines()[-1]
    )
    assert "call net.hybridize() and run it once" in told["not run yet"]
    assert told["block"] < 1e-6
    assert told["module"] == str(tmp_path / "module.tar.gz")
    assert "is not a HybridBlock" in told["no hybrid"]
