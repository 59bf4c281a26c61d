"""Inputs that are to be constants, such as keep_prob and is_training: ``--constant NAME=VALUE``.
Neo takes no inputs without dims."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from neopack.errors import ExportFailed, UsageError, first_line
from neopack.frameworks.binding import unknown_input
from neopack.frameworks.tensorflow.lowering.constants import StrippedGraph
from neopack.frameworks.tensorflow.natural_order import natural
from neopack.frameworks.tensorflow.tensorflow_module import tensorflow
from neopack.values.artifact import Array
from neopack.values.signature import TensorSpec

__all__ = ["constants_of", "with_constants", "without_inputs"]


def constants_of(
    texts: Sequence[str], specs: Sequence[TensorSpec], where: str
) -> dict[str, Array]:
    """The values by the names of the inputs. Raises ``UsageError`` where one does not fit."""
    by_name = {spec.name: spec for spec in specs}
    constants: dict[str, Array] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--constant {text} is not NAME=VALUE")
        if name not in by_name:
            raise unknown_input(name, list(by_name), where)
        constants[name] = _array(value, by_name[name], where)
    return constants


def _array(text: str, spec: TensorSpec, where: str) -> Array:
    import numpy as np

    try:
        array = np.asarray(json.loads(text.lower()))
        cast = array.astype(spec.dtype)
        fits = array.dtype.kind in "bif" and bool((cast == array).all() or cast.dtype.kind == "f")
    except (TypeError, ValueError):
        fits = False
    rank = fits and (not spec.shape or len(spec.shape) == cast.ndim)
    sized = rank and all(a in (None, b) for a, b in zip(spec.shape, cast.shape, strict=False))
    if not sized:
        shape = ", ".join("?" if dim is None else str(dim) for dim in spec.shape)
        raise UsageError(
            f"--constant {spec.name}={text} is not {spec.dtype} [{shape}]",
            where=where,
            hint=f"write a number, true, false or a list of them: --constant {spec.name}=1",
        )
    return cast


def without_inputs(graph: StrippedGraph, constants: Mapping[str, Array]) -> StrippedGraph:
    """The graph with constants in place of these placeholders."""
    tf = tensorflow()
    definition = type(graph.definition)()
    definition.CopyFrom(graph.definition)
    for node in definition.node:
        if node.name in constants:
            value = tf.make_tensor_proto(constants[node.name])
            node.op = "Const"
            for name in [*node.attr]:
                del node.attr[name]
            node.attr["value"].tensor.CopyFrom(value)
            node.attr["dtype"].type = value.dtype
    return replace(graph, definition=definition)


def with_constants(
    folder: Path,
    tags: Sequence[str],
    key: str,
    specs: Sequence[TensorSpec],
    constants: Mapping[str, Array],
) -> Any:
    """The signature of a SavedModel as a function of its other inputs, called by name."""
    tf = tensorflow()
    try:
        loaded = tf.saved_model.load(str(folder), tags=list(tags))
    except Exception as error:
        # whatever TensorFlow raises for a graph that it cannot import
        raise ExportFailed(
            f"TensorFlow {tf.__version__} cannot load it: {first_line(error)}", where=str(folder)
        ) from error
    others = [spec for spec in specs if spec.name not in constants]
    signature = [tf.TensorSpec(spec.shape, spec.dtype, name=spec.name) for spec in others]

    def serve(*tensors: Any) -> Any:
        named = dict(zip([spec.name for spec in others], tensors, strict=True))
        fixed = {name: tf.constant(value) for name, value in constants.items()}
        outputs = loaded.signatures[key](**named, **fixed)
        return {name: outputs[name] for name in natural(outputs)}

    function = tf.function(serve, input_signature=signature)
    function.loaded = loaded  # it owns the variables
    return function
