"""ModelInfo of an ONNX model from its bytes, without the onnx package, whatever its size.

``versions``: ``ir_version``, ``opset`` (of ONNX's own domain), ``opset DOMAIN`` for the others,
``producer`` and ``model`` (the producer's and the model's own version, where given).
``operators`` counts nodes in the graph, its subgraphs and the model's own functions: ``Conv``,
or ``domain::Op`` outside of ONNX's own domain. ``parameters`` counts the elements of all
initializers, ``dtypes`` the initializers. ``signature`` has the inputs that are not
initializers; a dim of None is free; an input without a rank has shape ().

``facts`` are an ``OnnxFacts``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from neopack.errors import LimitExceeded, Malformed
from neopack.formats.files import Files
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.protobuf import LENGTH, VARINT, Field, Walker
from neopack.formats.source import ByteSource, Cursor
from neopack.frameworks.onnx.facts import ExternalTensor, OnnxFacts
from neopack.frameworks.onnx.graph import OnnxGraphReader, OnnxGraphSummary, Value, qualified
from neopack.values.model import ModelInfo
from neopack.values.signature import Signature, TensorSpec

__all__ = ["read", "read_source", "recognize"]

FRAMEWORK = "ONNX"
LATEST_IR = 20
GRAPH = 7
# onnx.proto, ModelProto: number and wire type of every field
_MODEL_FIELDS = {
    1: VARINT,
    2: LENGTH,
    3: LENGTH,
    4: LENGTH,
    5: VARINT,
    6: LENGTH,
    GRAPH: LENGTH,
    8: LENGTH,
    14: LENGTH,
    20: LENGTH,
    25: LENGTH,
    26: LENGTH,
}
_GRAPH_FIELDS = frozenset([1, 2, 5, 10, 11, 12, 13, 14, 15, 16])
_STANDARD_DOMAINS = frozenset(
    ["", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training"]
)
_PEEK = Limits(operations=10_000)


def recognize(source: ByteSource) -> str | None:
    """``ONNX model``, or None. ONNX has no magic number, so this is strict: only fields of
    ModelProto, an IR version between 1 and 20, and a graph, which may be cut short.
    """
    walker = Walker(Cursor(source), _PEEK.for_file(0))
    numbers: set[int] = set()
    try:
        for field in walker.top():
            if not _is_plausible(field, walker):
                return None
            numbers.add(field.number)
            if numbers >= {1, GRAPH}:
                return "ONNX model"
    except Malformed as error:
        at_graph = source.read(error.offset or 0, 1) == bytes([GRAPH << 3 | LENGTH])
        return "ONNX model" if 1 in numbers and at_graph else None
    except LimitExceeded:
        return None
    return None


def _is_plausible(field: Field, walker: Walker) -> bool:
    if _MODEL_FIELDS.get(field.number) != field.wire:
        return False
    if field.number == 1:
        return 1 <= field.value <= LATEST_IR
    if field.number == GRAPH:
        first = next(walker.message(field), None)
        return first is not None and first.number in _GRAPH_FIELDS and first.wire == LENGTH
    return True


def read(files: Files, model: str, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """As ``ReadModule`` asks."""
    with files.open(model) as source:
        return read_source(source, limits)


def read_source(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """What the bytes tell. ``Malformed`` for bytes that are not an ONNX model or are cut short,
    with the offset; ``LimitExceeded`` where they are more than ``limits`` allow."""
    try:
        return _Model(source, limits).info()
    except RecursionError:
        raise LimitExceeded("subgraphs nested too deeply", where=source.name) from None


class _Model:
    """One pass over ModelProto."""

    def __init__(self, source: ByteSource, limits: Limits) -> None:
        self.ir_version = 0
        self.texts = {2: "", 3: "", 4: ""}
        self.version = 0
        self.opsets: dict[str, int] = {}
        self.training = 0
        self.walker = Walker(Cursor(source), limits)
        self.graph = OnnxGraphReader(self.walker)
        graphs = sum(self._field(field) for field in self.walker.top())
        if not graphs:
            raise Malformed(
                "an ONNX model without a graph",
                offset=source.size,
                where=source.name,
                hint="the file is cut short, or is not an ONNX model",
            )

    def _field(self, field: Field) -> bool:
        """Take in one field; whether it was the graph."""
        number, walker = field.number, self.walker
        if number == 1:
            self.ir_version = walker.integer(field)
        elif number in self.texts:
            self.texts[number] = walker.text(field)
        elif number == 5:
            self.version = walker.integer(field)
        elif number == GRAPH:
            self.graph.main(field)
        elif number == 8:
            self._opset(field)
        elif number == 20:
            self.training += 1
        elif number == 25:
            self.graph.function(field)
        return number == GRAPH

    def _opset(self, span: Field) -> None:
        domain, version = "", 0
        for part in self.walker.message(span):
            if part.number == 1:
                domain = self.walker.text(part)
            elif part.number == 2:
                version = self.walker.integer(part)
        self.opsets["" if domain == "ai.onnx" else domain] = version

    def info(self) -> ModelInfo:
        summary = self.graph.summary
        inputs = [value for value in summary.inputs if value.name not in summary.initializers]
        return ModelInfo(
            framework=FRAMEWORK,
            format="onnx",
            producer=" ".join(text for text in (self.texts[2], self.texts[3]) if text),
            versions=dict(self._versions()),
            signature=Signature(inputs=_specs(inputs), outputs=_specs(summary.outputs)),
            operators=_operators(summary),
            parameters=summary.elements,
            parameter_bytes=summary.bytes,
            dtypes=dict(sorted(summary.dtypes.items())),
            facts=_facts(self, inputs),
        )

    def _versions(self) -> Iterator[tuple[str, str]]:
        yield "ir_version", str(self.ir_version)
        for domain, version in sorted(self.opsets.items()):
            yield (f"opset {domain}" if domain else "opset"), str(version)
        if self.texts[3]:
            yield "producer", self.texts[3]
        if self.version:
            yield "model", str(self.version)


def _specs(values: list[Value]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(name=value.name, dtype=value.dtype, shape=value.shape or ())
        for value in values
        if value.kind in ("tensor", "")
    )


def _operators(summary: OnnxGraphSummary) -> dict[str, int]:
    counts: dict[str, int] = {}
    for (domain, name), count in summary.operators.items():
        full = qualified(domain, name)
        counts[full] = counts.get(full, 0) + count
    return dict(sorted(counts.items()))


def _facts(model: _Model, inputs: list[Value]) -> OnnxFacts:
    summary = model.graph.summary
    unranked = _unranked(inputs)
    free = {v.name: tuple(v.symbols) for v in inputs if any(s is not None for s in v.symbols)}
    own = set(summary.functions)
    foreign = {domain for domain, name in summary.operators if (domain, name) not in own}
    return OnnxFacts(
        ir_version=model.ir_version,
        opsets=model.opsets,
        training_info=model.training,
        dynamic_inputs=tuple(v.name for v in inputs if v.name in free or v.name in unranked),
        symbolic_dims=free,
        unranked_inputs=tuple(unranked),
        non_tensor_inputs=_non_tensors(inputs),
        non_tensor_outputs=_non_tensors(summary.outputs),
        initializers=summary.dtypes.total(),
        initializers_in_inputs=len(summary.inputs) - len(inputs),
        graph=summary.name,
        nodes=summary.nodes,
        subgraphs=summary.subgraphs,
        external_data=tuple(_external(tensor) for tensor in summary.external),
        places=summary.places,
        custom_domains=tuple(sorted(foreign - _STANDARD_DOMAINS)),
        functions=tuple(sorted(qualified(domain, name) for domain, name in summary.functions)),
        sparse_initializers=summary.sparse,
        quantised=_quantizing(summary),
        quantization_annotations=summary.quantization,
        constant_bytes=summary.constant_bytes,
        forms=tuple(summary.forms),
        unlisted_initializers=tuple(
            summary.initializers.keys() - {v.name for v in summary.inputs}
        ),
        unranked_outputs=tuple(_unranked(summary.outputs)),
        tvm_calls=model.graph.calls.told(
            model.opsets.get("", 0), {value.name for value in summary.outputs}
        ),
    )


def _unranked(values: list[Value]) -> list[str]:
    return [v.name for v in values if v.kind in ("tensor", "") and v.shape is None]


def _non_tensors(values: list[Value]) -> dict[str, str]:
    return {value.name: value.kind for value in values if value.kind not in ("tensor", "")}


def _external(tensor: Mapping[str, str]) -> ExternalTensor:
    return ExternalTensor(
        tensor=tensor.get("tensor", ""),
        location=tensor.get("location", ""),
        offset=tensor.get("offset", ""),
        length=tensor.get("length", ""),
    )


def _quantizing(summary: OnnxGraphSummary) -> dict[str, int]:
    counts = {
        qualified(domain, name): count
        for (domain, name), count in summary.operators.items()
        if _is_quantizing(name)
    }
    return dict(sorted(counts.items()))


def _is_quantizing(name: str) -> bool:
    """QuantizeLinear, MatMulInteger, QLinearConv and their kind, also of com.microsoft (QGemm)."""
    return re.match("Q[A-Z]|.*(Quantize|Dequantize|Integer)", name) is not None
