"""Pools that round their size up, where TVM keeps a last window that starts in the pads.

PyTorch leaves such a window out, and then a pool that rounds down computes the same.
"""

from __future__ import annotations

import math
from typing import Any

from neopack.frameworks.pytorch.lowering.graphs import integers
from neopack.frameworks.pytorch.lowering.indexing import call

__all__ = ["rounds_down", "write"]

KERNEL, STRIDE, PADS = 1, 2, 3
# the place of ceil_mode; max pools have dilations before it
CEIL = {
    f"aten::{kind}_pool{dims}d": place
    for kind, place in (("avg", 4), ("max", 5))
    for dims in (1, 2, 3)
}


def rounds_down(node: Any) -> bool:
    """Whether it is a pool with ceil_mode that leaves out the last window of each dim that is
    rounded."""
    place = CEIL.get(node.kind())
    if place is None or not node.inputsAt(place).toIValue() or _is_dilated(node, place):
        return False
    sizes, kernel = node.inputsAt(0).type().sizes(), integers(node.inputsAt(KERNEL))
    pads, strides = integers(node.inputsAt(PADS)), integers(node.inputsAt(STRIDE)) or kernel
    dims = int(node.kind()[-2])
    if not sizes or not kernel or not pads or None in sizes[-dims:]:
        return False
    words = (each * dims if len(each) == 1 else each for each in (kernel, strides, pads))
    left_out = [_leaves_out(*axis) for axis in zip(sizes[-dims:], *words, strict=True)]
    return True in left_out and False not in left_out


def _is_dilated(node: Any, place: int) -> bool:
    return place > PADS + 1 and any(each != 1 for each in integers(node.inputsAt(PADS + 1)))


def _leaves_out(size: int, kernel: int, stride: int, pad: int) -> bool | None:
    """None where nothing is rounded."""
    steps = (size + 2 * pad - kernel) / stride
    return None if steps == int(steps) else math.ceil(steps) * stride >= size + pad


def write(graph: Any, node: Any) -> Any:
    arguments = list(node.inputs())
    arguments[CEIL[node.kind()]] = False
    return call(graph, node.kind().removeprefix("aten::"), *arguments)
