"""PyTorch models whose outputs tell which input was bound to which parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Two(nn.Module):
    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return input_ids - 2 * attention_mask


class Keyword(nn.Module):
    def forward(self, x: Tensor, bias: Tensor | None = None, *, mask: Tensor) -> Tensor:
        return x - 2 * mask


class Variadic(nn.Module):
    def forward(self, x: Tensor, *more: Tensor) -> Tensor:
        return x - 2 * more[0] + 5 * more[1]


class OfDict(nn.Module):
    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"z": batch["ids"] - 2 * batch["mask"], "a": batch["mask"] * 3}


class Pair(NamedTuple):
    ids: Tensor
    mask: Tensor


@dataclass
class Answer:
    logits: Tensor
    hidden: tuple[Tensor, ...] = ()


class OfPair(nn.Module):
    def forward(self, scale: Tensor, batch: Pair) -> Answer:
        return Answer(batch.ids * scale - 2 * batch.mask, (batch.mask * 3, scale + 1))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.lstm = nn.LSTM(4, 3)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> Tensor:
        output: Tensor = self.lstm(x, state)[0]
        return output
