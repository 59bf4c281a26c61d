"""Modules that torch.compile or DataParallel wrap, or that call an autograd.Function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import neopack
from neopack.goldens.cases import load_goldens


class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * 2


class Parted(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, factor: int) -> tuple[Tensor, Tensor]:
        return x * factor, x + factor

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.factor = inputs[1]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        product, total = Parted.apply(Twice.apply(self.layer(x)), 3)
        return product + total


class Outer(Net):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.compile(nn.Linear(4, 4))


class Decorated(Net):
    forward = torch.compile(Net.forward)


def compiled_in_place() -> nn.Module:
    module = Net()
    module.compile()
    return module


WRAPPED: dict[str, Callable[[], Any]] = {
    "not at all": Net,
    "compiled": lambda: torch.compile(Net()),
    "compiled in place": compiled_in_place,
    "a compiled layer": Outer,
    "a compiled forward": Decorated,
    "parallel": lambda: nn.DataParallel(Net()),
    "both": lambda: torch.compile(nn.DataParallel(Net())),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_what_a_wrapper_holds_is_packaged(name: str, tmp_path: Path) -> None:
    module = WRAPPED[name]()
    layer = [part for part in module.modules() if isinstance(part, nn.Linear)][-1]
    archive = neopack.package(
        module, inputs={"x": (1, 4)}, framework_version="1.8", path=tmp_path / "m.tar.gz"
    )
    inputs, golden = load_goldens(archive.goldens)
    with torch.no_grad():
        expected = layer(torch.from_numpy(inputs["x"])) * 8 + 3
    np.testing.assert_allclose(golden["output0"], expected.numpy(), rtol=1e-5)
    assert type(module.forward) is type(WRAPPED[name]().forward), "the module is as it was"
