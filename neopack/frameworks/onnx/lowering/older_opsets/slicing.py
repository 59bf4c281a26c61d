"""Slice, Pad, CumSum, DepthToSpace and TopK before they took what they take today.

Source: onnx/onnx docs/Changelog.md (2026).
"""

from __future__ import annotations

from collections.abc import Sequence

from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site

__all__ = [
    "cumulative_sum", "depth_to_space", "pad_by_attributes", "slice_by_attributes",
    "slice_from_the_front", "top_of", "top_of_known",
]  # fmt: skip


def slice_from_the_front(site: Site) -> str:
    """its axes counted from the front"""
    if not site.input(3):
        site.keep()
        return ""
    axes = site.constant(3, "axes")
    if (axes >= 0).all():
        site.keep()
        return ""
    inputs = list(site.node.input)
    inputs[3] = site.weight(axes % site.rank(), "axes")
    site.keep(inputs=inputs)
    return "axes are counted from the front"


def slice_by_attributes(site: Site) -> str:
    """starts, ends and axes are attributes; Gather where a step is not 1"""
    starts = site.constant(1, "starts").reshape(-1).tolist()
    ends = site.constant(2, "ends").reshape(-1).tolist()
    axes = site.constant(3, "axes").tolist() if site.input(3) else list(range(len(starts)))
    steps = site.constant(4, "steps").tolist() if site.input(4) else [1] * len(starts)
    if all(step == 1 for step in steps):
        site.emit("Slice", site.input(0), into=site.output(0), starts=starts, ends=ends, axes=axes)
        return "starts and ends are attributes"
    value, shape = site.input(0), site.shape()
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        value = _picked(site, value, axis, _stepped(shape[axis], start, end, step))
    site.emit("Identity", value, into=site.output(0))
    return "Gather of every step"


def _stepped(size: int, start: int, end: int, step: int) -> range:
    """The places that a slice takes: bounds are clamped otherwise than Python's."""
    start, end = (bound + size if bound < 0 else bound for bound in (start, end))
    if step > 0:
        return range(min(max(start, 0), size), min(max(end, 0), size), step)
    return range(min(max(start, 0), size - 1), min(max(end, -1), size - 1), step)


def _picked(site: Site, value: str, axis: int, places: Sequence[int]) -> str:
    import numpy as np

    return site.emit("Gather", value, site.weight(np.array(places, np.int64), "at"), axis=axis)


def pad_by_attributes(site: Site) -> str:
    """pads and the value are attributes; for integers Gather and Concat"""
    import numpy as np
    from onnx import TensorProto

    mode = site.attribute("mode", "constant")
    pads = site.constant(1, "pads").reshape(2, -1).tolist()
    value = site.constant(2, "value").reshape(-1)[0] if site.input(2) else 0
    kind = site.dtype()
    if kind in (TensorProto.FLOAT, TensorProto.FLOAT16) or (
        kind == TensorProto.DOUBLE and np.float32(value) == value
    ):
        attributes = {"mode": mode, "pads": pads[0] + pads[1], "value": float(value)}
        site.emit("Pad", site.input(0), into=site.output(0), **attributes)
        return "pads are an attribute"
    _padded_by_hand(site, mode, pads, value)
    return "put together by axis"


def _padded_by_hand(site: Site, mode: str, pads: list[list[int]], value: float) -> None:
    import numpy as np
    from onnx import helper

    padded, shape = site.input(0), list(site.shape())
    kind = helper.tensor_dtype_to_np_dtype(site.dtype())
    for axis, (before, after) in enumerate(zip(*pads, strict=True)):
        if before < 0 or after < 0:
            kept = range(shape[axis])[max(-before, 0) : shape[axis] + min(after, 0)]
            padded, shape[axis] = _picked(site, padded, axis, kept), len(kept)
        sides = (max(before, 0), max(after, 0))
        if not any(sides):
            continue
        if mode != "constant":
            padded = _picked(site, padded, axis, _turned(shape[axis], sides, mode))
        else:
            ends = [
                site.weight(np.full([*shape[:axis], size, *shape[axis + 1 :]], value, kind), "pad")
                for size in sides
            ]
            padded = site.emit("Concat", ends[0], padded, ends[1], axis=axis)
        shape[axis] += sum(sides)
    site.emit("Identity", padded, into=site.output(0))


def _turned(size: int, sides: tuple[int, int], mode: str) -> list[int]:
    """Where each element of a padded axis is from; ``mode`` is reflect or edge."""
    places = range(-sides[0], size + sides[1])
    if mode == "edge":
        return [min(max(place, 0), size - 1) for place in places]
    period = max(2 * (size - 1), 1)
    return [min(place % period, period - place % period) if size > 1 else 0 for place in places]


def cumulative_sum(site: Site) -> str:
    """sums of ever longer shifts"""
    axis = int(site.constant(1, "axis").reshape(-1)[0]) % site.rank()
    value, size = site.input(0), site.shape()[axis]
    if site.attribute("exclusive", 0):
        value = _shifted(site, value, axis, 1)
    step = 1
    while step < size:
        value = site.emit("Add", value, _shifted(site, value, axis, step))
        step *= 2
    site.emit("Identity", value, into=site.output(0))
    return "sums of ever longer shifts"


def _shifted(site: Site, value: str, axis: int, by: int) -> str:
    """The values moved on by some places, zeros where they were."""
    import numpy as np
    from onnx import helper

    shape = list(site.shape())
    back = site.attribute("reverse", 0)
    bounds = (by, shape[axis]) if back else (0, shape[axis] - by)
    names = [site.weight(np.array([bound], np.int64), "bound") for bound in (*bounds, axis)]
    moved = site.emit("Slice", value, *names)
    shape[axis] = by
    zeros = site.weight(np.zeros(shape, helper.tensor_dtype_to_np_dtype(site.dtype())), "zeros")
    return site.emit("Concat", *((moved, zeros) if back else (zeros, moved)), axis=axis)


def depth_to_space(site: Site) -> str:
    """in the order CRD, Reshape and Transpose"""
    import numpy as np

    if site.attribute("mode", "DCR") == "DCR":
        site.keep(without=["mode"])
        return ""
    block = site.attribute("blocksize", 1)
    batch, depth, rows, columns = site.shape()
    depth //= block * block

    def shaped(value: str, shape: tuple[int, ...], into: str = "") -> str:
        shape_name = site.weight(np.array(shape, np.int64), "shape")
        return site.emit("Reshape", value, shape_name, into=into)

    apart = shaped(site.input(0), (batch, depth, block, block, rows, columns))
    turned = site.emit("Transpose", apart, perm=[0, 1, 4, 2, 5, 3])
    shaped(turned, (batch, depth, rows * block, columns * block), site.output(0))
    return "Reshape and Transpose"


def top_of(site: Site) -> str:
    """the smallest by Neg; integers in floating point that holds them"""
    from onnx import TensorProto

    floats = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16)
    kind, value, changes = site.dtype(), site.input(0), []
    if kind in (TensorProto.INT64, TensorProto.UINT64):
        raise NotInOnnx("TopK of integers of 64 bits", "TopK of int32 or float32")
    if kind not in floats:
        long = kind in (TensorProto.INT32, TensorProto.UINT32)
        value = site.emit("Cast", value, to=TensorProto.DOUBLE if long else TensorProto.FLOAT)
        changes.append("in floating point")
    smallest = not site.attribute("largest", 1)
    if smallest:
        value = site.emit("Neg", value)
        changes.append("the smallest by Neg")
    values = site.fresh("found") if changes else site.output(0)
    outputs = [values, site.output(1)] if site.output(1) else [values]
    axis = site.attribute("axis", -1)
    site.keep(
        inputs=[value, site.input(1)],
        outputs=outputs,
        without=["largest", "sorted"],
        attributes={"axis": axis if axis >= 0 else axis + site.rank()},
    )
    if changes and site.output(0):
        _given_back(site, values, smallest, kind if kind not in floats else None)
    return ", ".join(changes)


def _given_back(site: Site, values: str, negated: bool, kind: int | None) -> None:
    into = site.output(0)
    if negated:
        values = site.emit("Neg", values, into="" if kind else into)
    if kind:
        site.emit("Cast", values, into=into, to=kind)


def top_of_known(site: Site) -> str:
    """how many is an attribute"""
    count = int(site.constant(1, "k").reshape(-1)[0])
    axis = site.attribute("axis", -1)
    axis = axis if axis >= 0 else axis + site.rank()
    site.keep(inputs=site.node.input[:1], attributes={"k": count, "axis": axis})
    return "k is an attribute"
