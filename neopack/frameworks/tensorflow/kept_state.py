"""Models that keep a state from call to call: they give other outputs for the same inputs when
they are called again. A compiled model has no variables to keep it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neopack.errors import SourceError
from neopack.values.artifact import Array

__all__ = ["draws_numbers", "refuse_state"]

HINT = "make the state an input and an output of the call; for recurrent layers: stateful=False"
# in the names of operators that give other numbers each time, without any state of the model's
_RANDOM = (
    "Random",
    "Multinomial",
    "StatefulUniform",
    "StatefulStandardNormal",
    "StatefulTruncated",
)


def draws_numbers(meta: Any) -> bool:
    """Whether a graph, or a function in it, has operators that draw random numbers."""
    graph = meta.graph_def
    nodes = [graph.node, *(function.node_def for function in graph.library.function)]
    return any(word in node.op for each in nodes for node in each for word in _RANDOM)


def refuse_state(
    first: Mapping[str, Array], again: Mapping[str, Array], where: str, variables: str = ""
) -> None:
    """Raise where two calls with the same inputs differ."""
    import numpy as np

    for name, array in first.items():
        if array.dtype.kind in "fiub" and not np.array_equal(
            array, again[name], equal_nan=array.dtype.kind == "f"
        ):
            written = f" in {variables}" if variables else ""
            raise SourceError(
                f"keeps a state from call to call{written}, which a compiled model does not: "
                f"output {name!r} differs when it is called again with the same inputs",
                where=where,
                hint=HINT,
            )
