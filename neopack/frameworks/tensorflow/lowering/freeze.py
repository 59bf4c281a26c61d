"""A SavedModel's signature, or a traced function, as a graph whose variables are constants.

TensorFlow's own converter holds each variable four times and more at once; here a large variable
that the graph does no more than read becomes a constant whose numbers stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neopack.errors import ExportFailed, first_line
from neopack.frameworks.tensorflow.lowering.constants import LARGE, StrippedGraph, taken_apart
from neopack.frameworks.tensorflow.metagraph import DEFAULT
from neopack.frameworks.tensorflow.tensorflow_module import quiet, tensorflow
from neopack.values.artifact import Array
from neopack.values.signature import TensorSpec

__all__ = ["FrozenGraph", "fix_shapes", "freeze_function", "freeze_saved_model"]

# on a call and its function: that XLA compiles it
XLA = "_XlaMustCompile"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenGraph:
    """``inputs`` are placeholders by the names they had; ``outputs`` tensors by theirs."""

    graph: StrippedGraph
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


def freeze_saved_model(
    folder: Path, meta: Any, specs: Sequence[TensorSpec], where: str
) -> FrozenGraph:
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


def freeze_function(function: Any) -> FrozenGraph:
    """A function of named tensors that gives a dict, its variables as constants, its calls
    inlined."""
    captured = _captured_variables(function)
    large = {_node(inner.name): variable for variable, inner in captured if _is_large(variable)}
    graph = _converted(function, kept=set(large))
    read = large.keys() - _passed_on(graph)
    if len(read) < len(large):  # what goes into loops and the like is TensorFlow's to convert
        graph = _converted(function, kept=read)
    # both are flattened in the order of the sorted names
    names = sorted(function.structured_input_signature[1])
    keys = sorted(function.structured_outputs)
    inputs, outputs = function.inputs[: len(names)], function.outputs
    numbers = _with_constants(graph, {name: large[name] for name in read})
    whole = taken_apart(_inlined(graph, [*inputs, *outputs]))
    return FrozenGraph(
        graph=StrippedGraph(definition=whole.definition, numbers={**whole.numbers, **numbers}),
        inputs={name: _node(t.name) for name, t in zip(names, inputs, strict=True)},
        outputs={key: t.name for key, t in zip(keys, outputs, strict=True)},
    )


def _captured_variables(function: Any) -> Iterator[tuple[Any, Any]]:
    """Each variable and the tensor that stands for it inside."""
    variables = {id(variable.handle): variable for variable in function.graph.variables}
    for outer, inner in function.graph.captures:
        if id(outer) in variables:
            yield variables[id(outer)], inner


def _is_large(variable: Any) -> bool:
    elements = variable.shape.num_elements() or 0  # None where the shape is free
    return bool(variable.dtype != tensorflow().string) and elements * variable.dtype.size >= LARGE


def _converted(function: Any, *, kept: AbstractSet[str]) -> Any:
    """The GraphDef with all variables as constants but those ``kept``, by names of their
    placeholders."""
    # no public function leaves variables out, or gives the graph without making a function of it
    from tensorflow.python.framework import convert_to_constants as convert

    data = convert._FunctionConverterDataInEager(  # noqa: SLF001
        func=function,
        lower_control_flow=False,
        aggressive_inlining=False,
        variable_names_denylist=kept,
    )
    return convert._replace_variables_by_constants(data)[0]  # noqa: SLF001


def _inlined(graph: Any, ends: Sequence[Any]) -> Any:
    """With the bodies of functions that XLA was to compile as well, such as Keras makes of
    convolutions in groups: TensorFlow's converter leaves them calls."""
    from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
    from tensorflow.python.grappler import tf_optimizer

    if not any(
        function.attr[XLA].b for function in graph.library.function if XLA in function.attr
    ):
        return graph
    for nodes in [graph.node, *(function.node_def for function in graph.library.function)]:
        for node in nodes:
            node.attr.pop(XLA, None)
    for function in graph.library.function:
        if function.attr.pop(XLA, None) is not None:
            function.attr.pop("_noinline", None)
    whole = meta_graph_pb2.MetaGraphDef(graph_def=graph)
    # the optimizer asks here for what it must not rename
    whole.collection_def["train_op"].node_list.value.extend(tensor.name for tensor in ends)
    config = config_pb2.ConfigProto()
    config.graph_options.rewrite_options.min_graph_nodes = -1
    config.graph_options.rewrite_options.optimizers.append("function")
    return tf_optimizer.OptimizeGraph(config, whole)


def _passed_on(graph: Any) -> set[str]:
    """The nodes that others do more with than read a variable."""
    others = (node for node in graph.node if node.op != "ReadVariableOp")
    return {_node(tensor) for node in others for tensor in node.input}


def _with_constants(graph: Any, variables: Mapping[str, Any]) -> dict[str, Callable[[], Array]]:
    """Turn the placeholders of ``variables`` into constants, and what reads them into identities;
    the numbers of the constants."""
    for node in graph.node:
        if node.op == "ReadVariableOp" and _node(node.input[0]) in variables:
            node.op = "Identity"
            node.attr["T"].CopyFrom(node.attr["dtype"])
            del node.attr["dtype"]
        elif node.name in variables:
            _make_constant(node, variables[node.name])
    return {name: _bytes_of(variable) for name, variable in variables.items()}


def _make_constant(node: Any, variable: Any) -> None:
    code = variable.dtype.as_datatype_enum
    node.op = "Const"
    node.attr.clear()
    node.attr["dtype"].type = code
    tensor = node.attr["value"].tensor
    tensor.dtype = code
    tensor.tensor_shape.CopyFrom(variable.shape.as_proto())


def _bytes_of(variable: Any) -> Callable[[], Array]:
    import numpy as np

    return lambda: np.ascontiguousarray(variable.numpy()).reshape(-1).view(np.uint8)


def _fixed(tf: Any, signature: Any, specs: Sequence[TensorSpec]) -> Any:
    """The signature traced anew for the shapes asked for."""
    arguments = {s.name: tf.TensorSpec(s.shape, s.dtype, name=s.name) for s in specs}

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def serve(**given: Any) -> Any:
        return signature(**given)

    return serve.get_concrete_function(**arguments)


def _freeze_session(tf: Any, folder: Path, tags: list[str], signature: Any) -> FrozenGraph:
    """TensorFlow 1's way, whose variables may be no resources."""
    v1 = tf.compat.v1
    inputs = {key: _node(info.name) for key, info in signature.inputs.items()}
    outputs = {key: info.name for key, info in signature.outputs.items()}
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session, quiet():
        v1.saved_model.load(session, tags, str(folder))
        frozen = v1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), [_node(tensor) for tensor in outputs.values()]
        )
    return FrozenGraph(graph=taken_apart(frozen), inputs=inputs, outputs=outputs)


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
