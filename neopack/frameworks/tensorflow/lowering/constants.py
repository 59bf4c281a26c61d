"""Graphs whose large constants are kept apart from them, so that they are in memory once or not
at all: TensorFlow and protobuf hold a graph as a message, as bytes, and in each session anew.

In such a graph a large constant says its type and shape and has no numbers; those come from a
file or a variable at the moment they are written or fed. Field numbers are those of
tensorflow/core/framework (v2.21.0): graph, node_def, attr_value and tensor.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neopack.errors import SourceError
from neopack.formats.protobuf import LENGTH, Field, Walker
from neopack.formats.source import Cursor, FileSource
from neopack.values.artifact import Array

__all__ = ["LARGE", "StrippedGraph", "emptied", "fed", "read_graph", "taken_apart", "write_graph"]

# bytes from which on a constant is kept apart
LARGE = 1 << 16
# what protobuf reads at most
MOST = (1 << 31) - 1
_NODE = 1
# from a node to its numbers: an attribute, its value, that is a tensor, the tensor's content
_WAY = (5, 2, 8, 4)
_KEY = b"\x0a\x05value"


@dataclass(slots=True, kw_only=True)
class StrippedGraph:
    """``definition`` is a GraphDef; ``numbers`` gives the bytes of its large constants, as one
    row of uint8, by the names of their nodes."""

    definition: Any
    numbers: Mapping[str, Callable[[], Array]] = field(default_factory=dict)


def taken_apart(definition: Any) -> StrippedGraph:
    """A whole GraphDef as a graph whose large constants are apart."""
    numbers = {}
    light = _without_nodes(definition)
    for node in definition.node:
        content = _content(node)
        light.node.add().CopyFrom(emptied(node) if content else node)
        if content:
            numbers[node.name] = _held(content)
    return StrippedGraph(definition=light, numbers=numbers)


def emptied(node: Any) -> Any:
    """The constant without its numbers."""
    copy = type(node)(name=node.name, op=node.op, input=node.input, device=node.device)
    for key in [key for key in node.attr if key != "value"]:
        copy.attr[key].CopyFrom(node.attr[key])
    full, tensor = node.attr["value"].tensor, copy.attr["value"].tensor
    tensor.dtype = full.dtype
    tensor.tensor_shape.CopyFrom(full.tensor_shape)
    return copy


def _without_nodes(definition: Any) -> Any:
    copy = type(definition)()
    for key in ("library", "versions"):
        if definition.HasField(key):
            getattr(copy, key).CopyFrom(getattr(definition, key))
    return copy


def _content(node: Any) -> bytes:
    if node.op != "Const":
        return b""
    content: bytes = node.attr["value"].tensor.tensor_content
    return content if len(content) >= LARGE else b""


def _held(content: bytes | memoryview) -> Callable[[], Array]:
    import numpy as np

    return lambda: np.frombuffer(content, np.uint8)


# --- reading --------------------------------------------------------------------------------


def read_graph(path: Path) -> StrippedGraph:
    """The binary GraphDef in ``path``; the numbers of its large constants stay in the file.

    Raises ``Malformed`` or protobuf's ``DecodeError`` where it is not a GraphDef.
    """
    from tensorflow.core.framework import graph_pb2

    definition = graph_pb2.GraphDef()
    numbers: dict[str, Callable[[], Array]] = {}
    with FileSource(path) as source, path.open("rb") as stream:
        view = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
        walker, start = Walker(Cursor(source)), 0
        for part in walker.top():
            end = _end(walker, part)
            way = _way_to_numbers(walker, part, _WAY) if part.number == _NODE else []
            constant = way and _constant(view, part, way, definition.node)
            if constant:
                numbers[constant.name] = _held(view[way[-1].offset : way[-1].end])
            else:
                definition.MergeFromString(bytes(view[start:end]))
            start = end
    return StrippedGraph(definition=definition, numbers=numbers)


@dataclass(frozen=True, slots=True)
class _Span:
    """A field's content, and where the field itself starts."""

    start: int
    offset: int
    end: int


def _way_to_numbers(walker: Walker, span: Field, way: Sequence[int]) -> list[_Span]:
    """The large fields of the numbers ``way``, each in the one before; none where there are
    none."""
    start = span.offset
    for part in walker.message(span) if span.value >= LARGE else ():
        if part.number == way[0] and part.wire == LENGTH and part.value >= LARGE:
            below = _way_to_numbers(walker, part, way[1:]) if way[1:] else []
            if below or not way[1:]:
                return [_Span(start, part.offset, part.end), *below]
        start = _end(walker, part)
    return []


def _constant(view: memoryview, node: Field, way: Sequence[_Span], nodes: Any) -> Any:
    """The constant without its numbers, added to ``nodes``; None for another operator."""
    attribute, _, tensor, content = way
    constant = nodes.add()
    constant.MergeFromString(_around(view, node.offset, node.end, attribute))
    if constant.op != "Const":
        del nodes[-1]
        return None
    around = _around(view, tensor.offset, tensor.end, content)
    constant.attr["value"].tensor.MergeFromString(around)
    return constant


def _around(view: memoryview, start: int, end: int, left_out: _Span) -> bytes:
    return bytes(view[start : left_out.start]) + bytes(view[left_out.end : end])


def _end(walker: Walker, part: Field) -> int:
    return part.end if part.wire == LENGTH else walker.cursor.position


# --- writing --------------------------------------------------------------------------------


def write_graph(graph: StrippedGraph, path: Path) -> None:
    """A binary GraphDef, one constant's numbers after another's.

    Raises ``SourceError`` beyond the 2 GiB that protobuf reads.
    """
    definition, size = graph.definition, 0
    with path.open("wb") as stream:
        for node in definition.node:
            content = graph.numbers[node.name]() if node.name in graph.numbers else None
            size += stream.write(_head_of(node, 0 if content is None else content.size))
            size += stream.write(b"" if content is None else content.data)
            if size > MOST:
                raise SourceError("is too large for one frozen graph: more than 2 GiB")
        stream.write(_without_nodes(definition).SerializeToString(deterministic=True))


def _head_of(node: Any, apart: int) -> bytes:
    """The node as a field of its graph, up to its numbers where so many bytes are apart."""
    if not apart:
        whole: bytes = node.SerializeToString(deterministic=True)
        return _key(_NODE, len(whole)) + whole
    value = node.attr["value"].tensor.SerializeToString(deterministic=True)
    plain = type(node)()
    plain.CopyFrom(node)
    del plain.attr["value"]
    before = plain.SerializeToString(deterministic=True)
    head = b""
    for number, earlier in zip(_WAY[::-1], (value, b"", _KEY, before), strict=True):
        head = earlier + _key(number, len(head) + apart) + head
    return _key(_NODE, len(head) + apart) + head


def _key(number: int, length: int) -> bytes:
    """What a field of that length starts with."""
    varint = bytearray((number << 3 | LENGTH,))
    while length > 0x7F:
        varint.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes((*varint, length))


# --- running --------------------------------------------------------------------------------


def fed(graph: StrippedGraph) -> tuple[Any, dict[str, Array]]:
    """(a GraphDef with placeholders for the large constants, what to feed them by tensor)."""
    import tensorflow as tf

    definition, feeds = type(graph.definition)(), {}
    definition.CopyFrom(graph.definition)
    for node in definition.node:
        if node.name in graph.numbers:
            tensor = node.attr["value"].tensor
            shape = [dim.size for dim in tensor.tensor_shape.dim]
            dtype = tf.dtypes.as_dtype(tensor.dtype).as_numpy_dtype
            feeds[f"{node.name}:0"] = graph.numbers[node.name]().view(dtype).reshape(shape)
            node.op = "Placeholder"
            node.attr["shape"].shape.CopyFrom(tensor.tensor_shape)
            del node.attr["value"]
    return definition, feeds
