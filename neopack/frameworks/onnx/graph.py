"""Walks an ONNX graph in its bytes: nodes, tensors and values, subgraphs and functions too.

Field numbers are those of ``onnx/onnx.proto``. Tensor data is stepped over, whatever its size.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from neopack.errors import Malformed
from neopack.formats.protobuf import Field, Walker
from neopack.frameworks.onnx.forms import AttributeParts, KnownValue, NodeForm, NodeParts
from neopack.frameworks.onnx.small_integers import INTEGER_FIELDS, has_negative
from neopack.frameworks.onnx.tvm_calls import CallReader
from neopack.values.signature import Shape

__all__ = ["DTYPES", "OnnxGraphReader", "OnnxGraphSummary", "Tensor", "Value", "qualified"]

# TensorProto.DataType: numpy's word (or ml_dtypes'), and bits of an element
DTYPES: dict[int, tuple[str, int]] = {
    1: ("float32", 32),
    2: ("uint8", 8),
    3: ("int8", 8),
    4: ("uint16", 16),
    5: ("int16", 16),
    6: ("int32", 32),
    7: ("int64", 64),
    8: ("str", 0),
    9: ("bool", 8),
    10: ("float16", 16),
    11: ("float64", 64),
    12: ("uint32", 32),
    13: ("uint64", 64),
    14: ("complex64", 64),
    15: ("complex128", 128),
    16: ("bfloat16", 16),
    17: ("float8_e4m3fn", 8),
    18: ("float8_e4m3fnuz", 8),
    19: ("float8_e5m2", 8),
    20: ("float8_e5m2fnuz", 8),
    21: ("uint4", 4),
    22: ("int4", 4),
    23: ("float4_e2m1fn", 4),
    24: ("float8_e8m0fnu", 8),
    25: ("uint2", 2),
    26: ("int2", 2),
}
_EXTERNAL = 1
# NumPy holds no array of more dims
LARGEST_RANK = 64
# operations of what is kept by name, which rules look at, and of a node's form
KEPT, WRITTEN = 8, 3
_DEFAULT_DOMAINS = ("", "ai.onnx")
_TYPES = {1: "tensor", 4: "sequence", 5: "map", 7: "opaque", 8: "sparse tensor", 9: "optional"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """An input or output. ``symbols`` names the free dims; rank unknown when shape is None."""

    name: str
    kind: str
    dtype: str
    shape: Shape | None
    symbols: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    name: str
    dtype: str
    elements: int
    bytes: int
    shape: Shape
    negative: bool = False
    """Whether it is of few integers, and one is below zero."""
    external: dict[str, str] | None = None


@dataclass(slots=True)
class OnnxGraphSummary:
    """What all graphs and functions hold together; ``inputs`` and ``outputs`` of the main one."""

    inputs: list[Value] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    initializers: dict[str, None] = field(default_factory=dict)
    operators: Counter[tuple[str, str]] = field(default_factory=Counter)
    places: dict[str, str] = field(default_factory=dict)
    dtypes: Counter[str] = field(default_factory=Counter)
    external: list[dict[str, str]] = field(default_factory=list)
    functions: list[tuple[str, str]] = field(default_factory=list)
    forms: dict[NodeForm, None] = field(default_factory=dict)
    nodes: int = 0
    subgraphs: int = 0
    elements: int = 0
    bytes: int = 0
    constant_bytes: int = 0
    sparse: int = 0
    quantization: int = 0
    name: str = ""


def qualified(domain: str, name: str) -> str:
    """``Conv`` in ONNX's own domain, ``domain::Op`` in any other."""
    return name if domain in _DEFAULT_DOMAINS else f"{domain}::{name}"


def _known(tensor: Tensor) -> KnownValue:
    return KnownValue(shape=tensor.shape, constant=True, negative=tensor.negative)


class OnnxGraphReader:
    """Adds what graphs and functions hold to one ``OnnxGraphSummary``."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.summary = OnnxGraphSummary()
        self.calls = CallReader()
        self._kept = 0

    def main(self, graph: Field) -> None:
        """The model's own graph, whose inputs and outputs are the model's."""
        summary, walker = self.summary, self.walker
        for part in walker.message(graph):
            if part.number == 11:
                summary.inputs.append(self._value(part))
            elif part.number == 12:
                summary.outputs.append(self._value(part))
            elif part.number == 2:
                summary.name = walker.text(part)
            elif part.number == 13:
                self._know(self._value(part))
            elif part.number == 14:
                summary.quantization += 1
            else:
                self._common(part, in_main=True)
        for value in summary.inputs:
            self._know(value, given=True)
        for value in summary.outputs:
            self._know(value)

    def function(self, function: Field) -> None:
        """A function that the model brings along: FunctionProto."""
        name = domain = ""
        for part in self.walker.message(function):
            if part.number == 1:
                name = self.walker.text(part)
            elif part.number == 10:
                domain = self.walker.text(part)
            elif part.number == 7:
                self._node(part, in_function=True)
        self._keep()
        self.summary.functions.append((domain, name))

    def subgraph(self, graph: Field, *, in_function: bool = False) -> None:
        """The graph in an attribute of If, Loop or Scan, or in training information."""
        self.summary.subgraphs += 1
        for part in self.walker.message(graph):
            self._common(part, in_main=False, in_function=in_function)

    def _know(self, value: Value, *, given: bool = False) -> None:
        self.calls.values.setdefault(value.name, KnownValue(shape=value.shape, given=given))

    def _keep(self) -> None:
        """Bound what is remembered by name, apart from what is only counted."""
        self._kept += 1
        self.walker.spend(KEPT)
        self.walker.limits.hold("records", self._kept, where=self.walker.cursor.name)

    def _common(self, part: Field, *, in_main: bool, in_function: bool = False) -> None:
        if part.number == 1:
            self._node(part, in_function=in_function)
        elif part.number == 5:
            self._initializer(part, in_main=in_main)
        elif part.number == 15:
            self.summary.sparse += 1
            self._sparse(part, in_main=in_main)

    def _node(self, node: Field, *, in_function: bool = False) -> None:
        """A function states opsets of its own, so how its nodes are written is not kept."""
        self.summary.nodes += 1
        self.walker.spend(WRITTEN)
        parts = NodeParts()
        held: KnownValue | None = None
        for part in self.walker.message(node):
            if part.number in (1, 2):
                (parts.inputs if part.number == 1 else parts.outputs).append(
                    self.walker.text(part)
                )
            elif part.number == 3:
                parts.name = self.walker.text(part)
            elif part.number == 4:
                parts.operator = self.walker.text(part)
            elif part.number == 7:
                parts.domain = self.walker.text(part)
            elif part.number == 5:
                attribute = self._attribute(part, in_function=in_function)
                parts.attributes.append(attribute.form)
                parts.values[attribute.name] = attribute.values
                held = attribute.tensor or held
        operator = parts.domain, parts.operator
        if operator not in self.summary.operators:
            self._keep()
            self.summary.places.setdefault(qualified(*operator), parts.place)
        self.summary.operators[operator] += 1
        if not in_function:
            self._keep_form(parts.form())
            self._keep_call(parts, held)

    def _keep_call(self, parts: NodeParts, held: KnownValue | None) -> None:
        if parts.operator == "Constant" and held and parts.outputs:
            self._keep()
            self.calls.values[parts.outputs[0]] = held
        for _ in range(self.calls.node(parts)):
            self._keep()

    def _keep_form(self, form: NodeForm) -> None:
        if form not in self.summary.forms:
            self._keep()
            self.summary.forms[form] = None

    def _attribute(self, attribute: Field, *, in_function: bool) -> AttributeParts:
        parts = AttributeParts()
        for part in self.walker.message(attribute):
            if part.number in (6, 11):
                self.subgraph(part, in_function=in_function)
            elif part.number in (5, 10):
                tensor = self._tensor(part)
                self.summary.constant_bytes += tensor.bytes
                self._note_external(tensor)
                parts.tensor = _known(tensor)
            parts.add(self.walker, part)
        return parts

    def _initializer(self, part: Field, *, in_main: bool) -> None:
        tensor = self._tensor(part)
        self._keep()
        if in_main:
            self.summary.initializers[tensor.name] = None
        self.calls.values[tensor.name] = _known(tensor)
        self.summary.dtypes[tensor.dtype] += 1
        self.summary.elements += tensor.elements
        self.summary.bytes += tensor.bytes
        self._note_external(tensor)

    def _sparse(self, sparse: Field, *, in_main: bool) -> None:
        """SparseTensorProto: its values count as an initializer, its indices do not."""
        for part in self.walker.message(sparse):
            if part.number == 1:
                self._initializer(part, in_main=in_main)

    def _note_external(self, tensor: Tensor) -> None:
        if tensor.external is not None:
            self._keep()
            self.summary.external.append({"tensor": tensor.name, **tensor.external})

    def _tensor(self, span: Field) -> Tensor:
        dims: list[int] = []
        code, name, location = 0, "", 0
        external: dict[str, str] = {}
        negative = False
        for part in self.walker.message(span):
            if part.number in INTEGER_FIELDS:
                negative |= has_negative(self.walker, part, code)
            elif part.number == 1:
                dims += self.walker.integers(part)
                self._hold_rank(len(dims), span)
            elif part.number == 2:
                code = self.walker.integer(part)
            elif part.number == 8:
                name = self.walker.text(part)
            elif part.number == 13:
                key, value = self._pair(part)
                external[key] = value
            elif part.number == 14:
                location = self.walker.integer(part)
        dtype, bits = DTYPES.get(code, (f"type {code}", 0))
        elements = self._elements(dims, span)
        return Tensor(
            name=name,
            dtype=dtype,
            elements=elements,
            bytes=(elements * bits + 7) // 8,
            shape=tuple(dims),
            negative=negative,
            external=external if location == _EXTERNAL else None,
        )

    def _hold_rank(self, rank: int, span: Field) -> None:
        if rank > LARGEST_RANK:
            raise Malformed(
                f"a shape of more than {LARGEST_RANK} dims",
                offset=span.offset,
                where=self.walker.cursor.name,
            )

    def _elements(self, dims: list[int], span: Field) -> int:
        if all(0 <= dim < 1 << 62 for dim in dims):
            elements = math.prod(dims)
            if elements < 1 << 62:
                return elements
        raise Malformed(
            "a tensor with an impossible shape", offset=span.offset, where=self.walker.cursor.name
        )

    def _pair(self, span: Field) -> tuple[str, str]:
        texts = {1: "", 2: ""}
        for part in self.walker.message(span):
            if part.number in texts:
                texts[part.number] = self.walker.text(part)
        return texts[1], texts[2]

    def _value(self, span: Field) -> Value:
        """ValueInfoProto: a name and a TypeProto, of which a tensor has dtype and shape."""
        self._keep()
        name, kind, dtype = "", "", ""
        shape: Shape | None = None
        symbols: tuple[str | None, ...] = ()
        for part in self.walker.message(span):
            if part.number == 1:
                name = self.walker.text(part)
            elif part.number == 2:
                for form in self.walker.message(part):
                    kind = _TYPES.get(form.number, kind)
                    if form.number == 1:
                        dtype, shape, symbols = self._tensor_type(form)
        return Value(name=name, kind=kind, dtype=dtype, shape=shape, symbols=symbols)

    def _tensor_type(self, span: Field) -> tuple[str, Shape | None, tuple[str | None, ...]]:
        dtype = ""
        dims: list[tuple[int | None, str | None]] | None = None
        for part in self.walker.message(span):
            if part.number == 1:
                code = self.walker.integer(part)
                dtype = DTYPES.get(code, (f"type {code}", 0))[0]
            elif part.number == 2:
                dims = list(self._dims(part))
        if dims is None:
            return dtype, None, ()
        return dtype, tuple(size for size, _ in dims), tuple(symbol for _, symbol in dims)

    def _dims(self, shape: Field) -> Iterator[tuple[int | None, str | None]]:
        """Size of each dim, or None and its symbol ("?" for one without a name)."""
        for place, dim in enumerate(self.walker.message(shape)):
            self._hold_rank(place + 1, shape)
            if dim.number != 1:
                continue
            size: int | None = None
            symbol = "?"
            for part in self.walker.message(dim):
                if part.number == 1:
                    size = self.walker.integer(part)
                elif part.number == 2:
                    symbol = self.walker.text(part) or "?"
            fixed = size is not None and size >= 0
            yield (size, None) if fixed else (None, symbol)
