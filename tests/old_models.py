"""Models that PyTorch 1.8.1 builds and today's PyTorch does not, or not so that 1.8.1 reads it."""

from __future__ import annotations

from typing import Any

import torch


class Scored(torch.nn.Module):  # type: ignore[misc, unused-ignore]
    """Today it computes with an operator that 1.8.1 has not and nothing stands for."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.mix = torch.nn.Linear(width, width)
        self.norm = torch.nn.BatchNorm1d(4)

    def forward(self, words: Any, mask: Any) -> dict[str, Any]:
        x = self.norm(self.mix(words))
        if hasattr(torch, "special"):
            x = x + 0 * torch.special.zeta(x.abs() + 2, x.abs() + 1)
        return {"mixed": x * mask, "pooled": x.mean(1)}


def of_its_time(width: int = 8) -> Scored:
    """What only an old version builds."""
    if hasattr(torch, "special"):
        raise RuntimeError("written for PyTorch 1.8")
    return Scored(width)


def plain() -> Any:
    return torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU())


def chosen() -> Any:
    """Which way it goes is data's."""

    class Chosen(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def forward(self, x: Any) -> Any:
            return x + 1 if float(x.sum()) > 0 else x - 1

    of_its_time()
    return Chosen()


def raises() -> Any:
    of_its_time()
    raise ValueError("no such width")


def no_module() -> int:
    return 5


def in_need() -> Any:
    import transformers_of_tomorrow  # type: ignore[import-not-found]

    return transformers_of_tomorrow
