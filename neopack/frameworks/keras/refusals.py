"""What a graph of layers may be in Keras, and Neo's models cannot: with a state, of strings, or of
types that layers do not cast."""

from __future__ import annotations

from collections.abc import Mapping

from neopack.errors import SourceError
from neopack.frameworks.keras.graph import LayerGraph
from neopack.frameworks.keras.value_types import mixed_types
from neopack.values.json import AnyJson

__all__ = ["refuse_mixed_types", "refuse_state", "refuse_strings"]

SHOWN = 3


def refuse_state(graph: LayerGraph) -> None:
    """Raise for layers that keep a state from call to call, as a compiled model does not."""
    names = [x.path for x in graph.layers.values() if _is_stateful(x.config)]
    if names:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        raise SourceError(
            "has layers that keep a state from call to call (stateful=True), which a compiled "
            f"model does not: {', '.join(names[:SHOWN])}{more}",
            where=graph.where,
            hint="build it with stateful=False and the same weights: each call then starts from "
            "zeros; or make the state an input and an output",
        )


def _is_stateful(config: Mapping[str, AnyJson]) -> bool:
    """The layer, or one that it wraps, as Bidirectional does."""
    inner = [value.get("config") for value in config.values() if isinstance(value, dict)]
    return config.get("stateful") is True or any(
        isinstance(each, dict) and each.get("stateful") is True for each in inner
    )


def refuse_strings(graph: LayerGraph) -> None:
    for at in graph.inputs:
        layer = graph.layers[graph.calls[at].layer]
        if layer.config.get("dtype") == "string":
            raise SourceError(
                f"its input {layer.name!r} is of strings, which Neo does not compile",
                where=graph.where,
                hint="package the part of the model after its text layers, such as "
                "TextVectorization, and compute those before it",
            )


def refuse_mixed_types(graph: LayerGraph) -> None:
    """Raise for what Keras 2.2.4 cannot call; newer ones cast it."""
    mixed = mixed_types(graph)
    if mixed:
        raise SourceError(
            f"has layers whose weights are float32 and whose inputs are not: {mixed[0]}",
            where=graph.where,
            hint="build it with inputs of float32, and cast the data before the model: Keras "
            "2.2.4 casts nothing between layers",
        )
