"""What the tracer cannot follow is said in plain words, and what it can is not warned of."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch_cases import CalledWithX

from neopack.errors import ExportFailed
from neopack.frameworks.pytorch.plain_calls import distances_by_differences
from neopack.frameworks.pytorch.tracing import trace

X = np.linspace(-1, 1, 960, dtype=np.float32).reshape(60, 16)


def remarks(function: Callable[[Tensor], Any]) -> str:
    return "; ".join(trace(CalledWithX(function).eval(), {"x": X}, "net")[1])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * torch.tensor(2.5),
        lambda x: x + torch.tensor([1.0] * 16),
        lambda x: x + torch.from_numpy(np.arange(16, dtype=np.float32)),
        lambda x: x + torch.as_tensor(3),
        lambda x: x * 2 if x.size(-1) > 3 else x,
        lambda x: x[: int(x.shape[0] * 0.5)] + math.ceil(x.shape[1] / 3),
        lambda x: torch.stack([x[i] * i for i in range(len(x))]) + sum(row.sum() for row in x),
        lambda x: x * 2 if x.shape[0] == x.shape[1] and x.mean(0).numel() % 2 else x,
        lambda x: x[x.shape[0] // 2 :].sum().reshape(1)[: x.numel()],
    ],
)
def test_constants_of_the_code_and_sizes_are_not_decisions(
    function: Callable[[Tensor], Any],
) -> None:
    assert remarks(function) == ""


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * torch.tensor(float(x.sum())),
        lambda x: x * 2 if x.sum() > 0 else x,
        lambda x: x * x.max().item(),
        lambda x: x * 2 if len(x[x > 0]) > 3 else x,
        lambda x: x * 2 if x.nonzero().shape[0] > x.shape[0] else x,
        lambda x: x.sum() * sum(1 for _ in x.masked_select(x > 0)),
        lambda x: x[: int(x.argmax() % x.shape[0]) + 1],
    ],
)
def test_decisions_on_data_are_told(function: Callable[[Tensor], Any]) -> None:
    told = remarks(function)
    assert "Python decide on data at test_pytorch_tracing.py:" in told
    assert "NumPy" not in told


def test_numbers_that_numpy_computes_are_told() -> None:
    told = remarks(lambda x: x + torch.from_numpy(np.cumsum(x.numpy(), -1)))
    assert "NumPy computes at test_pytorch_tracing.py:" in told
    assert "Python decide" not in told


def test_two_booleans_to_choose_from_are_traced() -> None:
    module = CalledWithX(lambda x: torch.where(x > 0, True, False)).eval()
    traced = trace(module, {"x": X}, "net")[0]
    assert torch.equal(traced(torch.from_numpy(-X)), torch.from_numpy(-X) > 0)
    assert torch.where.__name__ == "where"


def test_what_cannot_be_traced_is_named_without_the_words_of_a_crash() -> None:
    def broken(x: Tensor) -> Tensor:
        raise RuntimeError(
            '0 INTERNAL ASSERT FAILED at "alias.cpp":623, please report a bug to PyTorch. We '
            "don't have an op for aten::mix but it isn't a special case.  \n"
            "Argument types: Tensor, bool, int, \n\nCandidates:\n\taten::mix(Tensor a)"
        )

    with pytest.raises(ExportFailed) as caught:
        remarks(broken)
    assert "torch's tracer has no aten::mix(Tensor, bool, int)" in str(caught.value)


def test_short_distances_keep_their_digits() -> None:
    given = torch.from_numpy(X)
    assert torch.cdist(given, given).diagonal().max() > 1e-5
    with distances_by_differences():
        assert torch.cdist(given, given).diagonal().max() == 0
    assert torch.cdist(given, given).diagonal().max() > 1e-5
