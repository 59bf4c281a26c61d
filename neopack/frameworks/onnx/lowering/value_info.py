"""The types, shapes and constants of the values in an ONNX graph, before it is rewritten.

Shapes are those of the inputs that Neo will freeze, so what a graph computes from shapes is known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from neopack.values.artifact import Array
from neopack.values.signature import Shape

__all__ = ["Values", "evaluated", "inferred"]

# constants that say how to compute (axes, sizes, pads) are small; more is weights
SMALL = 4096
# onnx tells no shape for these: to infer what follows they are as good as Identity
_OF_SAME_SHAPE = ("GroupNormalization",)


class Values:
    """The values of one graph, and through ``outer`` of those around it.

    Shape inference writes into each subgraph what it finds there, so ``typed`` is the same graph
    after inference. ``opset`` is the one that its nodes are written in.
    """

    def __init__(self, graph: Any, typed: Any, opset: int, outer: Values | None = None) -> None:
        self.outer = outer
        self.opset = opset
        self._types = {
            info.name: info.type
            for info in (*typed.value_info, *typed.output, *typed.input)
            if info.type.WhichOneof("value") == "tensor_type"
        }
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}
        self._makers = {name: node for node in graph.node for name in node.output if name}

    def learn(self, name: str, kind: Any, maker: Any) -> None:
        """The type (a TypeProto) and the node of a value that the graph did not have before."""
        if kind is not None and kind.WhichOneof("value") == "tensor_type":
            self._types[name] = kind
        self._makers[name] = maker

    def hold(self, tensor: Any) -> None:
        """A constant that the graph did not have before."""
        self._tensors[tensor.name] = tensor

    def type_of(self, name: str) -> Any:
        """The type of a value as a TypeProto, None where it is unknown."""
        from onnx import helper

        if name in self._types:
            return self._types[name]
        if name in self._tensors:
            tensor = self._tensors[name]
            return helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims))
        return self.outer.type_of(name) if self.outer else None

    def tensor(self, name: str) -> Any:
        """A small constant as a TensorProto, None where the value is something else."""
        from onnx import numpy_helper

        value = self.constant(name)
        return None if value is None else numpy_helper.from_array(value, name)

    def dtype(self, name: str) -> int | None:
        """The number of the element type in TensorProto.DataType."""
        if name in self._types:
            return int(self._types[name].tensor_type.elem_type) or None
        if name in self._tensors:
            return int(self._tensors[name].data_type)
        return self.outer.dtype(name) if self.outer else None

    def shape(self, name: str) -> tuple[int | None, ...] | None:
        if name in self._tensors:
            return tuple(self._tensors[name].dims)
        if name in self._types:
            kind = self._types[name].tensor_type
            if not kind.HasField("shape"):
                return None
            return tuple(d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim)
        return self.outer.shape(name) if self.outer else None

    def fixed_shape(self, name: str) -> tuple[int, ...] | None:
        """The shape where no dim of it is free."""
        shape = self.shape(name) or ()
        dims = tuple(dim for dim in shape if dim is not None)
        return dims if self.shape(name) is not None and len(dims) == len(shape) else None

    def rank(self, name: str) -> int | None:
        shape = self.shape(name)
        return None if shape is None else len(shape)

    def maker(self, name: str) -> str:
        """The operator that makes a value, "" for inputs and weights."""
        if name in self._makers:
            return str(self._makers[name].op_type)
        return self.outer.maker(name) if self.outer and name not in self._types else ""

    def stored(self, name: str) -> bool:
        """Whether a value is a weight or a Constant, and not computed or given."""
        return name in self._tensors or self.maker(name) == "Constant"

    def origin(self, name: str, through: Sequence[str]) -> str:
        """The operator behind those of ``through`` that make a value, "" for inputs and
        weights."""
        while self.maker(name) in through and name in self._makers:
            name = self._makers[name].input[0]
        return self.maker(name)

    def constant(self, name: str) -> Array | None:
        """What a value always is, where it can be known and is small."""
        if name in self._tensors:
            return _array(self._tensors[name])
        if name in self._makers:
            return self._computed(self._makers[name], name)
        return self.outer.constant(name) if self.outer and name not in self._types else None

    def _computed(self, node: Any, name: str) -> Array | None:
        import numpy as np

        if node.op_type in ("Shape", "Size"):
            shape = self.fixed_shape(node.input[0])
            if shape is None:
                return None
            if node.op_type == "Size":
                return np.array(math.prod(shape), np.int64)
            attributes = {attribute.name: attribute.i for attribute in node.attribute}
            return np.array(shape[attributes.get("start", 0) : attributes.get("end")], np.int64)
        if node.domain or any(a.g.ByteSize() or a.graphs for a in node.attribute):
            return None
        if node.op_type.startswith(("Random", "Bernoulli", "Multinomial")):
            return None
        size = self.fixed_shape(name)
        if size is None or math.prod(size) > SMALL:
            return None
        given_inputs = {one: self.constant(one) for one in node.input if one}
        if any(value is None for value in given_inputs.values()):
            return None
        return evaluated(node, given_inputs, self.opset).get(name)


def _array(tensor: Any) -> Array | None:
    from onnx import numpy_helper

    if math.prod(tensor.dims) > SMALL or tensor.external_data:
        return None
    array: Array = numpy_helper.to_array(tensor)
    return array


def evaluated(node: Any, inputs: Mapping[str, Any], opset: int) -> dict[str, Array]:
    """What ONNX's own reference says of one node; nothing where it cannot."""
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_value_info(name, helper.make_tensor_type_proto(0, None)) for name in inputs],
        [
            helper.make_value_info(name, helper.make_tensor_type_proto(0, None))
            for name in node.output
            if name
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    try:
        outputs = ReferenceEvaluator(model).run(None, dict(inputs))
    except Exception:  # noqa: BLE001 - it has no class of its own; then the value is not known
        return {}
    return dict(zip((name for name in node.output if name), outputs, strict=False))


def inferred(model: Any, shapes: Mapping[str, Shape]) -> Any:
    """A copy of ``model`` with the type of each value that ONNX can tell, inputs being of
    ``shapes``."""
    import onnx

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for info in copy.graph.input:
        if info.name in shapes:
            kind = info.type.tensor_type
            del kind.shape.dim[:]
            for size in shapes[info.name]:
                kind.shape.dim.add().dim_value = size
    stated = {info.name: info for info in copy.graph.value_info}
    del copy.graph.value_info[:]
    for node in copy.graph.node:
        if node.op_type in _OF_SAME_SHAPE:
            node.CopyFrom(onnx.helper.make_node("Identity", node.input[:1], node.output[:1]))
    for info in copy.graph.output:
        info.type.tensor_type.ClearField("shape")
    typed = onnx.shape_inference.infer_shapes(copy, data_prop=True)
    shaped = {i.name for i in typed.graph.value_info if i.type.tensor_type.HasField("shape")}
    typed.graph.value_info.extend(info for name, info in stated.items() if name not in shaped)
    return typed
