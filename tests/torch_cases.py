"""What a case of the differential tests is: a function of today's PyTorch, and inputs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from neopack.frameworks.pytorch.lowering.inlining import inline_functions

__all__ = ["BOTH", "IDS", "INF", "INTS", "MIXED", "SCORES", "UNREAL", "V", "X"]
__all__ += ["Case", "Function", "case", "scripted", "seeded", "traced"]

Function = Callable[..., Any]
INF = float("inf")
X = torch.linspace(-4, 4, 48).reshape(2, 3, 8)
V = torch.linspace(-4, 4, 12)
IDS = torch.tensor([[3, 1, 4, 1, 5, 0], [9, 2, 6, 5, 0, 0]])
INTS = torch.arange(-12, 12).reshape(4, 6)
BOTH = torch.tensor([[True, False, True], [False, True, True], [True, True, False]])
SCORES = torch.linspace(-2, 2, 18).reshape(2, 3, 3)
MIXED = torch.tensor([[1.0, -2.5, 3.0, 0.5, -0.5, 2.5], [1.5, 1.5, 1.5, -1.5, 0.0, -0.0]])
# variations of which nothing depends on what comes: what is not finite comes out as it may
UNREAL = ("infinite", "not a number", "a hidden row")


@dataclass(frozen=True, slots=True)
class Case:
    """A function, the inputs that it is traced with, and directed inputs of its own; ``alone``
    are those where others make no sense, such as offsets. Variations named in ``but`` are left
    out: nothing depends on what comes of them."""

    function: Function
    inputs: tuple[Tensor, ...]
    own: tuple[tuple[Tensor, ...], ...] = ()
    alone: bool = False
    but: tuple[str, ...] = ()


def case(
    function: Function,
    *inputs: Tensor,
    own: Sequence[tuple[Tensor, ...]] = (),
    alone: bool = False,
    but: tuple[str, ...] = (),
) -> Case:
    return Case(function, inputs, tuple(own), alone, but)


def seeded(kind: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """A module with the same weights each time."""
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind(*arguments, **keywords).eval()


def scripted(function: Function) -> Any:
    """A script knows no types of tensors, and calls other overloads with numbers than a trace."""
    return torch.jit.script(function)


class Called(torch.nn.Module):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(*inputs)


class CalledWithX(Called):
    """Where there is one input it has a name."""

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


class Inside(torch.nn.Module):
    """Inside another module, torch does not replace one name of an operator by another."""

    def __init__(self, called: torch.nn.Module) -> None:
        super().__init__()
        self.called = called

    def forward(self, *inputs: Tensor) -> Any:
        return self.called(*inputs)


def traced(function: Function, *given: Tensor) -> Any:
    called = CalledWithX(function) if len(given) == 1 else Called(function)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.jit.trace(Inside(called).eval(), given, check_trace=False)
    inline_functions(module)
    return module
