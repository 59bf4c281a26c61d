"""Live Keras models, of Keras 3 or tf_keras, as their users call them. Keras itself is not
imported: a model can only be live where it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from neopack.frameworks import binding, structures

__all__ = [
    "for_inference",
    "inputs_of",
    "is_keras",
    "is_symbol",
    "named_leaves",
    "parameters_of",
    "weights_of",
]

_KINDS = {("keras", "Model"), ("keras", "Layer"), ("tf_keras", "Model")}


def is_keras(model: Any) -> bool:
    return bool({(k.__module__.split(".")[0], k.__name__) for k in type(model).__mro__} & _KINDS)


def inputs_of(model: Any) -> Any:
    """The structure of the inputs of a functional model; None for any other."""
    if not getattr(model, "inputs", None):
        return None
    try:
        structure = model.input
    except (AttributeError, ValueError):
        return None
    return structure if any(structures.leaves(structure, is_symbol)) else None


def is_symbol(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype")


def named_leaves(structure: Any) -> list[tuple[str, Any]]:
    """The inputs by name: by the keys of the dicts that they are in, else by their own names."""
    found = []
    for path, leaf in structures.leaves(structure, is_symbol):
        keyed = any(not key.isdecimal() for key in path)
        found.append((".".join(path) if keyed else str(leaf.name).partition(":")[0], leaf))
    return found


def for_inference(model: Any) -> Callable[..., Any]:
    """The model outside of training."""

    def call(*arguments: Any, **named: Any) -> Any:
        return model(*arguments, training=False, **named)

    return call


def parameters_of(model: Any, names: Sequence[str]) -> binding.Parameters:
    """Those of its ``call``. Several names, none of which is a parameter's, are the keys of a dict
    where ``call`` takes one thing."""
    takes = binding.parameters_of(model.call, "call", skip={"self", "training"})
    only = takes.only()
    if only is None or len(names) < 2 or only.annotation not in (None, Any):
        return takes
    keyed = replace(only, annotation=dict)
    return replace(
        takes, parameters=tuple(keyed if each is only else each for each in takes.parameters)
    )


def weights_of(model: Any) -> dict[str, Any]:
    """The weights by name, as arrays; without the states of random layers."""
    return {
        str(getattr(weight, "path", "") or f"{weight.name} ({at})"): weight.numpy()
        for at, weight in enumerate(model.weights)
    }
