"""Which calls mix dtypes: from the code of a file, its tensors and the inputs of its trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from neopack.formats.source import FileSource
from neopack.frameworks.pytorch.facts import TorchScriptFacts
from neopack.frameworks.pytorch.read import read_source
from neopack.values.model import facts_of

X, IDS = torch.linspace(-1, 1, 4), torch.arange(4)
MASK = IDS > 2
FLOAT = "a number of float"


class Net(nn.Module):  # type: ignore[misc]
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function
        self.linear = nn.Linear(4, 4)
        self.register_buffer("steps", torch.arange(4))

    def forward(self, x: Tensor, ids: Tensor, mask: Tensor) -> Any:
        return self.function(self, x, ids, mask)


def facts_from(module: Any, path: Path) -> TorchScriptFacts:
    module.save(str(path))
    with FileSource(path) as source:
        return facts_of(read_source(source), TorchScriptFacts)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda s, x, i, m: torch.where(m, 0.5, i), "where different float, int64"),
        (lambda s, x, i, m: torch.where(m, s.linear(x), i), "where different float32, int64"),
        (lambda s, x, i, m: x.where(m, x.double()), "where different float32, float64"),
        (lambda s, x, i, m: torch.where(m, s.linear(x), torch.zeros(4)), ""),
        (lambda s, x, i, m: torch.where(m, x, 0.0) + torch.where(m, i, 1), ""),
        (lambda s, x, i, m: i / 4, "div integers int64, int64"),
        (lambda s, x, i, m: (i + 1).view(2, 2).t() / 4, "div integers int64, int64"),
        (lambda s, x, i, m: x / 4 + x / i + i.float() / 3, ""),
        (lambda s, x, i, m: torch.cat([x, i]), "cat different float32, int64"),
        (lambda s, x, i, m: torch.stack([s.steps, x]), "stack different int64, float32"),
        (lambda s, x, i, m: torch.cat([s.linear(x), x, i.to(x)]), ""),
        (lambda s, x, i, m: i.exp() + s.steps.sqrt(), "exp first int64; sqrt first int64"),
        (lambda s, x, i, m: torch.exp(x * i).sigmoid(), ""),
        (lambda s, x, i, m: i.clamp(max=2.5), "clamp first int64, float"),
        (lambda s, x, i, m: i.clamp(max=2) + x.clamp(0, 1), ""),
        (lambda s, x, i, m: torch.max(x, dim=0)[0] + torch.max(i), ""),
        (lambda s, x, i, m: torch.max(x, i), "max different float32, int64"),
        (lambda s, x, i, m: torch.max(i, dim=0)[0] / 2, "div integers int64, int64"),
        (lambda s, x, i, m: i**0.5, "pow first int64, float"),
        (lambda s, x, i, m: torch.floor(s.steps) + torch.floor(x), "floor integers int64"),
    ],
)  # fmt: skip
def test_a_traced_file_tells_what_mixes(
    function: Callable[..., Any], expected: str, tmp_path: Path
) -> None:
    module = torch.jit.trace(Net(function).eval(), (X, IDS, MASK))
    known = facts_from(module, tmp_path / "model.pth").mixed_calls
    spelled = [
        f"{call.operator.removeprefix('aten::')} {' '.join(call.kinds)} {', '.join(call.dtypes)}"
        for call in known
    ]
    assert "; ".join(spelled).replace("a number of ", "") == expected


class Scripted(nn.Module):  # type: ignore[misc]
    def forward(self, x: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        long = ids.to(torch.int64)
        if bool(mask.any()):
            long = long + 1
        unknown = torch.where(mask, x, ids)
        return torch.where(mask, 0.5, long) + unknown


def test_a_script_tells_what_its_casts_tell(tmp_path: Path) -> None:
    facts = facts_from(torch.jit.script(Scripted()), tmp_path / "model.pth")
    assert [call.dtypes for call in facts.mixed_calls] == [(FLOAT, "int64")]
    assert facts.mixed_calls[0].function == "Scripted.forward"


class Casting(nn.Module):  # type: ignore[misc]
    def forward(self, ids: Tensor, mask: Tensor, both: Tensor) -> Tensor:
        return ids.long() + mask.to(torch.int64) * both.int() + both


def test_inputs_that_are_only_cast(tmp_path: Path) -> None:
    assert facts_from(torch.jit.script(Casting()), tmp_path / "m.pth").cast_inputs == (
        "ids",
        "mask",
    )
