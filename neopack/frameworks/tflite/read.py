"""ModelInfo of a TensorFlow Lite model from its bytes, without TensorFlow, weights left unread.

``versions``: ``schema`` (3 for all of today's). ``producer`` is the file's own description.
``operators`` counts the nodes of all subgraphs: ``CONV_2D``, or a custom one by its own name.
``parameters`` counts the elements of all constant tensors, ``dtypes`` those tensors.
``signature`` has the inputs and outputs of the first subgraph, the one that Neo compiles, in
their order; a dim of None is free.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from neopack.errors import Malformed
from neopack.formats.files import Files
from neopack.formats.flatbuffer import Flatbuffer, Table
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource
from neopack.frameworks.tflite.facts import TFLiteFacts
from neopack.frameworks.tflite.schema import CUSTOM, OPERATORS, TYPES
from neopack.values.model import ModelInfo
from neopack.values.signature import Shape, Signature, TensorSpec

__all__ = ["read", "read_source", "recognize"]

FRAMEWORK = "TFLITE"
IDENTIFIER = b"TFL3"
MOST_DIMS = 64
MOST_INPUTS = 4096
MOST_ELEMENTS = 1 << 63
BYTES = ("int8", "uint8")
DENSE = "FULLY_CONNECTED"

# schema.fbs: the fields of each table, counted from 0
VERSION, OPERATOR_CODES, SUBGRAPHS, DESCRIPTION, BUFFERS = range(5)
TENSORS, INPUTS, OUTPUTS, NODES = range(4)
SHAPE, TYPE, BUFFER, NAME, QUANTIZATION = range(5)
SHAPE_SIGNATURE = 7
SCALES = 2
OPCODE_INDEX, TAKES, GIVES = range(3)
OLD_CODE, CUSTOM_CODE, NEW_CODE = 0, 1, 3
DATA, SIZE_BEHIND = 0, 2


def recognize(source: ByteSource) -> str | None:
    """``TensorFlow Lite model``, or None."""
    return "TensorFlow Lite model" if source.read(4, len(IDENTIFIER)) == IDENTIFIER else None


def read(files: Files, model: str, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """As ``ReadModule`` asks."""
    with files.open(model) as source:
        return read_source(source, limits)


def read_source(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """What the bytes tell. ``Malformed``, with the offset, for bytes that are not such a model or
    are cut short; ``LimitExceeded`` where they are more than ``limits`` allow."""
    buffer = Flatbuffer(source, limits)
    if buffer.identifier != IDENTIFIER:
        raise Malformed(
            "not a TensorFlow Lite model: it does not say TFL3", offset=4, where=source.name
        )
    return _Model(buffer).info()


class _ConstantTensor(NamedTuple):
    """A tensor, and the buffer that its constant elements would be in."""

    buffer: int
    dtype: str
    elements: int


class _QuantizedNode(NamedTuple):
    """A node with quantized weights: ``hybrid`` computes in float with them."""

    operator: str
    hybrid: bool
    by_channel: bool


class _Model:
    """One walk over the tables; what two of them share is read once."""

    def __init__(self, buffer: Flatbuffer) -> None:
        self.buffer = buffer
        self.root = buffer.root()
        self.graphs = [buffer.table(at) for at in _places(self.root, SUBGRAPHS)]
        if not self.graphs:
            raise buffer.broken("a model without a subgraph", self.root.at)
        self.codes = [
            self._operator(buffer.table(at)) for at in _places(self.root, OPERATOR_CODES)
        ]

    def info(self) -> ModelInfo:
        signature, operators = self._signature(self.graphs[0]), self._operators()
        dtypes, elements, size = self._constants()
        tensors = [self.buffer.table(at) for at in _places(self.graphs[0], TENSORS)]
        nodes = self._quantized_nodes([_scales(tensor) for tensor in tensors])
        return ModelInfo(
            framework=FRAMEWORK,
            format="tflite",
            producer=self.root.text(DESCRIPTION),
            versions={"schema": str(self.root.number(VERSION, "I"))},
            signature=signature,
            operators=dict(sorted(operators.items())),
            parameters=elements,
            parameter_bytes=size,
            dtypes=dict(sorted(dtypes.items())),
            facts=TFLiteFacts(
                subgraphs=len(self.graphs),
                custom_operators=tuple(sorted({name for name, own in self.codes if own})),
                operators=tuple(sorted(operators)),
                byte_tensors=sum(_dtype(tensor) in BYTES for tensor in tensors),
                dynamic_range=tuple(sorted({node.operator for node in nodes if node.hybrid})),
                dense_by_channel=sum(node.by_channel for node in nodes),
            ),
        )

    # --- operators --------------------------------------------------------------------------

    def _operator(self, code: Table) -> tuple[str, bool]:
        """(name, whether it is a custom one). Codes from 127 on have a field of their own."""
        number = max(code.number(OLD_CODE, "b"), code.number(NEW_CODE, "i"))
        if number == CUSTOM:
            return code.text(CUSTOM_CODE) or "CUSTOM", True
        listed = 0 <= number < len(OPERATORS)
        return OPERATORS[number] if listed else f"operator {number}", False

    def _operators(self) -> Counter[str]:
        counted: Counter[str] = Counter()
        for graph in self.graphs:
            for at in _places(graph, NODES):
                index = self.buffer.table(at).number(OPCODE_INDEX, "I")
                if index >= len(self.codes):
                    raise self.buffer.broken(f"no operator code {index}", at)
                counted[self.codes[index][0]] += 1
        return counted

    def _quantized_nodes(self, scales: Sequence[int]) -> list[_QuantizedNode]:
        """Those of the first subgraph with quantized weights; ``scales`` of each tensor."""
        found = []
        for at in _places(self.graphs[0], NODES):
            node = self.buffer.table(at)
            name, _ = self.codes[node.number(OPCODE_INDEX, "I")]
            first, *weights = [
                self._scales_at(i, scales, at) for i in node.numbers(TAKES, "i")
            ] or [0]
            gives = [self._scales_at(i, scales, at) for i in node.numbers(GIVES, "i")]
            if any(weights):
                hybrid = not first and not any(gives)
                channels = name == DENSE and first > 0 and weights[0] > 1
                found.append(_QuantizedNode(name, hybrid, channels))
        return found

    def _scales_at(self, index: int, scales: Sequence[int], at: int) -> int:
        """-1 is an input that is left out."""
        if index >= len(scales):
            raise self.buffer.broken(f"no tensor {index}", at)
        return scales[index] if index >= 0 else 0

    # --- tensors ----------------------------------------------------------------------------

    def _signature(self, graph: Table) -> Signature:
        tensors = _places(graph, TENSORS)
        return Signature(
            inputs=self._specs(graph, INPUTS, tensors),
            outputs=self._specs(graph, OUTPUTS, tensors),
        )

    def _specs(self, graph: Table, field: int, tensors: Sequence[int]) -> tuple[TensorSpec, ...]:
        indices = graph.numbers(field, "i")
        if len(indices) > MOST_INPUTS:
            raise self.buffer.broken(f"{len(indices)} inputs or outputs", graph.at)
        for index in indices:
            if not 0 <= index < len(tensors):
                raise self.buffer.broken(f"no tensor {index}", graph.at)
        return tuple(_spec(self.buffer.table(tensors[index])) for index in indices)

    def _constants(self) -> tuple[Counter[str], int, int]:
        """(how many constant tensors of each dtype, their elements, their bytes); a buffer that
        several tensors share counts once."""
        tensors = [
            _held(self.buffer.table(at)) for graph in self.graphs for at in _places(graph, TENSORS)
        ]
        sizes = self._buffer_sizes()
        constants = [tensor for tensor in tensors if sizes.get(tensor.buffer)]
        elements = {tensor.buffer: tensor.elements for tensor in constants}
        dtypes = Counter(tensor.dtype for tensor in constants)
        return dtypes, sum(elements.values()), sum(sizes[index] for index in elements)

    def _buffer_sizes(self) -> dict[int, int]:
        """Bytes by buffer, forward through the file: the weights in between are passed over, and
        come last in it."""
        places = enumerate(_places(self.root, BUFFERS))
        return {
            index: _size(self.buffer.table(at))
            for index, at in sorted(places, key=lambda place: place[1])
        }


def _places(table: Table, field: int) -> Sequence[int]:
    vector = table.vector(field)
    return () if vector is None else vector.places()


def _size(buffer: Table) -> int:
    """In a file over 2 GB the data lie behind the tables, which only state their size."""
    data = buffer.vector(DATA, 1)
    return data.length if data is not None else buffer.number(SIZE_BEHIND, "Q")


def _held(tensor: Table) -> _ConstantTensor:
    elements = prod(max(dim, 0) for dim in _dims(tensor, SHAPE))
    if elements > MOST_ELEMENTS:
        raise tensor.buffer.broken("a tensor of more elements than can be", tensor.at)
    return _ConstantTensor(tensor.number(BUFFER, "I"), _dtype(tensor), elements)


def _spec(tensor: Table) -> TensorSpec:
    return TensorSpec(name=tensor.text(NAME), dtype=_dtype(tensor), shape=_shape(tensor))


def _scales(tensor: Table) -> int:
    """How many scales a tensor is quantized with."""
    at = tensor.table(QUANTIZATION)
    vector = at.vector(SCALES, 4) if at is not None else None
    return vector.length if vector is not None else 0


def _dtype(tensor: Table) -> str:
    number = tensor.number(TYPE, "b")
    return TYPES[number] if 0 <= number < len(TYPES) else f"type {number}"


def _shape(tensor: Table) -> Shape:
    """``shape`` has 1 where a dim is free; ``shape_signature``, where there is one, -1."""
    dims = _dims(tensor, SHAPE_SIGNATURE) or _dims(tensor, SHAPE)
    return tuple(None if dim < 0 else dim for dim in dims)


def _dims(tensor: Table, field: int) -> tuple[int, ...]:
    vector = tensor.vector(field)
    if vector is not None and vector.length > MOST_DIMS:
        raise tensor.buffer.broken(f"a shape of {vector.length} dims", vector.at)
    return tensor.numbers(field, "i")
