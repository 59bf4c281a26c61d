"""One node being rewritten: its inputs, their types, and the nodes that replace it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neopack.frameworks.onnx.lowering.value_info import Values
from neopack.values.artifact import Array

__all__ = ["NotInOnnx", "Site", "UniqueNames"]


class NotInOnnx(Exception):
    """The older ONNX has nothing for ``what``; ``instead`` says what to use."""

    def __init__(self, what: str, instead: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.instead = instead


class UniqueNames:
    """Names for values that no value of the model has, the same ones each time."""

    def __init__(self, used: set[str]) -> None:
        self._taken = used

    def new(self, name: str) -> str:
        unique, count = name, 1
        while unique in self._taken:
            count += 1
            unique = f"{name}_{count}"
        self._taken.add(unique)
        return unique


class Site:
    """``emit`` adds a node, ``keep`` the node itself with changes, ``weight`` a constant."""

    def __init__(self, node: Any, values: Values, names: UniqueNames, version: int) -> None:
        self.node = node
        self.values = values
        self.version = version
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self._names = names
        self._given = {attribute.name: attribute for attribute in node.attribute}

    def input(self, place: int) -> str:
        """The name of an input, "" where it was left out."""
        return self.node.input[place] if place < len(self.node.input) else ""

    def output(self, place: int) -> str:
        return self.node.output[place] if place < len(self.node.output) else ""

    def attribute(self, name: str, default: Any) -> Any:
        from onnx import helper

        if name not in self._given:
            return default
        value = helper.get_attribute_value(self._given[name])
        return value.decode() if isinstance(value, bytes) else value

    def constant(self, place: int, what: str) -> Array:
        """What an input always is; ``NotInOnnx`` where that depends on the data."""
        value = self.values.constant(self.input(place))
        if value is None:
            raise NotInOnnx(
                f"{self.node.op_type} whose {what} is computed by the model", f"a constant {what}"
            )
        return value

    def rank(self, place: int = 0) -> int:
        return self._rank(self.input(place))

    def output_rank(self, place: int = 0) -> int:
        return self._rank(self.output(place))

    def _rank(self, name: str) -> int:
        rank = self.values.rank(name)
        if rank is None:
            raise NotInOnnx(
                f"{self.node.op_type} on a tensor of unknown rank",
                "an export whose shapes are known",
            )
        return rank

    def shape(self, place: int = 0) -> tuple[int, ...]:
        return self.shape_of(self.input(place))

    def output_shape(self, place: int = 0) -> tuple[int, ...]:
        return self.shape_of(self.output(place))

    def shape_of(self, name: str) -> tuple[int, ...]:
        """The shape of a value that the model has; ``NotInOnnx`` where a dim is free."""
        shape = self.values.fixed_shape(name)
        if shape is None:
            raise NotInOnnx(
                f"{self.node.op_type} on a tensor of unknown shape",
                "an export whose shapes are known",
            )
        return shape

    def dtype(self, place: int = 0) -> int:
        element_type = self.values.dtype(self.input(place))
        if element_type is None:
            raise NotInOnnx(
                f"{self.node.op_type} on a tensor of unknown type",
                "an export whose types are known",
            )
        return element_type

    def emit(self, operator: str, *inputs: str, into: str = "", **attributes: Any) -> str:
        """Add a node of one output; returns the name of its value."""
        from onnx import helper

        output = into or self._names.new(f"{self._base()}/{operator}")
        name = self.node.name if into == self.node.output[0] else self._named(operator)
        self.nodes.append(
            helper.make_node(operator, list(inputs), [output], name=name, **attributes)
        )
        return output

    def keep(
        self,
        *,
        inputs: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
        without: Sequence[str] = (),
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        """Add the node itself, with these changes."""
        import onnx

        new = dict(attributes or {})
        node = onnx.NodeProto()
        node.CopyFrom(self.node)
        if inputs is not None:
            del node.input[:]
            node.input.extend(inputs)
        if outputs is not None:
            del node.output[:]
            node.output.extend(outputs)
            if node.output[0] != self.node.output[0]:
                node.name = self._named(node.op_type)
        kept = [a for a in self.node.attribute if a.name not in {*without, *new}]
        del node.attribute[:]
        node.attribute.extend(kept)
        node.attribute.extend(onnx.helper.make_attribute(name, new[name]) for name in new)
        self.nodes.append(node)

    def fresh(self, what: str) -> str:
        """A name for a value that is still to be made."""
        return self._names.new(f"{self._base()}/{what}")

    def wide(self, kind: int) -> int:
        """The integer type that holds those of ``kind``, of the two that all operators took."""
        from onnx import TensorProto

        if kind in (TensorProto.INT64, TensorProto.UINT32):
            return int(TensorProto.INT64)
        if kind == TensorProto.UINT64:
            raise NotInOnnx(f"{self.node.op_type} of uint64", "int64")
        return int(TensorProto.INT32)

    def weight(self, array: Array, what: str) -> str:
        """Add a constant; returns its name."""
        from onnx import numpy_helper

        name = self._names.new(f"{self._base()}/{what}")
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def number(self, value: float, what: str, dtype: int | None = None) -> str:
        """Add a scalar of the dtype of the first input, or of ``dtype``."""
        import numpy as np
        from onnx import helper

        kind = helper.tensor_dtype_to_np_dtype(self.dtype() if dtype is None else dtype)
        return self.weight(np.array(value, kind), what)

    def _named(self, operator: str) -> str:
        """A name for a node that says which node of the model it is a part of."""
        return self._names.new(f"{self.node.name or self._base()}/{operator}")

    def _base(self) -> str:
        return str(next(name for name in self.node.output if name))
