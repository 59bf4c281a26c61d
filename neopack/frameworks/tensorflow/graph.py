"""Walks a GraphDef in its bytes: nodes, their edges, constants, the functions of its library.

Field numbers are those of tensorflow/core/framework/*.proto (v2.21.0). Payloads of tensors are
stepped over, whatever their size.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from neopack.errors import Malformed
from neopack.formats.protobuf import LENGTH, VARINT, Field, Walker
from neopack.frameworks.tensorflow.bodies import GraphBody, merged, reached
from neopack.frameworks.tensorflow.convolutions import CONVOLUTIONS, ConvolutionAttributes
from neopack.frameworks.tensorflow.dtypes import dtype_of
from neopack.values.signature import Shape

__all__ = ["UNLIKELY_OUTPUTS", "GraphDefReader", "GraphDefSummary", "GraphNode", "tensor_shape"]

# what Neo's open loader never takes for an output (neo-loader@06788c0, tf_model_helper.py)
UNLIKELY_OUTPUTS = frozenset({"Const", "Assign", "NoOp", "Placeholder"})
_SAY_SHAPE = ("Placeholder", "VarHandleOp", "VariableV2")
_FLOATS = ("float", "bfloat", "q")
_MOST_DIMS = 254
KEPT = 6  # operations of a node or a function, which are kept and looked at more than once
# the attributes that say what a node gives
_TYPES = frozenset({"T", "dtype", "DstT", "out_type", "Tidx"})
_HALF_PIXELS = "half_pixel_centers"
_TRAINING = re.compile(
    r"(ResourceSparse|Resource|Sparse)?Apply(Gradient|Momentum|Adam|Ada|RMS|Ftrl|Proximal|"
    r"CenteredRMS|Keras|PowerSign|AddSign)\w*|\w*Grad(V[0-9]+|Input|Filter)?|"
    r"\w+Backprop(Input|Filter|V[0-9]+)?(V[0-9]+)?"
)
# gradients' operators that forward passes use as well: a transposed convolution
_FORWARD = frozenset({"Conv2DBackpropInput", "Conv3DBackpropInput", "Conv3DBackpropInputV2"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A node of the main graph. ``shape`` is None where it is unknown; ``takes`` are the nodes
    before it, ``calls`` the functions in its attributes."""

    name: str
    op: str
    dtype: str = ""
    shape: Shape | None = None
    takes: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()


@dataclass(slots=True)
class GraphDefSummary:
    """``main`` is the graph itself and ``kept`` its nodes; ``library`` its functions by name."""

    main: GraphBody = field(default_factory=GraphBody)
    library: dict[str, GraphBody] = field(default_factory=dict)
    kept: list[GraphNode] = field(default_factory=list)
    consumed: set[str] = field(default_factory=set)
    producer: int = 0
    min_consumer: int = 0

    def whole(self) -> GraphBody:
        """The graph and the functions that it reaches: all that loading it looks at."""
        calls = [*self.main.calls, *self.main.operators]
        return merged([self.main, *reached(self.library, calls)])

    def needed(self, nodes: Iterable[str]) -> list[GraphNode]:
        """The nodes that the values of these nodes depend on."""
        by_name = {node.name: node for node in self.kept}
        pending, needed = list(nodes), dict[str, GraphNode]()
        while pending:
            name = pending.pop()
            if name in by_name and name not in needed:
                needed[name] = by_name[name]
                pending += by_name[name].takes
        return list(needed.values())

    def behind(self, nodes: Iterable[str]) -> Counter[str]:
        """The operators that the values of these nodes depend on, inside of functions too."""
        needed = self.needed(nodes)
        operators = Counter(node.op for node in needed)
        return operators + merged(reached(self.library, _called(needed))).operators

    def places(self, nodes: Iterable[GraphNode]) -> dict[str, str]:
        """The operators of these nodes and of the functions that they call, each with the name
        of a node or a function where it is."""
        kept = list(nodes)
        bodies = reached(self.library, _called(kept))
        names = {id(body): name for name, body in self.library.items()}
        places = {op: names[id(body)] for body in bodies for op in body.operators}
        return places | {node.op: node.name for node in reversed(kept)}

    def order(self, nodes: Iterable[GraphNode]) -> tuple[str, ...]:
        """The operators of these nodes in the file's order, after those of the functions that
        they call."""
        kept = list(nodes)
        names = {node.name for node in kept}
        inside = merged(reached(self.library, _called(kept))).order
        return (*inside, *(node.op for node in self.kept if node.name in names))

    def placeholders(self) -> list[GraphNode]:
        return [node for node in self.kept if node.op == "Placeholder" and not node.takes]

    def outputs(self) -> list[GraphNode]:
        """Nodes that no other takes from, and that may be meant as outputs."""
        ends = (node for node in self.kept if node.name not in self.consumed)
        return [node for node in ends if node.op not in UNLIKELY_OUTPUTS]


def _called(nodes: Sequence[GraphNode]) -> list[str]:
    """What may be a function's name: an operator, and what its attributes call."""
    return [*(node.op for node in nodes), *(call for node in nodes for call in node.calls)]


@dataclass(slots=True)
class _Attributes(ConvolutionAttributes):
    dtype: str = ""
    constant: Shape | None = None
    calls: list[str] = field(default_factory=list)

    def said(self) -> ConvolutionAttributes:
        shape = self.constant if self.shape is None else self.shape
        return ConvolutionAttributes(
            shape=shape, channels_first=self.channels_first, dilated=self.dilated
        )


class GraphDefReader:
    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.summary = GraphDefSummary()
        self._body = self.summary.main

    def graph(self, span: Field | None) -> None:
        """The GraphDef in ``span``, or the one that fills the source."""
        walker, summary = self.walker, self.summary
        for part in walker.message(span) if span else walker.top():
            if part.number == 1:
                self._node(part)
            elif part.number == 2:
                self._library(part)
            elif part.number == 4:
                summary.producer, summary.min_consumer = self._versions(part)

    def _versions(self, span: Field) -> tuple[int, int]:
        numbers = {1: 0, 2: 0}
        for part in self.walker.message(span):
            if part.number in numbers:
                numbers[part.number] = self.walker.integer(part)
        return numbers[1], numbers[2]

    def _library(self, span: Field) -> None:
        for part in self.walker.message(span):
            if part.number == 1:
                self._function(part)

    def _function(self, span: Field) -> None:
        self._body = GraphBody()
        for part in self.walker.message(span):
            if part.number == 1:
                self.summary.library[self._first_text(part)] = self._body
                self._bound(len(self.summary.library))
                self.walker.spend(KEPT)
            elif part.number == 3:
                self._inner_node(part)
        self._body = self.summary.main

    def _first_text(self, span: Field) -> str:
        for part in self.walker.message(span):
            if part.number == 1:
                return self.walker.text(part)
        return ""

    def _inner_node(self, span: Field) -> None:
        """A node of a function: counted, its constants too; its edges stay in the function."""
        name, op, attributes = "", "", _Attributes()
        inputs: list[str] = []
        for part in self.walker.message(span):
            if part.number == 1:
                name = self.walker.text(part)
            elif part.number == 2:
                op = self.walker.text(part)
            elif part.number == 3 and len(inputs) < 2:
                inputs.append(self.walker.text(part))
            elif part.number == 5:
                self._attribute(part, op, attributes)
        self._count(op, attributes)
        self._body.convolutions.node(name, op, inputs, attributes.said())

    def _node(self, span: Field) -> None:
        name, op, attributes = "", "", _Attributes()
        inputs: list[str] = []
        for part in self.walker.message(span):
            if part.number == 1:
                name = self.walker.text(part)
            elif part.number == 2:
                op = self.walker.text(part)
            elif part.number == 3:
                inputs.append(self.walker.text(part))
            elif part.number == 5:
                self._attribute(part, op, attributes)
        self._count(op, attributes)
        self._body.convolutions.node(name, op, inputs, attributes.said())
        takes = tuple(taken.removeprefix("^").partition(":")[0] for taken in inputs)
        self.summary.consumed.update(takes)
        self._bound(len(self.summary.kept))
        self.summary.kept.append(
            GraphNode(
                name=name,
                op=op,
                dtype=attributes.dtype,
                shape=attributes.shape,
                takes=takes,
                calls=tuple(attributes.calls),
            )
        )

    def _count(self, op: str, attributes: _Attributes) -> None:
        self.walker.spend(KEPT)
        self._body.nodes += 1
        self._body.operators[op] += 1
        self._body.order.append(op)
        self._bound(len(self._body.order))
        self._bound(len(self._body.operators))
        self._body.calls.update(attributes.calls)
        self._bound(len(self._body.calls))
        if op not in _FORWARD and _TRAINING.fullmatch(op):
            self._body.training[op] += 1

    def _bound(self, kept: int) -> None:
        self.walker.limits.hold("records", kept, where=self.walker.cursor.name)

    def _attribute(self, span: Field, op: str, into: _Attributes) -> None:
        key = ""
        for part in self.walker.message(span):
            if part.number == 1:
                key = self.walker.text(part)
                self._note_attribute(op, key)
            elif part.number == 2 and key == _HALF_PIXELS:
                self._note_half_pixels(part, op)
            elif part.number == 2 and key in _TYPES:
                into.dtype = self._type(part) or into.dtype
            elif part.number == 2 and _tells_shape(op, key):
                into.shape = self._shape_in(part)
            elif part.number == 2 and key == "value" and op == "Const":
                into.constant = self._constant(part)
            elif part.number == 2 and op in CONVOLUTIONS:
                self._of_convolution(part, key, into)
            elif part.number == 2:
                into.calls += self._functions_in(part)

    def _functions_in(self, value: Field) -> Iterator[str]:
        """Names of functions in an AttrValue: its own (func), or those of its list."""
        for part in self.walker.message(value):
            if part.wire != LENGTH:
                continue
            if part.number == 10:
                yield self._first_text(part)
            elif part.number == 1:
                for listed in self.walker.message(part):
                    if listed.number == 9:
                        yield self._first_text(listed)

    def _note_attribute(self, op: str, key: str) -> None:
        if not key.startswith("_") and (op, key) not in self._body.attributes:
            self._bound(len(self._body.attributes))
            self._body.attributes.add((op, key))

    def _note_half_pixels(self, value: Field, op: str) -> None:
        if any(
            part.number == 5 and part.wire == VARINT and part.value
            for part in self.walker.message(value)
        ):
            self._body.half_pixels.add(op)

    def _type(self, value: Field) -> str:
        for part in self.walker.message(value):
            if part.number == 6 and part.wire == VARINT:
                return dtype_of(part.value)[0]
        return ""

    def _shape_in(self, value: Field) -> Shape | None:
        """The shape in an AttrValue, or the first of the list in it."""
        for part in self.walker.message(value):
            if part.number == 7 and part.wire == LENGTH:
                return tensor_shape(self.walker, part)
            if part.number == 1 and part.wire == LENGTH:
                return self._shape_in(part)
        return None

    def _of_convolution(self, value: Field, key: str, into: _Attributes) -> None:
        for part in self.walker.message(value):
            if key == "data_format" and part.number == 2:
                into.channels_first = self.walker.text(part) == "NCHW"
            elif key == "dilations" and part.number == 1:
                steps = [
                    step
                    for listed in self.walker.message(part)
                    if listed.number == 3
                    for step in self.walker.integers(listed)
                ]
                into.dilated = any(step != 1 for step in steps)

    def _constant(self, value: Field) -> Shape | None:
        """Its shape; None where it has none."""
        shape = None
        for tensor in self.walker.message(value):
            if tensor.number == 8:
                shape = self._tensor(tensor)
        return shape

    def _tensor(self, span: Field) -> Shape | None:
        code, dims = 0, ()
        shape: Shape | None = dims
        for part in self.walker.message(span):
            if part.number == 1:
                code = self.walker.integer(part)
            elif part.number == 2:
                shape = tensor_shape(self.walker, part)
        word, bits = dtype_of(code)
        if shape is None or not word.startswith(_FLOATS):
            return shape  # axes, shapes and words are not parameters
        elements = math.prod(dim or 0 for dim in shape)
        if elements >= 1 << 62:
            raise Malformed(
                "a tensor with an impossible shape",
                offset=span.offset,
                where=self.walker.cursor.name,
            )
        self._body.dtypes[word] += 1
        self._body.elements += elements
        self._body.bytes += (elements * bits + 7) // 8
        return shape


def _tells_shape(op: str, key: str) -> bool:
    return key == "_output_shapes" or (key == "shape" and op in _SAY_SHAPE)


def tensor_shape(walker: Walker, span: Field) -> Shape | None:
    """A TensorShapeProto: None where the rank is unknown, a dim of None where that is free."""
    dims: list[int | None] = []
    unknown = False
    for part in walker.message(span):
        if part.number == 3:
            unknown = unknown or bool(part.value)
        elif part.number == 2:
            size = 0
            for inner in walker.message(part):
                if inner.number == 1:
                    size = walker.integer(inner)
            dims.append(size if 0 <= size < 1 << 62 else None)
        if len(dims) > _MOST_DIMS:
            raise Malformed(
                f"a shape of more than {_MOST_DIMS} dims",
                offset=span.offset,
                where=walker.cursor.name,
            )
    return None if unknown else tuple(dims)
