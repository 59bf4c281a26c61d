"""torchvision models with random weights that compute something: some of them start with a head
of zeros, or with statistics that let the activations die, and would compare equal to anything."""

from __future__ import annotations

import torch
import torchvision


def lively(name: str, size: int = 224) -> torch.nn.Module:
    """``torchvision.models``' model of that name, its zero heads drawn anew and its batch
    normalisation set to the statistics of one random batch."""
    model: torch.nn.Module = torchvision.models.get_model(name)
    norms = []
    for module in model.modules():
        if isinstance(module, torch.nn.Linear) and not module.weight.any():
            torch.nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, torch.nn.BatchNorm2d):
            norms.append((module, module.momentum))
            module.momentum = 1.0
    if norms:
        with torch.no_grad():
            model.train()(torch.randn(2, 3, size, size))
    for module, momentum in norms:
        module.momentum = momentum
    return model.eval()
