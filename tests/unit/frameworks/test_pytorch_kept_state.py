"""Modules that keep a state from call to call are refused, and those that only count are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from neopack.errors import SourceError
from neopack.frameworks.pytorch.input_binding import bind
from neopack.frameworks.pytorch.kept_state import changed, refuse_state
from neopack.frameworks.pytorch.random_weights import remarks
from neopack.values.log import SilentLog
from neopack.values.signature import InputRequest

X = torch.linspace(-1, 1, 12).reshape(3, 4)


class Stateful(nn.Module):  # type: ignore[misc, unused-ignore]
    """Calls a function with itself and x; has one of each kind of state."""

    def __init__(self, function: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function
        self.count, self._private, self.last = 0, [0], None
        self.seen: list[Tensor] = []
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, x)


def counting(module: Any, x: Tensor) -> Tensor:
    module.count += 1
    return x * module.count


def private(module: Any, x: Tensor) -> Tensor:
    module._private[0] += 1
    return x + module._private[0]


def averaging(module: Any, x: Tensor) -> Tensor:
    module.mean.mul_(0.9).add_(x.mean(0))
    return x - module.mean


def caching(module: Any, x: Tensor) -> Tensor:
    module.seen.append(x)
    return torch.stack(module.seen).sum(0)


def recurrent(module: Any, x: Tensor) -> Tensor:
    module.last = x if module.last is None else torch.tanh(module.last + x)
    answer: Tensor = module.last
    return answer


def only_counting(module: Any, x: Tensor) -> Tensor:
    module.count += 1
    return torch.dropout(x, 0.5, train=True)


def bound(function: Callable[[Any, Tensor], Tensor]) -> Any:
    return bind(Stateful(function).eval(), [InputRequest(name="x", shape=(3, 4))], "net")


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (counting, "count"),
        (private, "_private"),
        (averaging, "mean"),
        (caching, "seen"),
        (recurrent, "last"),
    ],
)
def test_the_state_is_named(function: Callable[[Any, Tensor], Tensor], name: str) -> None:
    with pytest.raises(SourceError, match=f"keeps a state .* forward changes {name}, and"):
        refuse_state(bound(function), [X], ["output0"], "net")


def test_a_random_module_that_counts_its_calls_keeps_no_state() -> None:
    assert changed(bound(only_counting), [X]) == ["count"]
    refuse_state(bound(only_counting), [X], ["output0"], "net")


def test_what_calls_count_is_no_random_weight() -> None:
    used = bound(averaging)
    for _ in range(3):
        used.call(X)
    assert remarks(used, lambda: Stateful(averaging).eval(), [X], SilentLog()) == []
