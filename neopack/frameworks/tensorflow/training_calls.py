"""Keras layers that a model calls with ``training=True``: ``predict`` computes them as in
inference, and so does what is packaged, while the model called by itself does not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

__all__ = ["training_remarks"]


def training_remarks(model: Any) -> tuple[str, ...]:
    """A warning that names such layers; none for a model that is not of Keras."""
    names = sorted(set(_called_in_training(model)))
    if not names:
        return ()
    listed = ", ".join(names)
    remark = f"layers are called with training=True: {listed}. The archive computes them as in "
    return (f"{remark}inference, as model.predict does",)


def _called_in_training(model: Any) -> Iterator[str]:
    """The calls of a functional model's own graph; a layer may have others elsewhere."""
    for node in chain.from_iterable(getattr(model, "_nodes_by_depth", {}).values()):
        layer, arguments = node.operation, getattr(node, "arguments", None)
        in_training = getattr(arguments, "kwargs", {}).get("training") is True
        # Keras itself calls its random augmentations so
        if in_training and not type(layer).__name__.startswith("Random"):
            yield str(layer.name)
        yield from _called_in_training(layer)
