"""What ``neopack build`` shows of a model that is packaged with warnings."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest
from desk import Desk
from terminal import shown_on

NET = """
import torch


class Net(torch.nn.Module):
    def forward(self, x):
        return x * 2 if x.sum() > 0 else x
"""
TOML = """
targets = ["ml_c5", "ml_m5"]

[[model]]
name = "net"
source = "net.py:Net"
inputs = { x = [1, 4] }
verify = "no"
"""
WARNING = "warning: the tracer saw Python decide on data at net.py:7"


@pytest.fixture
def project(desk: Desk) -> Path:
    (desk.path / "net.py").write_text(NET)
    (desk.path / "neopack.toml").write_text(TOML)
    return desk.path


def test_a_warning_stands_below_its_step(executable: list[str], project: Path) -> None:
    """Once, though the model is packaged for two targets."""
    done = subprocess.run(
        [*executable, "build", "--cache", "cache"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0
    assert done.stderr.count(f"\n  {WARNING}") == 1


def test_a_warning_stands_below_the_table_of_a_terminal(
    executable: list[str], project: Path
) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*executable, "build", "--cache", "cache"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(theirs)
    shown = shown_on(ours)
    assert process.wait(60) == 0
    assert shown.count(f"net: {WARNING}") == 1
    assert shown.index("2/2") < shown.index(WARNING)
