"""Hand a live model to a child process, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neopack.values.model import ModelSource

__all__ = ["hand_over", "owns"]


def owns(model: object) -> bool:
    """By the names of its classes: keras.Model of Keras 3, tf_keras or tf.keras."""
    kinds = {(kind.__module__.split(".")[0], kind.__name__) for kind in type(model).__mro__}
    return bool(kinds & {("keras", "Model"), ("tf_keras", "Model"), ("tensorflow", "Model")})


def hand_over(model: Any, staging: Path) -> ModelSource | None:
    """A .keras file of Keras 3, an .h5 of what came before it; None where Keras cannot save it."""
    of_keras_3 = type(model).__mro__[0].__module__.startswith("keras.src")
    path = staging / ("given.keras" if of_keras_3 else "given.h5")
    try:
        model.save(str(path), **({} if of_keras_3 else {"save_format": "h5"}))
    except (NotImplementedError, TypeError, ValueError, RuntimeError):
        return None
    return ModelSource(kind="file", where=str(path), framework="KERAS")
