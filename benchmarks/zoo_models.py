"""torchvision models with useful random weights. Some models start with a head of zeros, or with
statistics that let activations die out, so their outputs compare equal to anything."""

from __future__ import annotations

import torch
import torchvision
from batch_statistics import norms, settled
from torchvision.models.resnet import BasicBlock, Bottleneck

# the scale of a residual branch: at 1, the 50 of ResNet152 turn rounding of 1e-7 into 2e-4
BRANCH = 0.2


def lively(name: str, size: int = 224) -> torch.nn.Module:
    """Return the model of ``torchvision.models`` with random heads instead of zeros, small
    residual branches, and batch normalization set to the statistics of one random batch."""
    model: torch.nn.Module = torchvision.models.get_model(name)
    for module in model.modules():
        if isinstance(module, torch.nn.Linear) and not module.weight.any():
            torch.nn.init.normal_(module.weight, std=0.02)
        _quieten(module)
    if not norms(model):
        return model.eval()
    return settled(model, torch.randn(2, 3, size, size))


def _quieten(module: torch.nn.Module) -> None:
    if isinstance(module, BasicBlock | Bottleneck):
        last = module.bn3 if isinstance(module, Bottleneck) else module.bn2
        torch.nn.init.constant_(last.weight, BRANCH)
