"""A frozen graph cut down to its outputs: no gradients, no losses, no dangling nodes, and names
that Neo's open loader reads right.

The loader takes every Placeholder for an input and every operation with one output that none
takes from for an output, and cuts ``:0`` off its name with ``rstrip(":0")``, so that
``logits_10`` becomes ``logits_1`` (neo-loader@06788c0, tf_model_helper.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from neopack.frameworks.tensorflow.lowering.library import reachable

__all__ = ["Pruned", "needed_by", "prune", "safe_name"]

# they give what they take: in a graph that only computes forward they do nothing
_IDENTITIES = frozenset(
    {"StopGradient", "PreventGradient", "CheckNumerics", "PlaceholderWithDefault"}
)
_LOOPS = frozenset({"Enter", "Exit", "Merge", "Switch", "NextIteration", "LoopCond"})
_SUFFIX = "_out"


class Pruned:
    """``graph`` with ``outputs``: the name a user knows each by, and its name in the graph."""

    def __init__(self, graph: Any, outputs: Mapping[str, str], rewrites: Sequence[str]) -> None:
        self.graph, self.outputs, self.rewrites = graph, dict(outputs), tuple(rewrites)


def prune(graph: Any, outputs: Mapping[str, str], types: Mapping[str, int]) -> Pruned:
    """``graph`` (a GraphDef) cut to the tensors that ``outputs`` name, as ``{name: "node:0"}``,
    each of a type of TensorFlow's.

    Every output becomes a node of its own, safely named, that none takes from.
    """
    nodes = {node.name: node for node in graph.node}
    whole = len(nodes)
    passing = {n.name: n.input[0] for n in graph.node if n.op in _IDENTITIES and n.input}
    loops = any(node.op in _LOOPS for node in graph.node)
    for node in graph.node:
        inputs = [_resolved(name, passing) for name in node.input if loops or name[0] != "^"]
        del node.input[:]
        node.input.extend(inputs)
    sources = {name: _resolved(tensor, passing) for name, tensor in outputs.items()}
    needed = _ancestors(nodes, sources.values())
    cut = type(graph)()
    cut.versions.CopyFrom(graph.versions)
    cut.library.CopyFrom(graph.library)
    cut.node.extend(node for node in graph.node if node.name in needed)
    named = _name_outputs(cut, sources, types)
    _drop_unused_functions(cut)
    return Pruned(cut, named, _rewrites(whole, len(needed), named))


def safe_name(name: str, taken: set[str]) -> str:
    """``name`` as a node may be called and the loader reads it; not one of ``taken``."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_.") else "_" for c in name)
    plain = plain if plain[:1].isalnum() or plain[:1] == "." else f"out{plain}"
    while plain in taken or plain.endswith("0"):
        plain += _SUFFIX
    return plain


def _rewrites(whole: int, left: int, named: Mapping[str, str]) -> list[str]:
    rewrites = [f"{whole - left} of {whole} nodes that the outputs do not need left out"]
    renamed = [f"{name} as {node}" for name, node in named.items() if name != node]
    return rewrites * (left < whole) + ([f"outputs named {', '.join(renamed)}"] if renamed else [])


def _resolved(name: str, passing: Mapping[str, str]) -> str:
    visited = set()
    while (plain := name.removesuffix(":0")) in passing and plain not in visited:
        visited.add(plain)
        name = passing[plain]
    return name


def _node_of(tensor: str) -> str:
    return tensor.removeprefix("^").partition(":")[0]


def needed_by(graph: Any, tensors: Iterable[str]) -> set[str]:
    """The nodes that the tensors depend on."""
    return _ancestors({node.name: node for node in graph.node}, tensors)


def _ancestors(nodes: Mapping[str, Any], tensors: Iterable[str]) -> set[str]:
    names: set[str] = set()
    waiting = [_node_of(tensor) for tensor in tensors]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += [_node_of(taken) for taken in nodes[name].input]
    return names


def _name_outputs(
    graph: Any, sources: Mapping[str, str], types: Mapping[str, int]
) -> dict[str, str]:
    """Give each output an Identity of its name, unless it is such a node already."""
    used = {node.name for node in graph.node}
    consumed = {_node_of(name) for node in graph.node for name in node.input}
    operators = {node.name: node for node in graph.node}
    named: dict[str, str] = {}
    for name, tensor in sources.items():
        node = operators[_node_of(tensor)]
        safe = safe_name(name, used - {node.name})
        ends = node.name not in consumed and list(sources.values()).count(tensor) == 1
        if node.op == "Identity" and ends and safe not in used - {node.name}:
            node.name = safe
        elif not (ends and tensor.partition(":")[2] in ("", "0") and node.name == safe):
            safe = safe_name(name, used)
            added = graph.node.add(name=safe, op="Identity", input=[tensor])
            added.attr["T"].type = types[name]
        used.add(safe)
        named[name] = safe
    return named


def _drop_unused_functions(graph: Any) -> None:
    """Keep those of the library that a kept node calls, or that these call."""
    used = reachable(graph)
    kept = [function for function in graph.library.function if function.signature.name in used]
    graph.library.Clear()
    graph.library.function.extend(kept)
