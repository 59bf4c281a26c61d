"""The ONNX versions of both zoos: ``torch.onnx.export`` writes each model of torchvision and of
keras.applications at its newest opset.

    python zoo_onnx.py torchvision resnet18 model.onnx
    python zoo_onnx.py keras NASNetMobile model.onnx

This is a separate process because PyTorch must be Keras's backend before keras is imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

from neopack.errors import ExportFailed

__all__ = ["exported"]

# torch.onnx's name for the newest opset of its exporter
OPSET = 23


def exported(zoo: str, name: str, folder: Path) -> Path:
    """Write the model as an .onnx file and return its path. Raises ``ExportFailed``."""
    path = folder / f"{name}.onnx"
    done = subprocess.run(
        [sys.executable, __file__, zoo, name, path], capture_output=True, text=True, check=False
    )
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.strip()] or ["no word"]
        raise ExportFailed(f"torch.onnx.export: {errors[-1].strip()[:300]}", where=name)
    return path


def write(model: Any, image: Any, path: str) -> None:
    import torch

    torch.onnx.export(
        model, (image,), path, input_names=["image"], opset_version=OPSET, dynamo=True
    )


def torchvision_model(name: str) -> tuple[Any, Any]:
    import torch

    from neopack.frameworks.pytorch.torchvision_ops import with_torchvision

    def lively() -> Any:
        import zoo_models

        return zoo_models.lively(name, size)

    size = 299 if name == "inception_v3" else 224
    torch.manual_seed(0)
    return with_torchvision(lively), torch.randn(1, 3, size, size)


def keras_model(name: str) -> tuple[Any, Any]:
    os.environ["KERAS_BACKEND"] = "torch"
    import torch
    import zoo_applications

    size = zoo_applications.size(name)
    return zoo_applications.lively(name).eval(), torch.randn(1, size, size, 3)


if __name__ == "__main__":
    zoo, name, path = sys.argv[1:]
    warnings.simplefilter("ignore")
    model = torchvision_model(name) if zoo == "torchvision" else keras_model(name)
    write(*model, path)
