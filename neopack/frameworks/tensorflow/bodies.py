"""What the nodes of one graph or function tell, and which functions a graph reaches.

A SavedModel's library has the functions of training too, which nothing in its graph calls:
TensorFlow 1.15 loads them unread, whatever they use (run in 1.15.0, 2026-11-30).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from neopack.frameworks.tensorflow.convolutions import Convolutions

__all__ = ["GraphBody", "merged", "reached"]


@dataclass(slots=True)
class GraphBody:
    """``order`` are the operators of its nodes in the file's order, ``attributes`` are (operator,
    name), ``calls`` names of functions, ``half_pixels`` operators that resize by centers of half a
    pixel; ``elements``, ``bytes`` and ``dtypes`` are of
    floating-point constants."""

    operators: Counter[str] = field(default_factory=Counter)
    training: Counter[str] = field(default_factory=Counter)
    order: list[str] = field(default_factory=list)
    attributes: set[tuple[str, str]] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    half_pixels: set[str] = field(default_factory=set)
    convolutions: Convolutions = field(default_factory=Convolutions)
    dtypes: Counter[str] = field(default_factory=Counter)
    elements: int = 0
    bytes: int = 0
    nodes: int = 0


def reached(library: Mapping[str, GraphBody], calls: Iterable[str]) -> list[GraphBody]:
    """The functions that ``calls`` name, and those that these call. An operator may be the name
    of a function, too."""
    pending, names = list(calls), set[str]()
    while pending:
        name = pending.pop()
        if name in library and name not in names:
            names.add(name)
            pending += [*library[name].calls, *library[name].operators]
    return [body for name, body in library.items() if name in names]


def merged(bodies: Iterable[GraphBody]) -> GraphBody:
    """All of them as one."""
    whole = GraphBody()
    for body in bodies:
        # += would look at all that is counted so far, again for each function
        whole.operators.update(body.operators)
        whole.training.update(body.training)
        whole.order += body.order
        whole.dtypes.update(body.dtypes)
        whole.attributes |= body.attributes
        whole.calls |= body.calls
        whole.half_pixels |= body.half_pixels
        whole.convolutions.grouped += body.convolutions.grouped
        whole.convolutions.dilated += body.convolutions.dilated
        whole.elements += body.elements
        whole.bytes += body.bytes
        whole.nodes += body.nodes
    return whole
