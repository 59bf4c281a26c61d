"""Calls that an old PyTorch loads and cannot compute, or computes otherwise, which the types of
their arguments do not tell: ``aten::lstm(proj_size)``.

``facts`` has since when each is right. The code of a file tells them, and the node of a graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["BICUBIC", "INDEX", "PROJECTED", "CodeCalls", "of_node"]

BICUBIC, PROJECTED = "aten::grid_sampler(bicubic)", "aten::lstm(proj_size)"
# of equal values, which has the median
INDEX = "aten::median(index)"
PROJECTION = "weight_hr_l"  # the name of nn.LSTM for that weight
# matrices and biases of a layer in one direction
WEIGHTS = 2


class CodeCalls:
    """Finds them in the statements of a function."""

    def __init__(self) -> None:
        self._indices: set[str] = set()

    def read(self, tokens: Sequence[str], attributes: Iterable[str]) -> list[str]:
        """Those of the next statement, in a method of an object with these ``attributes``."""
        if not self._indices.isdisjoint(tokens):
            self._indices.clear()
            return [INDEX]
        if tokens[1:2] == [","] and tokens[3:5] == ["=", "torch.median"]:
            self._indices.add(tokens[2])
        if "torch.lstm" in tokens and any(name.startswith(PROJECTION) for name in attributes):
            return [PROJECTED]
        return [BICUBIC] if _is_bicubic(tokens) else []


def _is_bicubic(tokens: Sequence[str]) -> bool:
    """``torch.grid_sampler(input, grid, 2, ...)``, whose first arguments are names."""
    at = tokens.index("torch.grid_sampler") if "torch.grid_sampler" in tokens else len(tokens)
    return list(tokens[at + 3 : at + 8 : 2]) == [",", ",", ","] and tokens[at + 6] == "2"


def of_node(node: Any) -> str:
    """The one that a node is, "" if none."""
    if node.kind() == "aten::grid_sampler" and _constant(node, 2) == 2:
        return BICUBIC
    return PROJECTED if node.kind() == "aten::lstm" and _is_projected(node) else ""


def _is_projected(node: Any) -> bool:
    """Whether each layer has a weight more than the matrices and biases."""
    weights, has_biases, layers = node.inputsAt(2).node(), _constant(node, 3), _constant(node, 4)
    if weights.kind() != "prim::ListConstruct" or has_biases is None or not layers:
        return False  # packed sequences take their arguments elsewhere
    both = _constant(node, 7) is True
    return bool(weights.inputsSize() // (layers * (1 + both)) % (WEIGHTS * (1 + has_biases)))


def _constant(node: Any, place: int) -> Any:
    value = node.inputsAt(place)
    return value.toIValue() if value.node().kind() == "prim::Constant" else None
