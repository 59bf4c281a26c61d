"""PyTorch models that are random at inference, each for another reason."""

from __future__ import annotations

import random

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everyone calls it
from torch import Tensor, nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.features, self.head = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(8, 4)

    def pooled(self, x: Tensor) -> Tensor:
        return torch.relu(self.features(x)).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.head(self.drawn(self.pooled(x)))
        return output

    def drawn(self, x: Tensor) -> Tensor:
        return x


class Dropout(Net):
    """With training left at its default."""

    def drawn(self, x: Tensor) -> Tensor:
        return F.dropout(x, 0.5)


class RareDropout(Net):
    """It may not show in a hundred calls."""

    def drawn(self, x: Tensor) -> Tensor:
        return F.dropout2d(x[..., None, None], 1e-7, training=True)[..., 0, 0]


class Noise(Net):
    def drawn(self, x: Tensor) -> Tensor:
        return x + 0.1 * torch.randn_like(x)


class Gumbel(Net):
    def drawn(self, x: Tensor) -> Tensor:
        return F.gumbel_softmax(x)


class Rrelu(Net):
    def drawn(self, x: Tensor) -> Tensor:
        return F.rrelu(x - 0.5, training=True)


class Sampled(Net):
    def drawn(self, x: Tensor) -> Tensor:
        return x[:, torch.multinomial(torch.softmax(x, 1)[0], 8)]


class Masked(Net):
    def drawn(self, x: Tensor) -> Tensor:
        return x * torch.bernoulli(torch.full_like(x, 0.5))


class ModuleInTraining(Net):
    """Dropout that its own model keeps in training mode."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def drawn(self, x: Tensor) -> Tensor:
        output: Tensor = self.dropout.train()(x)
        return output


class NoiseInTraining(Net):
    """Random in training mode alone; as a script it keeps both branches."""

    def drawn(self, x: Tensor) -> Tensor:
        if self.training:
            x = x + torch.randn_like(x)
        return x


class ByChance(Net):
    """A branch that is taken now and then."""

    def drawn(self, x: Tensor) -> Tensor:
        return x * 2 if self.number() < 0.05 else x

    def number(self) -> float:
        return random.random()


class ByNumPysChance(ByChance):
    def number(self) -> float:
        return float(np.random.rand())


class ByAChanceOfItsOwn(ByChance):
    def __init__(self) -> None:
        super().__init__()
        self.chance = np.random.default_rng(0)

    def number(self) -> float:
        return float(self.chance.random())


class WithoutChance(ByChance):
    """What is drawn decides nothing here."""

    def drawn(self, x: Tensor) -> Tensor:
        return x * 2 if self.number() < 0.05 and self.training else x
