"""Nodes of a graph written in place of others, with what is known of shapes and constants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from neopack.frameworks.tensorflow.tensorflow_module import tensorflow

__all__ = ["FLOAT", "INT32", "NodeWriter", "OldNode", "shapes_of"]

FLOAT, INT32, INT64, BOOL = 1, 3, 9, 10
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OldNode:
    """A node, and the shapes of its inputs where every dim is known."""

    definition: Any
    shapes: tuple[Shape | None, ...]

    @property
    def name(self) -> str:
        return str(self.definition.name)

    @property
    def inputs(self) -> list[str]:
        return [tensor for tensor in self.definition.input if not tensor.startswith("^")]

    @property
    def is_of_floats(self) -> bool:
        return bool(self.definition.attr["T"].type == FLOAT)


@dataclass(slots=True)
class NodeWriter:
    """Collects the nodes that are written for one; ``constants`` are those of the graph that are
    not too large, by name."""

    constants: Mapping[str, Any]
    taken: set[str]
    nodes: list[Any] = field(default_factory=list)

    def constant_of(self, tensor: str) -> Any:
        """The values of a constant, or None."""
        node = self.constants.get(tensor.partition(":")[0])
        return None if node is None else tensorflow().make_ndarray(node.attr["value"].tensor)

    def add(self, op: str, inputs: Sequence[str], name: str, **attributes: int | bool) -> str:
        """The tensor of a new node. Numbers are types where the attribute is one."""
        from tensorflow.core.framework import node_def_pb2

        node = node_def_pb2.NodeDef(name=self._own(name), op=op, input=inputs)
        for key, value in attributes.items():
            if isinstance(value, bool):
                node.attr[key].b = value
            elif key in ("N", "axis", "num") or key.endswith("_mask"):
                node.attr[key].i = value
            else:
                node.attr[key].type = value
        self.nodes.append(node)
        return str(node.name)

    def constant(self, values: Any, name: str, dtype: str = "float32") -> str:
        import numpy as np

        tensor = tensorflow().make_tensor_proto(np.asarray(values, dtype))
        made = self.add("Const", (), name, dtype=tensor.dtype)
        self.nodes[-1].attr["value"].tensor.CopyFrom(tensor)
        return made

    def reshape(self, x: str, shape: Sequence[int], name: str, kind: int = FLOAT) -> str:
        sizes = self.constant(shape, name + "/shape", "int32")
        return self.add("Reshape", [x, sizes], name, T=kind, Tshape=INT32)

    def transpose(self, x: str, order: Sequence[int], name: str) -> str:
        axes = self.constant(order, name + "/perm", "int32")
        return self.add("Transpose", [x, axes], name, T=FLOAT, Tperm=INT32)

    def product(self, left: str, right: str, name: str) -> str:
        """Of two matrices."""
        return self.add(
            "MatMul", [left, right], name, T=FLOAT, transpose_a=False, transpose_b=False
        )

    def take(self, x: str, places: Sequence[int], axis: int, name: str) -> str:
        """The elements at these places along an axis."""
        indices = self.constant(places, name + "/indices", "int32")
        along = self.constant(axis, name + "/axis", "int32")
        return self.add("GatherV2", [x, indices, along], name,
                        Tparams=FLOAT, Tindices=INT32, Taxis=INT32)  # fmt: skip

    def finish(self, name: str) -> None:
        """Let the last node have the name of the one that it stands for."""
        self.nodes[-1].name = name

    def _own(self, name: str) -> str:
        own, count = name, 0
        while own in self.taken:
            count += 1
            own = f"{name}_{count}"
        self.taken.add(own)
        return own


def shapes_of(graph: Any) -> Mapping[str, tuple[int | None, ...] | None]:
    """The shape of each tensor, as TensorFlow infers it, by name; None where it has none."""
    tf = tensorflow()
    with tf.Graph().as_default() as imported:
        tf.import_graph_def(graph, name="")
    return dict(_shapes(imported))


def _shapes(graph: Any) -> Iterator[tuple[str, tuple[int | None, ...] | None]]:
    for operation in graph.get_operations():
        for tensor in operation.outputs:
            known = tensor.shape.rank is not None
            yield tensor.name, tuple(tensor.shape.as_list()) if known else None
