"""Models that are right on seeded inputs and were wrong on real ones: packaged for an old PyTorch,
they compute there what they compute here."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch_attention import PaddedEncoder
from torch_cases import seeded
from torch_directed import difference

import neopack
from neopack import runtimes
from neopack.values.signature import InputRequest

pytestmark = pytest.mark.filterwarnings("ignore:Support for mismatched src_key_padding_mask")
INF = float("inf")


class Where(torch.nn.Module):
    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return torch.where(ids == 0, -0.5, ids) * 2


class Zeros(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.where(x > 0, 16777217, 0)


class Thousands(torch.nn.Module):
    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return ids // 1000


class Tenths(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x // 0.1


class Heads(torch.nn.Module):
    def forward(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        attention = torch.nn.functional.scaled_dot_product_attention
        return attention(q, k, v, is_causal=True, enable_gqa=True)


class Biased(torch.nn.Module):
    def forward(self, q: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.scaled_dot_product_attention(q, q, q, attn_mask=mask)


PADDED = [[5, 3, 1, 9, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 7, 1, 2]]
HIDDEN = [[0.0, -INF, 0.0], [-INF, -INF, -INF], [-INF, 0.0, 0.0]]
QUERY = np.linspace(-1, 1, 12, dtype=np.float32).reshape(1, 3, 4)
HEAD = np.linspace(-1, 1, 80, dtype=np.float32).reshape(1, 4, 5, 4)
IDS = [[1, 0, 3, 0], [0, 0, 0, 0], [8, 8, 0, 2]]
MODELS: dict[str, tuple[Any, Mapping[str, Any]]] = {
    "a row of padding": (seeded(PaddedEncoder), {"ids": PADDED}),
    "left padding and a causal mask": (seeded(PaddedEncoder, causal=True), {"ids": PADDED}),
    "a mask of infinities": (Biased(), {"q": QUERY, "mask": np.array(HIDDEN, np.float32)}),
    "groups of heads": (Heads(), {"q": HEAD, "k": HEAD[:, :2], "v": HEAD[:, 2:]}),
    "a number or integers": (Where(), {"ids": [[0, 3, -7]]}),
    "large whole numbers": (Zeros(), {"x": np.array([1.0, -1.0, 0.0], np.float32)}),
    "padding in a bag": (seeded(torch.nn.EmbeddingBag, 9, 4, padding_idx=0), {"input": IDS}),
    "rows of a norm": (
        seeded(torch.nn.Embedding, 500, 4, max_norm=0.5),
        {"input": np.arange(500).reshape(25, 20)},
    ),
    "thousands": (Thousands(), {"ids": [1099511640345, -1, 2**53 + 1, -(2**62)]}),
    "tenths": (Tenths(), {"x": np.array([1.0, 0.3, -0.3, 7.0], np.float32)}),
}


@pytest.fixture(scope="module", params=["1.4.0", "1.7.1", "1.8.1", "2.0.1"])
def pytorch(request: pytest.FixtureRequest) -> Iterator[tuple[runtimes.Worker, str]]:
    with runtimes.worker(f"pytorch-{request.param}") as worker:
        yield worker, request.param


@pytest.mark.parametrize("name", MODELS)
def test_real_inputs_give_what_they_give_here(
    name: str, pytorch: tuple[runtimes.Worker, str], tmp_path: Path
) -> None:
    (module, values), (worker, version) = MODELS[name], pytorch
    arrays = {key: np.asarray(value) for key, value in values.items()}
    archive = neopack.package(
        module,
        inputs=[
            InputRequest(name=key, shape=a.shape, dtype=str(a.dtype)) for key, a in arrays.items()
        ],
        path=tmp_path / "model.tar.gz",
        framework_version=version,
    )
    with tarfile.open(archive.path) as tar:
        tar.extractall(tmp_path, filter="data")
    with torch.no_grad():
        golden = module(*map(torch.from_numpy, arrays.values()))
    asked = {"path": str(tmp_path / "model.pth"), "inputs": list(arrays), "outputs": ["0"]}
    model = worker.call("load", asked)[0]
    computed = worker.call("predict", model, arrays=arrays)[1]
    assert difference([golden.numpy()], computed, finite=True) == ""
