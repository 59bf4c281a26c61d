"""A live model stays in the process that made it: TensorFlow's functions cannot be handed on."""

from __future__ import annotations

from pathlib import Path

from neopack.values.model import ModelSource

__all__ = ["hand_over", "owns"]

_OURS = frozenset(
    {"Module", "Function", "ConcreteFunction", "PolymorphicFunction", "AutoTrackable"}
)


def owns(model: object) -> bool:
    """A tf.Module, a tf.function, a function traced by it, or a Keras model."""
    kinds = [(kind.__module__.split(".")[0], kind.__name__) for kind in type(model).__mro__]
    return any(
        (package == "tensorflow" and name in _OURS) or (package, name) == ("keras", "Model")
        for package, name in kinds
    )


def hand_over(model: object, staging: Path) -> ModelSource | None:  # noqa: ARG001
    return None
