"""Hand a live ModelProto to a child process, as a file; a linear model stays here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neopack.frameworks.linear import LinearModel
from neopack.values.model import ModelSource

__all__ = ["hand_over", "owns"]


def owns(model: object) -> bool:
    return type(model).__name__ == "ModelProto" and hasattr(model, "SerializeToString")


def hand_over(model: Any, staging: Path) -> ModelSource | None:
    if isinstance(model, LinearModel):
        return None
    path = staging / "given.onnx"
    path.write_bytes(model.SerializeToString())
    return ModelSource(kind="file", where=str(path), framework="ONNX")
