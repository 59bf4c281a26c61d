"""What the operators of a symbol are written with: their attributes, and the ONNX graph so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neopack.errors import Unsupported
from neopack.formats.onnx_write import Attribute, OnnxConstant, OnnxNode, OnnxType
from neopack.frameworks.mxnet.symbol import SymbolNode
from neopack.frameworks.mxnet.symbol_graph import numbers
from neopack.values.artifact import Array

__all__ = ["Call", "Graph", "not_written", "onnx_type"]

TYPES = {
    "float32": OnnxType.FLOAT,
    "uint8": OnnxType.UINT8,
    "int8": OnnxType.INT8,
    "int32": OnnxType.INT32,
    "int64": OnnxType.INT64,
    "bool": OnnxType.BOOL,
    "float16": OnnxType.FLOAT16,
    "float64": OnnxType.DOUBLE,
}
# they say how MXNet computes, how it trained, or how many inputs are listed
UNREAD = frozenset((
    "workspace", "cudnn_tune", "cudnn_off", "cudnn_algo_verbose", "num_args", "num_filter",
    "num_hidden", "momentum", "use_global_stats", "lr_mult", "wd_mult", "force_mirroring",
    "grad_scale", "ignore_label", "use_ignore", "out_grad", "normalization", "smooth_alpha",
    "key_var_num_args", "ctx", "ctx_group", "input_dim", "output_dim", "sparse_grad",
    "output_mean_var", "valid_thresh", "p",
))  # fmt: skip
ABSENT = ("None", "")


def not_written(node: SymbolNode, why: str) -> Unsupported:
    return Unsupported(
        f"{node.op} ({node.name}) is not written as ONNX: {why}",
        hint="neopack compile --engine tvm",
    )


def onnx_type(dtype: str, node: SymbolNode) -> OnnxType:
    """Raises ``Unsupported`` for a dtype that is not written."""
    if dtype not in TYPES:
        raise not_written(node, f"it is of {dtype}")
    return TYPES[dtype]


class Call:
    """A node of the symbol with the ONNX names of its ``inputs``. It knows which of its attributes
    were read: one that was not may change what the operator computes."""

    def __init__(self, node: SymbolNode, inputs: Sequence[str]) -> None:
        self.node, self.inputs = node, tuple(inputs)
        self._unread = {name for name in node.attributes if not name.startswith("__")} - UNREAD

    def text(self, name: str, default: str = "") -> str:
        self._unread.discard(name)
        value = self.node.attributes.get(name, default)
        return default if value in ABSENT else value

    def flag(self, name: str, default: bool = False) -> bool:
        return self.text(name, str(default)).lower() in ("true", "1")

    def number(self, name: str, default: float) -> float:
        text = self.text(name, str(default))
        try:
            return float(text)
        except ValueError:
            raise self.refused(f"{name} is {text!r:.40}") from None

    def integers(self, name: str, default: Sequence[int] = ()) -> tuple[int, ...]:
        text = self.text(name)
        return numbers(text) if text else tuple(default)

    def integer(self, name: str, default: int) -> int:
        values = self.integers(name, (default,))
        return values[0] if values else default

    def refuse_unread(self) -> None:
        if self._unread:
            name = min(self._unread)
            raise self.refused(f"{name} is {self.node.attributes[name]!r:.40}")

    def refused(self, why: str) -> Unsupported:
        return not_written(self.node, why)


class Graph:
    """The ONNX nodes so far; values get names of their own."""

    def __init__(self, shapes: Mapping[str, Sequence[int]]) -> None:
        """``shapes`` are those of the parameters, by name."""
        self.nodes: list[OnnxNode] = []
        self.constants: list[OnnxConstant] = []
        self.shapes = shapes
        self._count = 0

    def add(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """A node with one output, whose name is returned."""
        return self.split(operator, 1, *inputs, **attributes)[0]

    def split(
        self, operator: str, outputs: int, *inputs: str, **attributes: Attribute
    ) -> list[str]:
        names = [self._name() for _ in range(outputs)]
        self.nodes.append(
            OnnxNode(operator=operator, inputs=inputs, outputs=tuple(names), attributes=attributes)
        )
        return names

    def constant(self, values: Any, dtype: str = "float32") -> str:
        import numpy as np

        array: Array = np.asarray(values, dtype)
        self.constants.append(
            OnnxConstant(
                name=(name := self._name()),
                type=TYPES[dtype],
                shape=array.shape,
                data=array.tobytes(),
            )
        )
        return name

    def integers(self, values: Sequence[int]) -> str:
        return self.constant(values, "int64")

    def type(self, dtype: str, call: Call | None = None) -> OnnxType:
        """Raises ``Unsupported`` for one that is not written, where a ``call`` asks."""
        return onnx_type(dtype, call.node) if call is not None else TYPES[dtype]

    def _name(self) -> str:
        self._count += 1
        # no name of a symbol has a space in it
        return f"value {self._count}"
