"""A SavedModel's signature, or a traced function, as a graph whose variables are constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neopack.errors import ExportFailed, first_line
from neopack.frameworks.tensorflow.installed import quiet, tensorflow
from neopack.frameworks.tensorflow.metagraph import DEFAULT
from neopack.types import TensorSpec

__all__ = ["Frozen", "fix_shapes", "freeze_function", "freeze_saved_model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """``inputs`` are placeholders by the names they had; ``outputs`` tensors by theirs."""

    graph: Any
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


def freeze_saved_model(folder: Path, meta: Any, specs: Sequence[TensorSpec], where: str) -> Frozen:
    """The signature ``serving_default`` of the SavedModel that neopack wrote into ``folder``."""
    tf = tensorflow()
    tags = list(meta.meta_info_def.tags)
    try:
        if meta.HasField("object_graph_def"):
            # it owns the variables, and so must outlive the freezing
            loaded = tf.saved_model.load(str(folder), tags=tags)
            return freeze_function(_fixed(tf, loaded.signatures[DEFAULT], specs))
        return _freeze_session(tf, folder, tags, meta.signature_def[DEFAULT])
    except Exception as error:
        # whatever TensorFlow's converter raises for a graph that it cannot convert
        raise ExportFailed(
            f"TensorFlow {tf.__version__} cannot freeze it: {first_line(error)}",
            where=where,
            hint="leave it a SavedModel: --form saved-model",
        ) from error


def freeze_function(function: Any) -> Frozen:
    """A function of named tensors that gives a dict, its variables as constants, its calls
    inlined."""
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    frozen = convert_variables_to_constants_v2(function, lower_control_flow=False)
    # both are flattened in the order of the sorted names
    names = sorted(function.structured_input_signature[1])
    keys = sorted(function.structured_outputs)
    return Frozen(
        graph=frozen.graph.as_graph_def(),
        inputs={name: _node(t.name) for name, t in zip(names, frozen.inputs, strict=True)},
        outputs={key: t.name for key, t in zip(keys, frozen.outputs, strict=True)},
    )


def _fixed(tf: Any, signature: Any, specs: Sequence[TensorSpec]) -> Any:
    """The signature traced anew for the shapes asked for."""
    wanted = {s.name: tf.TensorSpec(s.shape, s.dtype, name=s.name) for s in specs}

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def serve(**given: Any) -> Any:
        return signature(**given)

    return serve.get_concrete_function(**wanted)


def _freeze_session(tf: Any, folder: Path, tags: list[str], signature: Any) -> Frozen:
    """TensorFlow 1's way, whose variables may be no resources."""
    v1 = tf.compat.v1
    inputs = {key: _node(info.name) for key, info in signature.inputs.items()}
    outputs = {key: info.name for key, info in signature.outputs.items()}
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session, quiet():
        v1.saved_model.load(session, tags, str(folder))
        frozen = v1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), [_node(tensor) for tensor in outputs.values()]
        )
    return Frozen(graph=frozen, inputs=inputs, outputs=outputs)


def fix_shapes(graph: Any, specs: Sequence[TensorSpec]) -> None:
    """Write the shapes into the placeholders; what was inferred from others is let go."""
    shapes = {spec.name: spec.shape for spec in specs}
    for node in graph.node:
        if "_output_shapes" in node.attr:
            del node.attr["_output_shapes"]
        if node.op == "Placeholder" and node.name in shapes:
            shape = node.attr["shape"].shape
            shape.Clear()
            for size in shapes[node.name]:
                shape.dim.add(size=size)


def _node(tensor: str) -> str:
    return tensor.partition(":")[0]
