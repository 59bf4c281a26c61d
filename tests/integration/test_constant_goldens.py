"""Golden numbers that prove nothing are said to prove nothing."""

from __future__ import annotations

from pathlib import Path

import torch

import neopack


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
