"""Statically quantized modules are packaged as the old version loads them."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import neopack

pytestmark = pytest.mark.filterwarnings("ignore")
X = np.linspace(-2, 2, 384, dtype=np.float32).reshape(2, 3, 8, 8)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.quantize, self.dequantize = (
            torch.ao.quantization.QuantStub(),
            torch.ao.quantization.DeQuantStub(),
        )
        self.features, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        features = torch.relu(self.features(self.quantize(x))).mean((2, 3))
        answer: Tensor = self.dequantize(self.head(features))
        return answer


def quantized() -> nn.Module:
    torch.manual_seed(0)
    module = Net().eval()
    module.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    prepared = torch.ao.quantization.prepare(module)
    prepared(torch.from_numpy(X))
    done: nn.Module = torch.ao.quantization.convert(prepared)
    return done


def test_they_are_proven_to_one_step_of_quantization(tmp_path: Path) -> None:
    """Today's kernel of ``mean`` and that of 1.8.1 round one number of the case of small ones
    differently, in these very weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = quantized()
    path = tmp_path / "m.tar.gz"
    neopack.package(module, inputs={"x": X.shape}, path=path, framework_version="1.8.1")
    evidence = neopack.verify(path)
    assert all(case.difference < 0.05 for case in evidence.cases)
    assert evidence.difference == 0
