"""Whether the weights of a callable's model are random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neopack.frameworks import ExportTask, callables, live_keras, random_weights
from neopack.frameworks.tensorflow.tensorflow_module import tensorflow
from neopack.values.log import Log

__all__ = ["remarks"]


def remarks(
    model: Any, trace: Callable[[Any], object], task: ExportTask, log: Log
) -> tuple[str, ...]:
    """A warning for random weights. ``trace`` calls a model once: some make their variables
    then."""
    origin, tf = task.source, tensorflow()
    if origin.kind != "callable" or origin.weights is not None:
        return ()
    first = _weights(model)

    def again() -> random_weights.State:
        with random_weights.other_seeds((tf.random, "set_seed")):
            tf.random.set_seed(0)
            second = callables.build(origin.where, origin.arguments)
            if len(_weights(second)) < len(first):
                trace(second)
        return dict(zip(first, _weights(second).values(), strict=True))

    return tuple(random_weights.remarks(first, again, random_weights.same_arrays, log))


def _weights(model: Any) -> dict[str, Any]:
    """Variables, and tensors that are plain attributes."""
    if live_keras.is_keras(model):
        return live_keras.weights_of(model)
    variables = getattr(model, "variables", ())
    held = {f"{each.name} ({at})": each.numpy() for at, each in enumerate(variables)}
    plain = {n: v.numpy() for n, v in vars(model).items() if isinstance(v, tensorflow().Tensor)}
    return {**held, **plain}
