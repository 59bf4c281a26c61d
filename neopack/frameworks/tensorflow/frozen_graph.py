"""A frozen graph from a file, and which of its tensors are outputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neopack.errors import SourceError, UsageError, first_line
from neopack.frameworks.tensorflow.facts import FrozenGraphFacts
from neopack.frameworks.tensorflow.graph import UNLIKELY_OUTPUTS
from neopack.frameworks.tensorflow.lowering.constants import StrippedGraph, read_graph, taken_apart
from neopack.frameworks.tensorflow.tensorflow_module import tensorflow
from neopack.spelling import did_you_mean
from neopack.values.model import ModelInfo, facts_of

__all__ = ["output_tensors", "parse_graph"]


def parse_graph(path: Path, *, is_text: bool) -> StrippedGraph:
    from google.protobuf import message, text_format

    try:
        if is_text:
            definition = tensorflow().compat.v1.GraphDef()
            text_format.Parse(path.read_text("utf-8"), definition)
            return taken_apart(definition)
        return read_graph(path)
    except (text_format.ParseError, message.DecodeError, UnicodeDecodeError) as error:
        raise SourceError(
            f"is not a complete GraphDef: {first_line(error)}", where=str(path)
        ) from None


def output_tensors(
    definition: Any, requested: Sequence[str], info: ModelInfo, where: str
) -> dict[str, str]:
    """{name: tensor}: those asked for, else what ends the graph, as the open loader tells it.

    Raises ``UsageError`` where gradients are in the graph: what ends it then is not the model's.
    """
    operations = _operations(definition, where)
    if requested:
        return dict(_asked(name, operations, where) for name in requested)
    ends = dict(_ends(operations))
    training = facts_of(info, FrozenGraphFacts).training
    if training or not ends:
        names = ", ".join(ends) or "none"
        why = "it holds gradients" if training else "nothing ends it"
        raise UsageError(
            f"its outputs cannot be determined: {why}",
            where=where,
            hint=f"name them with --output-name; its last operations are {names}",
        )
    return ends


def _operations(definition: Any, where: str) -> dict[str, Any]:
    tf = tensorflow()
    loaded = tf.Graph()
    try:
        with loaded.as_default():
            # importing writes defaults into what it is given
            tf.import_graph_def(
                type(definition).FromString(definition.SerializeToString()), name=""
            )
    except Exception as error:
        # whatever the importer raises for an operator or an attribute
        raise SourceError(
            f"TensorFlow {tf.__version__} cannot load it: {first_line(error)}", where=where
        ) from error
    return {operation.name: operation for operation in loaded.get_operations()}


def _asked(name: str, operations: dict[str, Any], where: str) -> tuple[str, str]:
    node, _, index = name.partition(":")
    place = int(index) if index.isdecimal() else 0
    if node not in operations or len(operations[node].outputs) <= place:
        hint = did_you_mean(node, operations)
        raise UsageError(f"the graph has no output {name!r}", where=where, hint=hint)
    return _named(node, place)


def _ends(operations: dict[str, Any]) -> list[tuple[str, str]]:
    ends = []
    for name, operation in operations.items():
        consumed = [tensor for tensor in operation.outputs if tensor.consumers()]
        if operation.type not in UNLIKELY_OUTPUTS and not consumed:
            ends += [_named(name, place) for place in range(len(operation.outputs))]
    return ends


def _named(node: str, place: int) -> tuple[str, str]:
    return (f"{node}_{place}" if place else node), f"{node}:{place}"
