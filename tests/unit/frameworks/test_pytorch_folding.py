"""What depends on weights and constants alone is computed at export, and nothing else is."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations
from torch_cases import seeded

from neopack.frameworks.pytorch.lowering import folding
from neopack.frameworks.pytorch.lowering.folding import fold
from neopack.frameworks.pytorch.lowering.graphs import graphs, nodes
from neopack.frameworks.pytorch.lowering.norms import bound_rows

pytestmark = pytest.mark.filterwarnings("ignore")
X = torch.linspace(-2, 2, 80).reshape(2, 5, 8)
OTHER = torch.cos(3 * X)


class Held(nn.Module):
    """A function of a weight of 8 x 8 and the input."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.weight = nn.Parameter(torch.randn(8, 8))
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.weight, x)


def rotated(weight: Tensor, x: Tensor) -> Tensor:
    angles = torch.outer(torch.arange(5).float(), weight[0, :4])
    both = torch.cat([angles, angles], -1)
    return x * both.cos() + torch.cat([-x[..., 4:], x[..., :4]], -1) * both.sin()


def causal(_: Tensor, x: Tensor) -> Tensor:
    mask = torch.full((5, 5), float("-inf")).triu_(1)
    return torch.softmax(x @ x.transpose(1, 2) + mask, -1) @ x


def windowed(_: Tensor, x: Tensor) -> Tensor:
    mask = torch.zeros(5, 5)
    mask[0] = 1.0
    mask.masked_fill_(torch.ones(5, 5).tril() == 0, -1.0)
    return x * mask.sum(1)[:, None]


def resized(weight: Tensor, x: Tensor) -> Tensor:
    grid = functional.interpolate(weight[None, None], size=(5, 8), mode="bicubic", antialias=True)
    return x + grid[0]


def solved(weight: Tensor, x: Tensor) -> Tensor:
    return x @ torch.linalg.inv(weight) * torch.linalg.svdvals(weight).sum()


def twice() -> nn.Module:
    normed = parametrizations.weight_norm(nn.Linear(8, 8))
    return nn.Sequential(normed, nn.ReLU(), normed)


# module, and what is gone from it
FOLDED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "spectral norm": (lambda: parametrizations.spectral_norm(nn.Linear(8, 4)), "aten::div"),
    "spectral norm of before": (lambda: nn.utils.spectral_norm(nn.Conv1d(5, 4, 3)), "aten::div"),
    "weight norm": (lambda: parametrizations.weight_norm(nn.Linear(8, 4)), "aten::_weight_norm"),
    "weight norm of before": (
        lambda: nn.Sequential(nn.utils.weight_norm(nn.Linear(8, 4)), nn.ReLU()),
        "aten::_weight_norm",
    ),
    "weight norm, called twice": (twice, "aten::_weight_norm"),
    "orthogonal": (lambda: parametrizations.orthogonal(nn.Linear(8, 8)), "aten::matmul"),
    "rotary angles": (lambda: Held(rotated), "aten::cos"),
    "a causal mask": (lambda: Held(causal), "aten::triu_"),
    "a mask of windows": (lambda: Held(windowed), "aten::masked_fill_"),
    "resized positions": (lambda: Held(resized), "aten::_upsample_bicubic2d_aa"),
    "linear algebra": (lambda: Held(solved), "aten::linalg_inv"),
    "numbers beside integers": (
        lambda: Held(lambda _, x: x * (torch.arange(8) * 0.5 + 1)),
        "aten::arange",
    ),
    "a scaled weight": (lambda: Held(lambda w, x: x @ (w * 0.5).t()), "aten::mul"),
}


def traced(module: nn.Module) -> Any:
    return torch.jit.trace(module.eval(), (X,), check_trace=False)


def saved(module: Any) -> tuple[Any, int]:
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    buffer.seek(0)
    return torch.jit.load(buffer), len(buffer.getvalue())


def operators(module: Any) -> set[str]:
    return {node.kind() for graph in graphs(module) for node in nodes(graph)}


@pytest.mark.parametrize("name", FOLDED)
def test_what_weights_alone_decide_is_computed_once(name: str) -> None:
    build, gone = FOLDED[name]
    module = seeded(build)
    script = traced(module)
    assert gone in operators(script)
    assert fold(script)
    assert gone not in operators(script)
    with torch.no_grad():
        torch.testing.assert_close(saved(script)[0](OTHER), module(OTHER))
    assert fold(script) == ()


def filled(_: Tensor, x: Tensor) -> Tensor:
    rows = torch.zeros(2, 5, 8)
    rows[:, 0] = x[:, 0]
    return rows + x


def through_a_view(weight: Tensor, x: Tensor) -> Tensor:
    table = weight * 3
    view = table[2:7]
    view.add_(x[0])
    return x @ table


def through_a_part(weight: Tensor, x: Tensor) -> Tensor:
    table = weight * 3
    before = x @ table
    table.mul_(2.0)
    return before + x @ table


def through_its_size(weight: Tensor, x: Tensor) -> Tensor:
    table = weight * 3
    view = table[: x.size(1)]
    view.mul_(x[0])
    return x @ table


def changed(weight: Tensor, x: Tensor) -> Tensor:
    doubled = weight * 2
    weight.add_(x[0, 0] * 0.0)
    return x @ doubled


KEPT = {
    "rows that are filled": filled,
    "written through a view": through_a_view,
    "written through a view of a size": through_its_size,
    "used before it is written": through_a_part,
    "a weight that is written": changed,
    "a view of a weight": lambda w, x: x @ w.t(),
    "zeros": lambda _, x: x + torch.zeros(8),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_inputs_decide_stays(name: str) -> None:
    module = Held(KEPT[name]).requires_grad_(False)
    script = traced(module)
    before = operators(script)
    fold(script)
    assert before <= operators(script)
    with torch.no_grad():
        torch.testing.assert_close(saved(script)[0](OTHER), module(OTHER))


def test_what_is_much_larger_than_the_weights_is_not_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(folding, "MOST_BYTES", 1000)
    script = traced(Held(lambda w, x: x @ (w + 1).repeat(1, 40)))
    assert fold(script) == ("aten::add",)
    assert "aten::repeat" in operators(script)


def test_weights_that_only_constants_come_of_are_not_stored_twice() -> None:
    script = traced(parametrizations.weight_norm(nn.Sequential(nn.Linear(8, 4000))[0]))
    before = saved(script)[1]
    fold(script)
    assert saved(script)[1] < before + 4096


def test_weights_that_something_else_takes_stay() -> None:
    module = Held(lambda w, x: x @ (w * 2) + x @ w)
    script = traced(module)
    fold(script)
    assert script.weight.shape == (8, 8)
    torch.testing.assert_close(script(OTHER), module(OTHER))


def test_a_script_whose_modules_share_code_is_left_alone() -> None:
    module = nn.Sequential(Scaled(2.0), Scaled(3.0))
    script = torch.jit.script(module)
    fold(script)
    torch.testing.assert_close(saved(script)[0](X), module(X))


class Scaled(nn.Module):
    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = nn.Parameter(torch.full((8,), by))

    def forward(self, x: Tensor) -> Tensor:
        return x * (self.by + self.by)


# --- max_norm -------------------------------------------------------------------------------


class Rows(nn.Module):
    def __init__(self, *, tied: bool = False) -> None:
        super().__init__()
        self.rows = nn.Embedding(50, 4, max_norm=0.5)
        self.bags = nn.EmbeddingBag(50, 4, max_norm=0.3, norm_type=1.0)
        self.tied = tied

    def forward(self, ids: Tensor) -> Tensor:
        found = self.rows(ids).sum(1) + self.bags(ids)
        return found @ self.rows.weight.t() if self.tied else found


def test_rows_that_were_not_asked_for_at_export_are_bounded_too() -> None:
    few, all_of_them = torch.tensor([[1, 2, 3]]), torch.arange(50).reshape(10, 5)
    script = torch.jit.trace(seeded(Rows), (few,), check_trace=False)
    assert bound_rows(script) == ("aten::embedding_renorm_",)
    assert "aten::embedding_renorm_" not in operators(script)
    with torch.no_grad():
        torch.testing.assert_close(script(all_of_them), seeded(Rows)(all_of_them))


def test_rows_of_a_weight_that_something_else_takes_are_not() -> None:
    script = torch.jit.trace(seeded(Rows, tied=True), (torch.tensor([[1, 2]]),), check_trace=False)
    bound_rows(script)  # those of the bags
    assert "aten::embedding_renorm_" in operators(script.rows)
