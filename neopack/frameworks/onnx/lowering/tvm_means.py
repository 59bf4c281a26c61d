"""Means of large planes, as means of lines: TVM adds all numbers of a mean to one sum, in turn.

Of 112x112 equal numbers, such as zeros become behind a convolution, the mean of TVM 0.9 is 6e-5
off, and that of the means of its lines 1e-6. Each rewrite gives "" for a node that it leaves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from neopack.frameworks.onnx.lowering.rewrite_site import Site

__all__ = ["MEANS"]

# numbers in one sum; squeeze and excite passes its error on, from block to block
LARGE = 128
# dims before those of the plane: batch and channels
OUTER = 2
# the opset from which on the axes are an input
AXES_INPUT = 18


def global_average_pool(site: Site) -> str:
    return _of_lines(site, range(OUTER, len(site.shape())), keepdims=1)


def reduce_mean(site: Site) -> str:
    if site.values.opset >= AXES_INPUT:
        return ""
    shape = site.shape()
    axes = [axis % len(shape) for axis in site.attribute("axes", range(len(shape)))]
    return _of_lines(site, axes, keepdims=site.attribute("keepdims", 1))


def _of_lines(site: Site, axes: Sequence[int], *, keepdims: int) -> str:
    shape = site.shape()
    if len(axes) < 2 or math.prod(shape[axis] for axis in axes) <= LARGE:
        return ""
    *inner, first = sorted(axes, reverse=True)
    mean = site.input(0)
    for axis in inner:
        mean = site.emit("ReduceMean", mean, axes=[axis], keepdims=keepdims)
    site.emit("ReduceMean", mean, axes=[first], keepdims=keepdims, into=site.output(0))
    return "a mean of the means of lines"


MEANS: Mapping[str, Callable[[Site], str]] = {
    "GlobalAveragePool": global_average_pool,
    "ReduceMean": reduce_mean,
}
