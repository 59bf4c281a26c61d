"""Scripted functions inside of a trace, put in their place."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import torch

from neopack.formats.source import BytesSource
from neopack.frameworks.pytorch.lowering.inlining import inline_functions
from neopack.frameworks.pytorch.read import read_source
from neopack.values.model import ModelInfo


@torch.jit.script  # type: ignore[untyped-decorator]
def pooled(x: torch.Tensor, mode: str) -> torch.Tensor:
    """As F.interpolate is written: a mode, and what it needs, in one condition."""
    if x.dim() == 2 and mode == "mean":
        return x.mean(1)
    if x.dim() == 2 and mode == "median":
        return torch.median(x, 1)[0]
    if x.numel() == 0:
        raise ValueError("nothing to pool")
    total = torch.zeros(1)
    for row in range(x.size(0)):
        total = total + x[row].sum()
    if bool(total > 0):
        total = total.sqrt()
    return total


class Calls(torch.nn.Module):  # type: ignore[misc]
    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode
        self.layer = torch.nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = pooled(self.layer(x), self.mode)
        return found


def saved(mode: str) -> tuple[Callable[[torch.Tensor], torch.Tensor], ModelInfo, Calls]:
    data, module = written(mode)
    info = read_source(BytesSource("traced", data))
    return torch.jit.load(io.BytesIO(data)), info, module


def written(mode: str) -> tuple[bytes, Calls]:
    torch.manual_seed(0)
    module = Calls(mode).eval()
    with torch.no_grad():
        traced = torch.jit.trace(module, torch.rand(3, 4), check_trace=False)
    inline_functions(traced)
    buffer = io.BytesIO()
    torch.jit.save(traced, buffer)
    return buffer.getvalue(), module


def test_what_a_constant_decides_against_is_gone() -> None:
    loaded, info, module = saved("total")
    assert not {"aten::mean", "aten::median"} & set(info.operators)
    assert "aten::sqrt" in info.operators
    assert torch.equal(loaded(torch.ones(3, 4)), module(torch.ones(3, 4)))


@pytest.mark.parametrize("rows", [1, 3, 7])
@pytest.mark.parametrize("sign", [-5, 5])
def test_data_and_shapes_still_decide(rows: int, sign: int) -> None:
    loaded, _, module = saved("total")
    given = torch.full((rows, 4), float(sign))
    assert torch.equal(loaded(given), module(given))


def test_a_trace_that_calls_nothing_is_left_alone() -> None:
    layer = torch.nn.Linear(2, 2)
    traced = torch.jit.trace(layer, torch.rand(1, 2))
    before = str(traced.graph)
    inline_functions(traced)
    assert str(traced.graph) == before
