"""Calls that old versions load and cannot compute are told from the file and from the trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_cases import seeded, traced

from neopack.formats.source import FileSource
from neopack.frameworks.pytorch.facts import TorchScriptFacts
from neopack.frameworks.pytorch.lowering import compatibility, lower
from neopack.frameworks.pytorch.read import read_source
from neopack.values.model import ModelInfo

pytestmark = pytest.mark.filterwarnings("ignore")
ROWS = torch.linspace(-1, 1, 80).reshape(2, 5, 8)
LSTM, SAMPLER = "aten::lstm(proj_size)", "aten::grid_sampler(bicubic)"


def sampled(mode: str) -> Any:
    return lambda x: functional.grid_sample(x[:, None], x[:, None, :, :2], mode, "border", False)


def informed(function: Any, tmp_path: Path, kind: Any = traced) -> tuple[Any, ModelInfo]:
    module = kind(function, ROWS)
    module.save(str(tmp_path / "model.pth"))
    with FileSource(tmp_path / "model.pth") as source:
        return module, read_source(source)


@pytest.mark.parametrize(
    ("function", "call"),
    [
        (seeded(nn.LSTM, 8, 6, proj_size=3), LSTM),
        (seeded(nn.LSTM, 8, 6, 2, proj_size=3, bias=False, bidirectional=True), LSTM),
        (sampled("bicubic"), SAMPLER),
        (seeded(nn.LSTM, 8, 6), ""),
        (seeded(nn.LSTM, 8, 6, 3, bias=False, bidirectional=True), ""),
        (sampled("bilinear"), ""),
    ],
)
def test_they_are_told_for_the_versions_that_fail(
    function: Any, call: str, tmp_path: Path
) -> None:
    module, info = informed(function, tmp_path)
    told = [each for each in compatibility.lacking_operators(info, "1.7") if "(" in each]
    assert (call in told) == bool(call)
    assert call not in compatibility.lacking_operators(info, "1.8") or not call
    assert (call in lower.foreign(module, "1.7")) == bool(call)
    assert not {LSTM, SAMPLER} & set(lower.foreign(module, "1.8"))
    assert compatibility.is_readable(info, "1.7") is False or not call


def index(x: Tensor) -> Tensor:
    return torch.median(x, -1)[1]


def both(x: Tensor) -> tuple[Tensor, Tensor]:
    value, place = x.median(1)
    return value * 2, place + 1


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (index, True),
        (both, True),
        (lambda x: torch.median(x, -1)[0], False),
        (lambda x: torch.median(x), False),
        (lambda x: torch.kthvalue(x, 2)[1], False),
    ],
)
def test_the_index_of_a_median_is_told_where_it_is_used(
    function: Any, told: bool, tmp_path: Path
) -> None:
    info = informed(function, tmp_path)[1]
    assert isinstance(info.facts, TorchScriptFacts)
    assert ("aten::median(index)" in info.facts.particular) == told


def test_they_are_told_of_a_script(tmp_path: Path) -> None:
    kind = lambda module, _: torch.jit.script(module)  # noqa: E731
    info = informed(seeded(nn.LSTM, 8, 6, proj_size=3), tmp_path, kind)[1]
    assert LSTM in compatibility.lacking_operators(info, "1.4")
