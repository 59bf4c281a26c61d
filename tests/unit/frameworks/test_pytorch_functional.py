"""Operators in place are written as plain ones: what another tensor saw of the change is computed,
since TVM converts each operator as if it changed nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch_cases import seeded, traced

from neopack.formats.guard import DEFAULT_LIMITS
from neopack.formats.source import FileSource
from neopack.frameworks.pytorch import flat_outputs, read
from neopack.frameworks.pytorch.facts import TorchScriptFacts
from neopack.frameworks.pytorch.lowering import folding
from neopack.frameworks.pytorch.lowering.fixed_sizes import fix_sizes
from neopack.frameworks.pytorch.lowering.functional import make_functional, sees_changes
from neopack.frameworks.pytorch.lowering.graphs import graphs, nodes

pytestmark = pytest.mark.filterwarnings("ignore")
X = torch.linspace(-4, 4, 24).reshape(2, 3, 4)
OTHER = X.flip(2) * 1.5 + 0.3

Function = Callable[..., Any]


def of_a_slice(x: Tensor) -> Tensor:
    y = x * 2
    y[:, 1:3].mul_(2)
    return y


def of_what_is_turned(x: Tensor) -> Any:
    y = x * 2
    z = y.transpose(1, 2)
    z.relu_()
    return y, z


def of_a_view(x: Tensor) -> Tensor:
    y = x * 2
    y.view(-1)[3:9].add_(1)
    return y


def of_chunks(x: Tensor) -> Any:
    y = x * 2
    left, right = y.chunk(2, 2)
    left.relu_()
    right.mul_(3)
    return y, left


def of_splits(x: Tensor) -> Any:
    y = x * 2
    first, second, third = y.split(1, 1)
    second.clamp_(0, 3)
    return torch.cat([third, second, first], 1), y


def of_what_is_unbound(x: Tensor) -> Any:
    y = x * 2
    parts = y.unbind(1)
    parts[1].neg_()
    return y + 1, parts[1]


def of_every_second(x: Tensor) -> Tensor:
    y = x * 2
    y[:, :, ::2] = 1
    y[:, 1, 2] = y[:, 0, 1]
    return y


def into_zeros(x: Tensor) -> Tensor:
    y = torch.zeros(2, 5, 4)
    y[:, 1:4] = x
    return y * 2


def shifted(x: Tensor) -> Tensor:
    y = x.new_zeros(x.shape)
    y[:, 1:] = x[:, :-1]
    y[:, :1] = x[:, -1:]
    return y


def of_a_diagonal(x: Tensor) -> Tensor:
    y = x.clone()
    torch.diagonal(y, 0, 1, 2).zero_()
    return y


def of_windows(x: Tensor) -> Tensor:
    y = x * 1
    y.unfold(2, 2, 2)[:, :, 1].mul_(2)
    return y


def of_rows_in_turn(x: Tensor) -> Any:
    y = x.clone()
    y[:, 1] += 1
    y[0] *= 2
    z = y[1]
    z -= 1
    return y, z


def swapped(x: Tensor) -> Tensor:
    y = x * 1
    y[..., 0], y[..., 1] = y[..., 1] * 2, y[..., 0] + 1
    return y


def broadcast(x: Tensor) -> Tensor:
    y = x * 1
    y[:, 1:, 2:] = torch.tensor([1.0, 2.0])
    y[0, 0, 0] = 4
    return y


def of_integers(x: Tensor) -> Tensor:
    y = (x * 10).long()
    y[:, 0] = (x * 1.7)[:, 0]
    y[:, 1:].add_(3)
    return y


def seen_by_views_of_views(x: Tensor) -> Any:
    y = x * 2
    z = y.flatten(1)
    z[:, 3:7] = 1
    w = y.view(2, 4, 3)
    w[:, 0].add_(7)
    return y, z, w


def seen_by_what_is_expanded(x: Tensor) -> Any:
    z = x.reshape(6, 4) + 0
    wide = z.unsqueeze(0).expand(3, 6, 4)
    z.add_(1)
    return wide, z


def by_index(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, [0, 2]] = 5.0
    y[0].sigmoid_()
    return y


def by_mask(x: Tensor) -> Tensor:
    y = x.clone()
    y[y > 0] = 0.0
    y[:, 1:].masked_fill_(y[:, 1:] < -2, 9.0)
    return y


def turned_in_place(x: Tensor) -> Tensor:
    y = x * 1
    y.transpose_(1, 2)
    y[:, 0] = 2
    return y


def of_the_input(x: Tensor) -> Tensor:
    x[:, 0] = 0
    return x + 1


class Turning(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x[:, 0].mul_(2)
        return x.t()


class Calling(nn.Module):
    """A module in it changes what it is called with."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.turn = nn.Linear(4, 4), Turning()
        self.last = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Any:
        y = self.layer(x[0])
        z = self.turn(y)
        return self.last(z[1:]) + 1, y


FUNCTIONS: tuple[Function, ...] = (
    of_a_slice, of_what_is_turned, of_a_view, of_chunks, of_splits, of_what_is_unbound,
    of_every_second, into_zeros, shifted, of_a_diagonal, of_windows, of_rows_in_turn, swapped,
    broadcast, of_integers, seen_by_views_of_views, seen_by_what_is_expanded, by_index, by_mask,
    turned_in_place, of_the_input, seeded(Calling),
)  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
def test_it_computes_the_same_without_operators_in_place(
    function: Function, tmp_path: Path
) -> None:
    module = traced(function, X)
    assert sees_changes(module)
    assert seen_in_code(module, tmp_path)
    assert make_functional(module, [X])
    assert not sees_changes(module)
    assert seen_in_code(module, tmp_path) == ()
    assert in_place(module) == set()
    for given in (X, OTHER):
        expected = flat_outputs.flatten(function(given.clone()))
        for one, other in zip(expected, flat_outputs.flatten(module(given)), strict=True):
            assert one.dtype == other.dtype
            assert torch.equal(one, other)


class Positions(nn.Module):
    """A table of positions, which sizes alone decide."""

    def forward(self, x: Tensor) -> Tensor:
        count, width = x.shape[1:]
        table = torch.zeros(count, width)
        places = torch.arange(count).unsqueeze(1).float()
        steps = torch.exp(torch.arange(0, width, 2).float() * -0.5)
        table[:, 0::2] = torch.sin(places * steps)
        table[:, 1::2] = torch.cos(places * steps)
        return x + table


def test_a_table_of_sizes_is_a_constant() -> None:
    module = torch.jit.trace(Positions(), X, check_trace=False)
    assert fix_sizes(module)
    folding.fold(module)
    assert not sees_changes(module)
    assert {node.kind() for node in nodes(module.graph)} <= {"aten::add", "prim::Constant"}
    torch.testing.assert_close(module(OTHER), Positions()(OTHER))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.relu_(x * 2) + 1,
        lambda x: torch.relu_((x * 2).add_(x)).flatten(1),
        lambda x: (x * 2).flatten(1).relu_(),
        lambda x: torch.cat([x + 1, x], 1).clamp_(0, 1),
        lambda x: [part.neg_() for part in (x * 2).chunk(2, 2)],
        seeded(nn.Sequential, nn.Linear(4, 4), nn.ReLU(inplace=True), nn.Dropout(inplace=True)),
    ],
)
def test_what_nothing_else_sees_stays(function: Function, tmp_path: Path) -> None:
    module = traced(function, X)
    before = str(module.graph)
    assert seen_in_code(module, tmp_path) == ()
    assert make_functional(module, [X]) == ()
    assert str(module.graph) == before


class Counting(nn.Module):
    """A weight that changes: a constant file cannot have it."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(2, 3, 4))

    def forward(self, x: Tensor) -> Tensor:
        self.seen[:, 1:].add_(x[:, 1:])
        return self.seen + x


def test_weights_that_change_stay() -> None:
    module = torch.jit.trace(Counting(), X, check_trace=False)
    assert make_functional(module, [X]) == ()
    assert in_place(module) == {"aten::add_"}


class Biased(nn.Module):
    """What it adds is computed of weights alone, as the biases of Swin are."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.linspace(-1, 1, 8))
        self.register_buffer("places", torch.tensor([3, 1, 7, 0]))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[self.places]


class Shared(nn.Module):
    """One module, called at two places, before and after a change in place."""

    def __init__(self) -> None:
        super().__init__()
        self.part = Biased()

    def forward(self, x: Tensor) -> Tensor:
        y = self.part(x)
        y[:, 1:3].mul_(2)
        return self.part(y)


def test_a_module_that_ran_is_flattened_as_it_was_rewritten(tmp_path: Path) -> None:
    """The methods in it stood in forward as they were when it ran: they read tables that folding
    had emptied."""
    module = torch.jit.trace(Shared().eval(), X, check_trace=False)
    expected = module(X)
    assert fix_sizes(module)
    assert folding.fold(module)
    assert make_functional(module, [X])
    module.save(str(tmp_path / "m.pth"))
    torch.testing.assert_close(torch.jit.load(str(tmp_path / "m.pth"))(X), expected)


def seen_in_code(module: Any, folder: Path) -> tuple[str, ...]:
    """What the file tells, without torch."""
    module.save(str(folder / "m.pth"))
    with FileSource(folder / "m.pth") as opened:
        read_facts = read.read_source(opened, DEFAULT_LIMITS).facts
    assert isinstance(read_facts, TorchScriptFacts)
    return read_facts.seen_changes


def in_place(module: Any) -> set[str]:
    kinds = {node.kind() for graph in graphs(module) for node in nodes(graph)}
    return {kind for kind in kinds if kind.startswith("aten::") and kind.endswith("_")}
