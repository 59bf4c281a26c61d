"""A symbol and its parameters as a whole ONNX model.

Why our own writer: MXNet's exporter (``mxnet.contrib.onnx``, 1.8.0) needs MXNet's runtime and an
old ONNX, and took 7 of 14 models of Gluon. This one reads the files alone, refuses by name what it
does not write, and is held to MXNet's own numbers, operator by operator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from neopack.errors import Malformed, Unsupported
from neopack.formats import mxparams
from neopack.formats.mxparams import ArraySpec
from neopack.formats.onnx_write import OnnxConstant, OnnxNode, OnnxValue, onnx_model
from neopack.formats.source import FileSource
from neopack.frameworks.mxnet import symbol_graph
from neopack.frameworks.mxnet.file_names import parameters_of
from neopack.frameworks.mxnet.onnx_form import elementwise, layers, shaping
from neopack.frameworks.mxnet.onnx_form.writing import Call, Graph, not_written, onnx_type
from neopack.frameworks.mxnet.parameter_fit import bare
from neopack.frameworks.mxnet.symbol import Entry, Symbol, SymbolNode, load
from neopack.values.signature import Signature, TensorSpec

__all__ = ["as_onnx"]

OPERATORS = {**layers.OPERATORS, **elementwise.OPERATORS, **shaping.OPERATORS}
# in which Softmax is over one axis, and the axes of most reductions are an attribute
OPSETS = {"": 13}
# a message of Protocol Buffers is smaller
MOST_BYTES = (1 << 31) - (1 << 20)
MOST_NAMED = 3


def as_onnx(model: Path, signature: Signature) -> bytes:
    """The bytes of the ONNX model, whose inputs and outputs are those of ``signature``.

    ``model`` is the symbol, with its parameters beside it. Raises ``Unsupported`` that names the
    operators which are not written, ``Malformed`` for a symbol that is not a whole graph.
    """
    with FileSource(model) as source:
        symbol = load(source)
    _refuse_broken(symbol, model.name)
    names = parameters_of(model.name, [path.name for path in model.parent.iterdir()])
    arrays: dict[str, ArraySpec] = {}
    constants: list[OnnxConstant] = []
    if names:
        with FileSource(model.parent / names[0]) as source:
            arrays = {bare(array.name): array for array in mxparams.read_params(source)}
            _refuse_large(arrays)
            constants = list(_constants(symbol, arrays, signature, source))
    graph = Graph({name: array.shape or () for name, array in arrays.items()})
    known = {each.name for each in constants} | {spec.name for spec in signature.inputs}
    values = _written(symbol, graph, known)
    return onnx_model(
        [*graph.nodes, *_outputs(symbol, values, signature)],
        inputs=[_value(spec) for spec in signature.inputs],
        outputs=[_value(spec) for spec in signature.outputs],
        constants=[*constants, *graph.constants],
        opsets=OPSETS,
    )


def _refuse_broken(symbol: Symbol, where: str) -> None:
    wrong = next(symbol_graph.dangling(symbol), "")
    circle = symbol_graph.cycle(symbol)
    if wrong or circle:
        raise Malformed(wrong or f"{circle[0]} feeds itself", where=where)
    late = symbol_graph.forward_references(symbol)
    if late:
        raise Malformed(f"{late[0]} takes a node that is written after it", where=where)
    unknown = {n.op: n.name for n in symbol.nodes if not n.is_variable and n.op not in OPERATORS}
    if unknown:
        said = ", ".join(f"{op} ({name})" for op, name in list(unknown.items())[:MOST_NAMED])
        rest = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        raise Unsupported(
            f"operators that are not written as ONNX: {said}{rest}",
            where=where,
            hint="neopack compile --engine tvm",
        )


def _refuse_large(arrays: Mapping[str, ArraySpec]) -> None:
    if sum(array.bytes for array in arrays.values()) > MOST_BYTES:
        raise Unsupported(
            "its parameters are too large for an ONNX file", hint="neopack compile --engine tvm"
        )


def _constants(
    symbol: Symbol, arrays: Mapping[str, ArraySpec], signature: Signature, source: FileSource
) -> Iterator[OnnxConstant]:
    """The parameters that the symbol has, and that are not inputs."""
    inputs = {spec.name for spec in signature.inputs}
    for _, node in symbol.variables():
        array = arrays.get(node.name)
        if array is None or node.name in inputs:
            continue
        if array.storage != "dense" or array.shape is None:
            raise not_written(node, "its array is sparse or empty")
        yield OnnxConstant(
            name=node.name,
            type=onnx_type(array.dtype, node),
            shape=array.shape,
            data=source.read(array.values.offset, array.values.bytes),
        )


def _written(symbol: Symbol, graph: Graph, known: set[str]) -> list[Sequence[str]]:
    """The ONNX names of each node's outputs."""
    values: list[Sequence[str]] = []
    for node in symbol.nodes:
        if node.is_variable:
            values.append([node.name])
            continue
        call = Call(node, [_entry(symbol, values, entry) for entry in _taken(symbol, node, known)])
        answer = OPERATORS[node.op](graph, call)
        call.refuse_unread()
        values.append([answer] if isinstance(answer, str) else answer)
    return values


def _taken(symbol: Symbol, node: SymbolNode, known: set[str]) -> Iterator[Entry]:
    """What the node takes, without variables at the end that nothing gives: labels."""
    for place, entry in enumerate(node.inputs):
        taken = symbol.nodes[entry.node]
        if not taken.is_variable or taken.name in known:
            yield entry
        elif place == 0 or not taken.name.endswith("_label"):
            raise Malformed(f"{node.name} takes {taken.name}, which is not a parameter")


def _entry(symbol: Symbol, values: Sequence[Sequence[str]], entry: Entry) -> str:
    outputs = values[entry.node]
    if entry.index >= len(outputs):
        raise not_written(symbol.nodes[entry.node], f"its output {entry.index} is used")
    return outputs[entry.index]


def _outputs(
    symbol: Symbol, values: Sequence[Sequence[str]], signature: Signature
) -> Iterator[OnnxNode]:
    """The outputs under the names of the signature."""
    heads, specs = len(symbol.heads), len(signature.outputs)
    if heads != specs:
        raise Malformed(
            f"the symbol has {heads} outputs and the manifest {specs}",
            hint="package the model again",
        )
    for head, spec in zip(symbol.heads, signature.outputs, strict=True):
        source = _entry(symbol, values, head)
        yield OnnxNode(operator="Identity", inputs=(source,), outputs=(spec.name,))


def _value(spec: TensorSpec) -> OnnxValue:
    node = SymbolNode(op="null", name=spec.name)
    return OnnxValue(name=spec.name, type=onnx_type(spec.dtype, node), shape=spec.shape)
