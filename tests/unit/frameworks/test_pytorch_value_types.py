"""A file does not hold the types of its tensors: they are told by its values for one input."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch_cases import CalledWithX

from neopack.frameworks.pytorch.lowering import lower, promotion
from neopack.frameworks.pytorch.lowering.value_types import tell_types

pytestmark = pytest.mark.filterwarnings("ignore")
IDS = torch.tensor([[3, 1, 0], [0, 2, 5]])


def loaded(function: Callable[[Tensor], Any], given: Tensor) -> Any:
    module = torch.jit.trace(CalledWithX(function).eval(), (given,), check_trace=False)
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    buffer.seek(0)
    return torch.jit.load(buffer)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.where(x > 1, x * 0.5, x),
        lambda x: torch.where(x > 1, x, x.int()),
        lambda x: torch.clamp(x, x.float().min(), x.float().mean()),
    ],
)
def test_several_types_in_a_file_become_one(function: Callable[[Tensor], Any]) -> None:
    module = loaded(function, IDS)
    assert not promotion.mixes(module, "1.8"), "nothing is known of a file"
    tell_types(module, [IDS])
    assert promotion.mixes(module, "1.8")
    assert promotion.wants_types(module, "1.8")
    assert not promotion.mixes(module, "latest")
    assert lower.lower(module, "1.8")
    assert not promotion.mixes(module, "1.8")
    answer = function(IDS)
    torch.testing.assert_close(module(IDS), answer)
    assert module(IDS).dtype == answer.dtype


@pytest.mark.parametrize(
    "function",
    [lambda x: torch.where(x > 0, x, x * 2), lambda x: x.clamp(0, 2), lambda x: x * 0.5 + x],
)
def test_one_type_is_left_alone(function: Callable[[Tensor], Any]) -> None:
    module = loaded(function, IDS.float())
    assert not promotion.wants_types(module, "2.0")
    tell_types(module, [IDS.float()])
    assert not promotion.mixes(module, "1.8")
