"""A SavedModel without what only training needs: functions that its graph does not reach, and the
slots of an optimizer.

TensorFlow 2 loads a model by its graph of objects, which names functions; an object that stands
for none of those that are left becomes a plain one, so that the numbers of the others stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["called_by", "drop_training", "reachable"]

_PLAIN = "_generic_user_object"


def drop_training(meta: Any) -> list[str]:
    """Change ``meta``, a MetaGraphDef, in place. Returns what was done, in words."""
    slots = sum(len(node.slot_variables) for node in meta.object_graph_def.nodes)
    for node in meta.object_graph_def.nodes:
        del node.slot_variables[:]
    library = meta.graph_def.library.function
    kept = reachable(meta.graph_def, _of_saveables(meta.object_graph_def))
    gone = {f.signature.name for f in library} - kept
    if gone:
        remaining = [f for f in library if f.signature.name in kept]
        copies = [type(f).FromString(f.SerializeToString()) for f in remaining]
        del library[:]
        library.extend(copies)
        _forget(meta.object_graph_def, gone)
    words = [f"{len(gone)} functions that no signature reaches left out"] * bool(gone)
    return [*words, *["the state of the optimizer is not loaded"] * bool(slots)]


def reachable(graph: Any, more: tuple[str, ...] = ()) -> set[str]:
    """The functions that the nodes of a GraphDef call, those that these call, and ``more``."""
    functions = {function.signature.name: function for function in graph.library.function}
    waiting = [*more, *(name for node in graph.node for name in called_by(node))]
    names: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in functions and name not in names:
            names.add(name)
            waiting += [called for node in functions[name].node_def for called in called_by(node)]
    return names


def called_by(node: Any) -> Iterator[str]:
    """The functions in a node's attributes, and its operator, which may be one."""
    yield node.op
    for value in node.attr.values():
        if value.HasField("func"):
            yield value.func.name
        for function in value.list.func:
            yield function.name


def _of_saveables(objects: Any) -> tuple[str, ...]:
    """Functions that save and restore objects such as tables."""
    places = [
        place
        for node in objects.nodes
        for saveable in node.saveable_objects.values()
        for place in (saveable.save_function, saveable.restore_function)
    ]
    return tuple(name for place in places for name in _names(objects.nodes[place]))


def _names(node: Any) -> tuple[str, ...]:
    if node.WhichOneof("kind") == "bare_concrete_function":
        return (node.bare_concrete_function.concrete_function_name,)
    return tuple(node.function.concrete_functions)


def _forget(objects: Any, gone: set[str]) -> None:
    for name in gone & set(objects.concrete_functions):
        del objects.concrete_functions[name]
    for node in objects.nodes:
        if gone.isdisjoint(_names(node)):
            continue
        remaining = [name for name in _names(node) if name not in gone]
        if node.WhichOneof("kind") == "function" and remaining:
            del node.function.concrete_functions[:]
            node.function.concrete_functions.extend(remaining)
        else:
            node.user_object.identifier = _PLAIN
            node.user_object.version.producer = node.user_object.version.min_consumer = 1
