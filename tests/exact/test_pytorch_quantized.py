"""Statically quantized modules are packaged as the old version loads them."""

from __future__ import annotations

import tarfile
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import neopack
from neopack import runtimes

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


@pytest.mark.parametrize("version", ["1.8.1"])
def test_they_load_and_compute(version: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = quantized()
    archive = neopack.package(
        module, inputs={"x": X.shape}, path=tmp_path / "m.tar.gz", framework_version=version
    )
    with tarfile.open(archive.path) as tar:
        tar.extractall(tmp_path, filter="data")
    with runtimes.worker(f"pytorch-{version}") as worker:
        asked = {"path": str(tmp_path / "model.pth"), "inputs": ["x"], "outputs": ["0"]}
        model = worker.call("load", asked)[0]
        computed = worker.call("predict", model, arrays={"x": X})[1]["0"]
    golden = module(torch.from_numpy(X)).numpy()
    assert np.abs(golden - computed).max() <= module.head.scale * 1.01
