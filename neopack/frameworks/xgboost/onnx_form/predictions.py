"""From margins to predictions, in ONNX's operators of version 12."""

from __future__ import annotations

from collections.abc import Sequence

from neopack.errors import Unsupported
from neopack.formats.onnx_write import OnnxConstant, OnnxNode, OnnxType
from neopack.frameworks.xgboost.answers import MARGIN, PREDICTION, TRANSFORMS

__all__ = ["constants", "transformed"]

ONE, ZERO = "one", "zero"


def constants() -> tuple[OnnxConstant, ...]:
    """What the nodes below compute with."""
    import numpy as np

    numbers = {ONE: np.float32(1), ZERO: np.float32(0)}
    return tuple(
        OnnxConstant(name=name, type=OnnxType.FLOAT, shape=(), data=number.tobytes())
        for name, number in numbers.items()
    )


def transformed(objective: str) -> Sequence[OnnxNode]:
    """Nodes from ``margin`` to ``prediction``. Raises ``Unsupported`` for an objective that is not
    XGBoost 3.2's."""
    transform = TRANSFORMS.get(objective)
    if transform == "":
        return [_node("Identity", MARGIN, PREDICTION)]
    if transform == "exp":
        return [_node("Exp", MARGIN, PREDICTION)]
    if transform == "sigmoid":
        return _logistic()
    if transform == "softmax":
        return [_node("Softmax", MARGIN, PREDICTION, axis=1)]
    if transform == "argmax":
        largest = _node("ArgMax", MARGIN, "class", axis=1, keepdims=0)
        return [largest, _node("Cast", "class", PREDICTION, to=OnnxType.FLOAT)]
    if transform == "step":
        above = OnnxNode(operator="Greater", inputs=(MARGIN, ZERO), outputs=("above",))
        return [above, _node("Cast", "above", PREDICTION, to=OnnxType.FLOAT)]
    raise Unsupported(
        f"what {objective} makes of its trees is not known here",
        hint="neopack run computes it in XGBoost itself",
    )


def _logistic() -> list[OnnxNode]:
    """1 / (1 + exp(-x)): ONNX Runtime's own Sigmoid ends at 1.5e-8, where XGBoost's goes on."""
    return [
        _node("Neg", MARGIN, "turned"),
        _node("Exp", "turned", "power"),
        OnnxNode(operator="Add", inputs=("power", ONE), outputs=("whole",)),
        _node("Reciprocal", "whole", PREDICTION),
    ]


def _node(operator: str, source: str, target: str, **attributes: int) -> OnnxNode:
    return OnnxNode(operator=operator, inputs=(source,), outputs=(target,), attributes=attributes)
