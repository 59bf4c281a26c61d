"""Operators over windows, in forms that TVM's importer takes: pools and transposed convolutions
with their pads written out. Each rewrite gives "" for a node that it leaves."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from neopack.frameworks.onnx.lowering.rewrite_site import Site

__all__ = ["WINDOWS"]

# dims before those that a window moves along: batch and channels
OUTER = 2
# the number of such dims for which TVM finds the pads itself
PLANE = 2
# the opset from which on the pads of Pad are an input
PAD_INPUTS = 11
SAME = ("SAME_UPPER", "SAME_LOWER")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """Sizes along each dim that the window moves along. ``mode`` is auto_pad."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    mode: str

    @property
    def reach(self) -> tuple[int, ...]:
        """How many elements the kernel extends over."""
        pairs = zip(self.kernel, self.dilations, strict=True)
        return tuple((size - 1) * apart + 1 for size, apart in pairs)


def _window(site: Site, kernel: Sequence[int]) -> _Window:
    ones = [1] * len(kernel)
    return _Window(
        kernel=tuple(kernel),
        strides=tuple(site.attribute("strides", ones)),
        dilations=tuple(site.attribute("dilations", ones)),
        mode=site.attribute("auto_pad", "NOTSET"),
    )


def _pads(site: Site, window: _Window) -> list[int]:
    """Those that auto_pad means: all at the beginnings, then all at the ends."""
    if window.mode not in SAME:
        stated = site.attribute("pads", [0] * 2 * len(window.kernel))
        return list(stated) if window.mode == "NOTSET" else [0] * 2 * len(window.kernel)
    sizes = zip(site.shape()[OUTER:], window.strides, window.reach, strict=True)
    totals = [
        max((math.ceil(size / stride) - 1) * stride + reach - size, 0)
        for size, stride, reach in sizes
    ]
    return _split(totals, window.mode)


def _split(totals: Sequence[int], mode: str) -> list[int]:
    less, more = ([total // 2 for total in totals], [-(-total // 2) for total in totals])
    return [*less, *more] if mode == "SAME_UPPER" else [*more, *less]


def pool(site: Site) -> str:
    """Along one dim: that of a plane of one column, whose pads all importers read. With ceil_mode:
    with the pads of its windows, as TVM leaves out none that starts in the pads."""
    kernel = site.attribute("kernel_shape", ())
    window = _window(site, kernel)
    if site.output(1) or any(apart != 1 for apart in window.dilations):
        return ""
    pads, rounds_up = _pads(site, window), site.attribute("ceil_mode", 0)
    leaves_out = any(pads) or any(map(operator.lt, window.kernel, window.strides))
    used = None
    if rounds_up and leaves_out and window.mode == "NOTSET":
        used = _used_pads(site, window, pads)
    if len(kernel) == 1:
        return _along_plane(site, window, used or pads, rounds_up if used is None else 0)
    if used is None:
        return ""
    site.keep(attributes={"pads": used, "ceil_mode": 0})
    return "its windows written out"


def _used_pads(site: Site, window: _Window, pads: list[int]) -> list[int] | None:
    """Those of the windows that ceil_mode means; None where a mean counts what is beyond the
    stated ones."""
    dims = len(window.kernel)
    sizes = [size + before for size, before in zip(site.shape()[OUTER:], pads, strict=False)]
    axes = zip(sizes, pads[dims:], window.strides, window.reach, strict=True)
    ends = [_used_end(*axis) for axis in axes]
    counted = site.attribute("count_include_pad", 0)
    wider = any(end > after for end, after in zip(ends, pads[dims:], strict=True))
    return None if counted and wider else [*pads[:dims], *ends]


def _used_end(size: int, after: int, stride: int, reach: int) -> int:
    """The pads at the end, of ``size`` elements and pads before. A last window starts before."""
    last = math.ceil((size + after - reach) / stride)
    last -= last * stride >= size
    return max(last * stride + reach - size, 0)


def _along_plane(site: Site, window: _Window, pads: list[int], rounds_up: int) -> str:
    before, after = pads
    plane = site.emit("Reshape", site.input(0), _sizes(site, [*site.shape(), 1], "plane"))
    stated: dict[str, Any] = {
        "kernel_shape": [*window.kernel, 1], "strides": [*window.strides, 1],
        "pads": [before, 0, after, 0],
        "ceil_mode": rounds_up,
    }  # fmt: skip
    if site.node.op_type == "AveragePool":
        stated["count_include_pad"] = site.attribute("count_include_pad", 0)
    pooled = site.emit(site.node.op_type, plane, **stated)
    line = _sizes(site, [*site.shape()[:OUTER], -1], "line")
    site.emit("Reshape", pooled, line, into=site.output(0))
    return "along a plane"


def _sizes(site: Site, values: Sequence[int], what: str) -> str:
    import numpy as np

    return site.weight(np.array(values, np.int64), what)


def lp_pool(site: Site) -> str:
    """The root of a sum of powers, which is a mean times the size of the window."""
    kernel = site.attribute("kernel_shape", ())
    window = _window(site, kernel)
    pads = _pads(site, window)
    if len(kernel) == PLANE and not any(pads) and window.mode == "NOTSET":
        return ""
    power = site.attribute("p", 2)
    powers = site.emit("Abs", site.input(0))
    if power != 1:
        powers = site.emit("Pow", powers, site.number(power, "p"))
    strides = list(window.strides)
    means = site.emit(
        "AveragePool", powers, kernel_shape=list(kernel), strides=strides, pads=pads,
        count_include_pad=1,
    )  # fmt: skip
    size = site.number(math.prod(kernel), "size")
    if power == 1:
        site.emit("Mul", means, size, into=site.output(0))
    else:
        sums = site.emit("Mul", means, size)
        site.emit("Pow", sums, site.number(1 / power, "root"), into=site.output(0))
    return "the root of a mean"


def conv_transpose(site: Site) -> str:
    """Pads for auto_pad, and a kernel with zeros between its elements for dilations."""
    shape = site.shape(1)
    window = _window(site, shape[OUTER:])
    is_same = window.mode in SAME and not site.attribute("output_shape", ())
    is_dilated = any(apart != 1 for apart in window.dilations)
    is_dilated &= site.values.opset >= PAD_INPUTS
    if not is_same and not is_dilated:
        return ""
    inputs, attributes = list(site.node.input), {}
    if is_dilated:
        inputs[1] = _dilated(site, shape, window)
        attributes["kernel_shape"] = list(window.reach)
    if is_same:
        attributes["pads"] = _same_pads(site, window)
    left_out = ("dilations", *(["auto_pad"] if is_same else ()))
    site.keep(inputs=inputs, without=left_out, attributes=attributes)
    return "with pads and kernel written out"


def _same_pads(site: Site, window: _Window) -> list[int]:
    """So that the output is as large as the input, times the stride; smaller where the kernel is
    smaller than the stride, as ONNX Runtime has it."""
    extra = site.attribute("output_padding", [0] * len(window.kernel))
    sizes = zip(extra, window.reach, window.strides, strict=True)
    return _split([max(more + reach - stride, 0) for more, reach, stride in sizes], window.mode)


def _dilated(site: Site, shape: Sequence[int], window: _Window) -> str:
    sizes = partial(_sizes, site)
    outer, kernel = list(shape[:OUTER]), window.kernel
    apart = [each for size in kernel for each in (size, 1)]
    rows = site.emit("Reshape", site.input(1), sizes([*outer, *apart], "apart"))
    after = [each for gap in window.dilations for each in (0, gap - 1)]
    pads = [0] * (OUTER + len(apart)) + [0] * OUTER + after
    padded = site.emit("Pad", rows, sizes(pads, "pads"))
    wide = [size * gap for size, gap in zip(kernel, window.dilations, strict=True)]
    spread = site.emit("Reshape", padded, sizes([*outer, *wide], "wide"))
    axes = [OUTER + at for at in range(len(kernel))]
    return site.emit(
        "Slice", spread, sizes([0] * len(kernel), "starts"), sizes(window.reach, "ends"),
        sizes(axes, "axes"),
    )  # fmt: skip


WINDOWS: Mapping[str, Callable[[Site], str]] = {
    "AveragePool": pool,
    "ConvTranspose": conv_transpose,
    "LpPool": lp_pool,
    "MaxPool": pool,
}
