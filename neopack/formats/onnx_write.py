"""Write an ONNX model: nodes, constants, and what goes in and comes out.

Messages and field numbers: onnx/onnx, onnx/onnx-ml.proto (2026). Neither ONNX nor Protocol Buffers
is needed; the same model gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

from neopack.formats import protobuf_write as write

__all__ = ["Attribute", "OnnxConstant", "OnnxNode", "OnnxType", "OnnxValue", "onnx_model"]

# of IR version 7, which came with opset 12: ONNX Runtime reads it since 1.4
IR_VERSION = 7
PRODUCER = "neopack"

Attribute: TypeAlias = (
    int | float | str | Sequence[int] | Sequence[float] | Sequence[str] | Sequence[bytes]
)


class OnnxType(IntEnum):
    """Those of TensorProto.DataType that are written."""

    FLOAT = 1
    UINT8 = 2
    INT8 = 3
    INT32 = 6
    INT64 = 7
    BOOL = 9
    FLOAT16 = 10
    DOUBLE = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxValue:
    """An input or output of the graph; a dim of None is free."""

    name: str
    type: OnnxType = OnnxType.FLOAT
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxConstant:
    """A tensor of the graph. ``data`` are its numbers, little-endian."""

    name: str
    type: OnnxType
    shape: tuple[int, ...]
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxNode:
    """``domain`` is "" for ONNX's own operators."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    domain: str = ""


def onnx_model(
    nodes: Sequence[OnnxNode],
    *,
    inputs: Sequence[OnnxValue],
    outputs: Sequence[OnnxValue],
    constants: Sequence[OnnxConstant] = (),
    opsets: Mapping[str, int],
) -> bytes:
    """A model of these nodes, in their order; ``opsets`` are versions by domain."""
    graph = b"".join(
        (
            *(write.span(1, _node(node)) for node in nodes),
            write.span(2, PRODUCER),
            *(write.span(5, _constant(each)) for each in constants),
            *(write.span(11, _value(value)) for value in inputs),
            *(write.span(12, _value(value)) for value in outputs),
        )
    )
    imports = (write.span(1, name) + write.integer(2, of) for name, of in opsets.items())
    return b"".join(
        (
            write.integer(1, IR_VERSION),
            write.span(2, PRODUCER),
            write.span(7, graph),
            *(write.span(8, each) for each in imports),
        )
    )


def _node(node: OnnxNode) -> bytes:
    return b"".join(
        (
            write.spans(1, node.inputs),
            write.spans(2, node.outputs),
            write.span(3, node.outputs[0]),
            write.span(4, node.operator),
            *(write.span(5, _attribute(*pair)) for pair in node.attributes.items()),
            write.span(7, node.domain),
        )
    )


def _attribute(name: str, value: Attribute) -> bytes:
    """Kinds as AttributeProto.AttributeType numbers them."""
    if isinstance(value, float):
        kind, content = 1, write.single(2, value)
    elif isinstance(value, int):
        kind, content = 2, write.integer(3, value)
    elif isinstance(value, str):
        kind, content = 3, write.span(4, value)
    elif value and isinstance(value[0], float):
        kind, content = 6, write.floats(7, value)  # type: ignore[arg-type]
    elif value and isinstance(value[0], str | bytes):
        kind, content = 8, write.spans(9, value)  # type: ignore[arg-type]
    else:
        kind, content = 7, write.integers(8, value)  # type: ignore[arg-type]
    return write.span(1, name) + content + write.integer(20, kind)


def _constant(constant: OnnxConstant) -> bytes:
    return b"".join(
        (
            write.integers(1, constant.shape),
            write.integer(2, constant.type),
            write.span(8, constant.name),
            write.span(9, constant.data),
        )
    )


def _value(value: OnnxValue) -> bytes:
    dims = b"".join(write.span(1, _dim(dim)) for dim in value.shape)
    tensor = write.integer(1, value.type) + write.span(2, dims)
    return write.span(1, value.name) + write.span(2, write.span(1, tensor))


def _dim(dim: int | None) -> bytes:
    return b"" if dim is None else write.integer(1, dim)
