"""Small models of every form that packaging must cope with; callables for the command line."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Cnn(nn.Module):
    """The network of fixtures/pytorch: their weights fit it."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, classes)

    def forward(self, image: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.conv(image)))
        return self.head(x.mean([2, 3]))


class Wide(nn.Module):
    """Mostly weights: 256 KiB of them, for what needs a file of some size."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(256, 256)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)


class Tokens(nn.Module):
    """Two int64 inputs, two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, 8)
        self.head = nn.Linear(8, 2)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        x = self.embedding(input_ids) * attention_mask.unsqueeze(-1).to(torch.float32)
        pooled = x.sum(1)
        return self.head(pooled), pooled


class Boxes(Cnn):
    """A dict with a tensor, and a tuple of tensors, inside."""

    def forward(self, image: Tensor) -> Any:
        scores = super().forward(image)
        return {"scores": scores, "more": (scores * 2, {"sum": scores.sum(1)})}


class Dropped(nn.Module):
    """Random in training mode, a plain linear layer in eval mode."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(self.linear(x))


class Branching(nn.Module):
    """Negative for inputs whose sum is positive: no trace can say both."""

    def forward(self, x: Tensor) -> Tensor:
        if bool(x.sum() > 0):
            return -x
        return x + 1


class Scaled(nn.Module):
    def forward(self, image: Tensor, scale: Tensor, shift: Tensor | None = None) -> Tensor:
        scaled = image * scale
        return scaled if shift is None else scaled + shift


class Unpicklable(Cnn):
    """Only the process that made it has it."""

    def __init__(self) -> None:
        super().__init__()
        self.activation = lambda x: x * 2

    def forward(self, image: Tensor) -> Tensor:
        return self.activation(super().forward(image))


class Attention(nn.Module):
    """Uses an operator that torch has since 2.0."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(8, 24)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        query, key, value = self.project(tokens).chunk(3, dim=-1)
        return nn.functional.scaled_dot_product_attention(query, key, value)


def attention() -> nn.Module:
    return Attention()


def cnn(classes: int = 5) -> nn.Module:
    return Cnn(classes)


def wide() -> nn.Module:
    return Wide()


def tokens() -> nn.Module:
    return Tokens()


def boxes() -> nn.Module:
    return Boxes()


def dropped() -> nn.Module:
    return Dropped().train()


def branching() -> nn.Module:
    return Branching()


def scaled() -> nn.Module:
    return Scaled()


def half() -> nn.Module:
    return Cnn().half()
