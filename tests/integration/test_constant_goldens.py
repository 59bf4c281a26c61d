"""Golden numbers that prove nothing are said to prove nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import neopack
from neopack.errors import VerificationFailed


class Head(torch.nn.Module):  # type: ignore[misc]
    """A model whose head starts with zeros, as vision transformers' do."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.head = torch.nn.Linear(4, 3)
        torch.nn.init.constant_(self.head.weight, value)
        torch.nn.init.zeros_(self.head.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scales: torch.Tensor = torch.arange(1.0, 4.0) * self.head(x)
        return scales


def warnings_of(value: float, folder: Path) -> tuple[str, ...]:
    packed = neopack.package(Head(value), inputs={"x": (1, 4)}, path=folder / "m.tar.gz")
    return packed.warnings


def test_outputs_that_are_all_zero_are_warned_of(tmp_path: Path) -> None:
    assert any("all one number" in warning for warning in warnings_of(0.0, tmp_path))


def test_outputs_that_differ_are_not(tmp_path: Path) -> None:
    assert not warnings_of(0.5, tmp_path)


class Finder(torch.nn.Module):  # type: ignore[misc]
    """Gives what is above a threshold, as detectors do: of random inputs, nothing."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[x > self.threshold]


def test_outputs_that_are_empty_are_warned_of_and_prove_nothing(tmp_path: Path) -> None:
    packed = neopack.package(Finder(2.0), inputs={"x": (1, 4)}, path=tmp_path / "m.tar.gz")
    assert any("outputs are empty" in warning for warning in packed.warnings)
    with pytest.raises(VerificationFailed, match="nothing to compare") as raised:
        neopack.verify(packed.path)
    assert "--example" in raised.value.hint


def test_outputs_of_which_some_are_not_empty_are_compared(tmp_path: Path) -> None:
    packed = neopack.package(Finder(0.0), inputs={"x": (1, 4)}, path=tmp_path / "m.tar.gz")
    assert not any("empty" in warning for warning in packed.warnings)
