"""PyTorch models with trained and with random weights, for the command line."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, manual_seed, nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer, self.norm = nn.Linear(4, 3), nn.BatchNorm1d(3)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.norm(self.layer(x))
        return output


class Plain(nn.Module):
    """A tensor that is neither a parameter nor a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.randn(4)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


def trained() -> Net:
    net = Net()
    filled = [torch.arange(p.numel()).reshape(p.shape) / 7 for p in net.parameters()]
    with torch.no_grad():
        for parameter, values in zip(net.parameters(), filled, strict=True):
            parameter.copy_(values)
    return net


def seeded() -> Net:
    torch.manual_seed(3)
    return Net()


def seeded_by_an_imported_name() -> Net:
    manual_seed(3)
    return Net()


def drawn_by_numpy() -> Net:
    net, generator = Net(), np.random.default_rng(1)
    with torch.no_grad():
        net.layer.weight.copy_(torch.from_numpy(generator.random((3, 4))))
        net.layer.bias.fill_(1)
    return net


def with_a_new_head() -> nn.Module:
    return nn.Sequential(trained(), nn.Linear(3, 2))


def lazy() -> nn.Module:
    return nn.LazyLinear(3)


def once() -> Net:
    """Fails when it is called again in one process, where its file may be imported anew."""
    if hasattr(torch, "built_once"):
        raise RuntimeError("no second time")
    torch.built_once = True
    return Net()
