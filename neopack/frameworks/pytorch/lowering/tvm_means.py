"""Means of large planes, as means of lines: TVM adds all numbers of a mean to one sum, in turn.

Of 112x112 equal numbers, such as zeros become behind a convolution, the mean of TVM 0.9 is 6e-5
off; that of the means of its lines is 1e-6 off, as PyTorch's own is.
"""

from __future__ import annotations

import math
from typing import Any

from neopack.frameworks.pytorch.lowering.graphs import integers
from neopack.frameworks.pytorch.lowering.indexing import call

__all__ = ["axes_of", "write"]

# numbers in one sum; squeeze and excite passes its error on, from block to block: with means of
# 14x14 in one sum, regnet_y_1_6gf is 1.1e-4 off, with those of lines 7.6e-5
LARGE = 128
PLANE = [-2, -1]


def axes_of(node: Any) -> list[int]:
    """The axes of a mean over several that is over many numbers; none of another node."""
    kind = node.kind()
    if kind == "aten::adaptive_avg_pool2d":
        axes = PLANE if integers(node.inputsAt(1)) == [1, 1] else []
    elif kind == "aten::mean" and node.schema().startswith("aten::mean.dim("):
        has_dtype = node.inputsAt(3).type().kind() != "NoneType"
        axes = [] if has_dtype else integers(node.inputsAt(1))
    else:
        return []
    value = node.inputsAt(0)
    sizes = value.type().sizes() if value.type().kind() == "TensorType" else None
    if sizes is None or len(axes) < 2 or None in (sizes[axis] for axis in axes):
        return []
    return axes if math.prod(sizes[axis] for axis in axes) > LARGE else []


def write(graph: Any, node: Any) -> Any:
    """One mean for each axis, the last one first."""
    keeps = node.kind() == "aten::adaptive_avg_pool2d" or bool(node.inputsAt(2).toIValue())
    mean, axes = node.inputsAt(0), axes_of(node)
    rank = len(mean.type().sizes())
    for axis in sorted((axis % rank for axis in axes), reverse=True):
        mean = call(graph, "mean", mean, [axis], keeps, None)
    return mean
