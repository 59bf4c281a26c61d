"""Graphs of today's TensorFlow made readable for TensorFlow 1.15, the oldest that Neo runs.

Newer releases gave operators new attributes and write them out even where they say the default;
an older release refuses a node that has an attribute it does not know. Where the value is the
default, leaving the attribute out changes nothing; convolutions in groups are rewritten
(``grouped_convolutions.py``); what has no such way is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from neopack import facts
from neopack.frameworks.tensorflow.lowering.grouped_convolutions import DEPTHWISE, SPLIT, ungroup

__all__ = ["LoweredGraph", "lower"]

OLDEST = "1.15"
# it is a name for people, or a hint to the runtime: the graph computes the same without
_HARMLESS = frozenset({("VarHandleOp", "debug_name")})
# a statement on a variable's buffer, in the function that saves; it gives no value
_STATEMENTS = frozenset({"DisableCopyOnRead"})
_TYPE_LIST = "list(type)"
_WAYS = {DEPTHWISE: "DepthwiseConv2dNative", SPLIT: "a Conv2D for each group"}


@dataclass(slots=True)
class LoweredGraph:
    """What was left out, what became of convolutions in groups, and what TensorFlow 1.15 does not
    know and cannot be left out."""

    dropped: Counter[str] = field(default_factory=Counter)
    ungrouped: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    def rewrites(self) -> tuple[str, ...]:
        names = ", ".join(sorted(self.dropped))
        left = f"left out for TensorFlow {OLDEST}, which does not know it: {names}"
        counts = ", ".join(f"{count} as {_WAYS[way]}" for way, count in self.ungrouped.items())
        grouped = f"convolutions in groups, which TensorFlow {OLDEST} lacks on CPUs: {counts}"
        return (*[left] * bool(self.dropped), *[grouped] * bool(self.ungrouped))

    def warnings(self) -> tuple[str, ...]:
        if not self.unknown:
            return ()
        names = ", ".join(sorted(self.unknown))
        return (f"TensorFlow {OLDEST} does not know {names}: only a newer one may read it",)


def lower(graph: Any) -> LoweredGraph:
    """Change ``graph``, a GraphDef, in place."""
    lowered = LoweredGraph(ungrouped=ungroup(graph))
    own = {function.signature.name for function in graph.library.function}
    for function in graph.library.function:
        _drop_statements(function.node_def, lowered)
        _drop_statements_of_control(function, lowered)
    for node in _nodes(graph):
        if node.op not in own:
            _lower_node(node, lowered)
    graph.ClearField("debug_info")  # source files of the machine that traced it
    graph.library.ClearField("registered_gradients")
    return lowered


def _nodes(graph: Any) -> Iterator[Any]:
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def _lower_node(node: Any, lowered: LoweredGraph) -> None:
    node.ClearField("experimental_debug_info")
    node.ClearField("experimental_type")
    attributes = facts.tensorflow_operators().get(node.op)
    if attributes is None:
        lowered.unknown[node.op] += 1
        return
    for name in [
        name for name in node.attr if not name.startswith("_") and name not in attributes
    ]:
        what = f"{node.op}.{name}"
        if (node.op, name) in _HARMLESS or _is_default(node, name):
            del node.attr[name]
            lowered.dropped[what] += 1
        else:
            lowered.unknown[what] += 1


def _is_default(node: Any, name: str) -> bool:
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(node.op)
    rows = [a for a in definition.attr if a.name == name] if definition else []
    if not rows:
        return False
    value = node.attr[name]
    if rows[0].HasField("default_value"):
        return bool(value == rows[0].default_value)
    return rows[0].type == _TYPE_LIST and not value.list.type


def _drop_statements(nodes: Any, lowered: LoweredGraph) -> None:
    """Take out nodes that only state something, and what waits for them."""
    gone = {node.name for node in nodes if node.op in _STATEMENTS}
    if not gone:
        return
    remaining = [node for node in nodes if node.name not in gone]
    for node in nodes:
        if node.name in gone:
            lowered.dropped[node.op] += 1
    for node in remaining:
        inputs = [name for name in node.input if name.removeprefix("^") not in gone]
        del node.input[:]
        node.input.extend(inputs)
    copies = [type(node).FromString(node.SerializeToString()) for node in remaining]
    del nodes[:]
    nodes.extend(copies)


def _drop_statements_of_control(function: Any, lowered: LoweredGraph) -> None:
    """A function's control outputs name nodes: those that are gone, no more."""
    if not lowered.dropped:
        return
    names = {node.name for node in function.node_def}
    for key in [k for k, node in function.control_ret.items() if node not in names]:
        del function.control_ret[key]
    remaining = [
        name for name in function.signature.control_output if name in function.control_ret
    ]
    del function.signature.control_output[:]
    function.signature.control_output.extend(remaining)
