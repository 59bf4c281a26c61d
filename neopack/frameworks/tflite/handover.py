"""Hand live models to a child process: the bytes of a .tflite as a file. What is to be converted
stays in the process that made it, as TensorFlow's functions do."""

from __future__ import annotations

from pathlib import Path

from neopack.frameworks.live_keras import is_keras
from neopack.frameworks.tflite.read import IDENTIFIER
from neopack.values.model import ModelSource

__all__ = ["hand_over", "owns"]


def owns(model: object) -> bool:
    """What a converter of TensorFlow returns, a Keras model, or a SavedModel as it is loaded."""
    if isinstance(model, bytes):
        return model[4:8] == IDENTIFIER
    loaded = type(model).__module__.startswith("tensorflow.") and hasattr(model, "signatures")
    return loaded or is_keras(model)


def hand_over(model: object, staging: Path) -> ModelSource | None:
    if not isinstance(model, bytes):
        return None
    path = staging / "given.tflite"
    path.write_bytes(model)
    return ModelSource(kind="file", where=str(path), framework="TFLITE")
