"""Forms of ONNX operators that TVM's importer refuses or computes otherwise, in forms that it
takes. Each rewrite gives "" for a node that it leaves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from neopack.frameworks.onnx.lowering.rewrite_site import Site
from neopack.frameworks.onnx.lowering.tvm_means import MEANS
from neopack.frameworks.onnx.lowering.tvm_windows import WINDOWS

__all__ = ["FORMS"]

MATRIX = 2
# the opsets in which Softmax is over one axis, and Equal takes floats
OVER_ONE, EQUAL_FLOATS = 13, 11
# the opset from which on Slice takes steps
SLICE_INPUTS = 10
# what is computed from an input by these may be as negative as the input
PASSED_ON = ("Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze")
# what compares with the infinity from which an extreme starts
EXTREMES = {"ReduceMax": ("Less", -math.inf), "ReduceMin": ("Greater", math.inf)}


def matmul(site: Site) -> str:
    """Vectors are matrices of one row or column; many matrices times one are one times it."""
    import numpy as np

    left, right = site.shape(0), site.shape(1)
    if len(left) > 1 and len(right) > 1 and (len(left) < 4 or len(right) != MATRIX):
        return ""
    sides = []
    for place, shape in enumerate((left, right)):
        wide = shape
        if len(shape) == 1:
            wide = (1, *shape) if place == 0 else (*shape, 1)
        elif place == 0 and len(right) <= MATRIX:
            wide = (int(np.prod(shape[:-1])), shape[-1])
        sides.append(
            _reshaped(site, site.input(place), wide) if wide != shape else site.input(place)
        )
    product = site.emit("MatMul", *sides)
    site.emit("Reshape", product, _shape(site, site.output_shape()), into=site.output(0))
    return "of matrices"


def _reshaped(site: Site, name: str, shape: tuple[int, ...]) -> str:
    return site.emit("Reshape", name, _shape(site, shape))


def _shape(site: Site, shape: tuple[int, ...]) -> str:
    import numpy as np

    return site.weight(np.array(shape, np.int64), "shape")


def gather(site: Site) -> str:
    """Indices that count from the start."""
    shape = site.shape(0)
    size = shape[site.attribute("axis", 0)]
    return _from_start(site, size, attributes={"axis": site.attribute("axis", 0)})


def gather_nd(site: Site) -> str:
    import numpy as np

    batch = site.attribute("batch_dims", 0)
    depth = site.shape(1)[-1]
    sizes = np.array(site.shape(0)[batch : batch + depth], np.int64)
    return _from_start(site, sizes, attributes={"batch_dims": batch} if batch else {})


def _from_start(site: Site, sizes: object, attributes: Mapping[str, int]) -> str:
    import numpy as np
    from onnx import helper

    given = site.values.constant(site.input(1))
    if given is not None:
        if not (given < 0).any():
            return ""
        places = np.where(given < 0, given + np.asarray(sizes, given.dtype), given)
        indices = site.weight(places.astype(given.dtype), "indices")
    else:
        if site.values.origin(site.input(1), PASSED_ON):
            return ""
        kind = helper.tensor_dtype_to_np_dtype(site.dtype(1))
        zero = site.weight(np.zeros((), kind), "zero")
        below = site.emit("Less", site.input(1), zero)
        size = site.weight(np.asarray(sizes, kind), "size")
        indices = site.emit("Where", below, site.emit("Add", site.input(1), size), site.input(1))
    operator = site.node.op_type
    site.emit(operator, site.input(0), indices, into=site.output(0), **attributes)
    return "indices count from the start"


def softmax(site: Site) -> str:
    """Over all dims from the axis on, before opset 13: they are one dim."""
    import numpy as np

    shape = site.shape()
    axis = site.attribute("axis", 1) % len(shape)
    if site.values.opset >= OVER_ONE or all(dim == 1 for dim in shape[axis + 1 :]):
        return ""
    wide = (int(np.prod(shape[:axis])), int(np.prod(shape[axis:])))
    flat = site.emit(site.node.op_type, _reshaped(site, site.input(0), wide), axis=1)
    site.emit("Reshape", flat, _shape(site, shape), into=site.output(0))
    return "over one dim"


def lp_normalization(site: Site) -> str:
    """x over its norm along the axis; where that is 0, x stays."""
    import numpy as np
    from onnx import TensorProto

    if site.dtype() != TensorProto.FLOAT or site.values.opset < EQUAL_FLOATS:
        return ""
    operator = {1: "ReduceL1", 2: "ReduceL2"}[site.attribute("p", 2)]
    axis = site.attribute("axis", -1)
    norm = site.emit(operator, site.input(0), axes=[axis], keepdims=1)
    empty = site.emit("Equal", norm, site.weight(np.zeros((), np.float32), "zero"))
    ones = site.emit("Cast", empty, to=TensorProto.FLOAT)
    site.emit("Div", site.input(0), site.emit("Add", norm, ones), into=site.output(0))
    return "its norm, and a division"


def scatter_nd(site: Site) -> str:
    """Indices in one list."""
    shape, places = site.shape(0), site.shape(1)
    if len(places) <= MATRIX:
        return ""
    depth = places[-1]
    indices = _reshaped(site, site.input(1), (-1, depth))
    updates = _reshaped(site, site.input(2), (-1, *shape[depth:]))
    site.emit("ScatterND", site.input(0), indices, updates, into=site.output(0))
    return "of one list of places"


def reverse_sequence(site: Site) -> str:
    """The importer knows no defaults."""
    axes = {"batch_axis": site.attribute("batch_axis", 1)}
    axes["time_axis"] = site.attribute("time_axis", 0)
    if len(site.node.attribute) == len(axes):
        return ""
    site.keep(attributes=axes)
    return "its axes written out"


def loop(site: Site) -> str:
    """With a condition that holds, where the body passes it on."""
    import numpy as np

    count, condition, *carried = site.node.input
    if condition or not count or not _passes_on(site.attribute("body", None)):
        return ""
    holds = site.weight(np.array(True), "condition")
    site.keep(inputs=[count, holds, *carried])
    return "with a condition"


def _passes_on(body: Any) -> bool:
    """Whether the condition that a body is given is the one that it gives."""
    given, left = body.input[1].name, body.output[0].name
    return any(
        node.op_type == "Identity" and node.input[0] == given and node.output[0] == left
        for node in body.node
    )


def batch_normalization(site: Site) -> str:
    """In plain operators, where its statistics are computed."""
    if all(map(site.values.stored, site.node.input[1:5])) or len(site.node.output) > 1:
        return ""
    wide = (site.shape(1)[0], *[1] * (site.rank() - 2))
    scale, bias, mean, variance = (_reshaped(site, name, wide) for name in site.node.input[1:5])
    least = site.number(site.attribute("epsilon", 1e-5), "epsilon")
    deviation = site.emit("Sqrt", site.emit("Add", variance, least))
    scaled = site.emit("Mul", site.emit("Sub", site.input(0), mean), scale)
    site.emit("Add", site.emit("Div", scaled, deviation), bias, into=site.output(0))
    return "in plain operators"


def equal(site: Site) -> str:
    """Whether a maximum is -inf, as that of a row without a place to attend to. TVM starts from
    the least number that is finite, and so never gets to -inf; and to inf for a minimum."""
    import numpy as np
    from onnx import TensorProto

    for place, other in ((0, 1), (1, 0)):
        reduced = site.values.origin(site.input(place), PASSED_ON)
        bound = site.values.constant(site.input(other))
        if reduced not in EXTREMES or bound is None or site.dtype() != TensorProto.FLOAT:
            continue
        operator, infinity = EXTREMES[reduced]
        if not (bound == infinity).all():
            continue
        last = np.nextafter(np.float32(infinity), np.float32(0))
        beyond = np.full(bound.shape, np.nextafter(last, np.float32(0)), np.float32)
        limit = site.weight(beyond, "limit")
        site.emit(operator, site.input(place), limit, into=site.output(0))
        return "whether an extreme is infinite: whether it is beyond the numbers"
    return ""


def clip(site: Site) -> str:
    if any(site.node.input[1:]) or site.node.attribute:
        return ""
    site.emit("Identity", site.input(0), into=site.output(0))
    return "without bounds: its input"


def concat(site: Site) -> str:
    """Without what is empty, such as the part of a head that is not rotated."""
    axis = site.attribute("axis", 0)
    full = [name for name in site.node.input if site.shape_of(name)[axis]]
    if len(full) == len(site.node.input) or not full:
        return ""
    if len(full) == 1:
        site.emit("Identity", full[0], into=site.output(0))
    else:
        site.keep(inputs=full)
    return "without what is empty"


def split(site: Site) -> str:
    """Parts without elements are constants, which ``concat`` leaves out."""
    import numpy as np
    from onnx import helper

    sizes = list(site.attribute("split", ()))
    if 0 not in sizes:
        return ""
    kind = helper.tensor_dtype_to_np_dtype(site.dtype())
    full = [name for name, size in zip(site.node.output, sizes, strict=True) if size]
    for place, size in enumerate(sizes):
        if not size:
            empty = site.weight(np.zeros(site.output_shape(place), kind), "empty")
            site.emit("Identity", empty, into=site.output(place))
    if len(full) == 1:
        site.emit("Identity", site.input(0), into=full[0])
    elif full:
        site.keep(outputs=full, attributes={"split": [size for size in sizes if size]})
    return "without what is empty"


def unsqueeze(site: Site) -> str:
    """Axes that count from the start; those of opset 13 are an input."""
    axes = site.attribute("axes", ())
    if all(axis >= 0 for axis in axes):
        return ""
    rank = site.rank() + len(axes)
    site.keep(attributes={"axes": sorted(axis % rank for axis in axes)})
    return "axes count from the start"


def dropout(site: Site) -> str:
    """Its mask is all true where nothing is trained."""
    import numpy as np

    trained = site.input(2) and site.values.constant(site.input(2)) != np.array(False)
    if not site.output(1) or trained or site.values.opset < EQUAL_FLOATS:
        return ""
    zero = site.weight(np.zeros(site.shape(), np.float32), "zero")
    site.emit("Equal", zero, zero, into=site.output(1))
    site.emit("Identity", site.input(0), into=site.output(0))
    return "its input, and a mask"


def mean(site: Site) -> str:
    first, *others = site.node.input
    if not others:
        return ""
    total = first
    for other in others:
        total = site.emit("Add", total, other)
    count = site.number(len(others) + 1, "count")
    site.emit("Div", total, count, into=site.output(0))
    return "a sum, and a division"


def recurrent(site: Site) -> str:
    """From the last step to the first: forward, over what is turned around."""
    forward = site.attribute("direction", "forward") != "reverse"
    if forward or site.input(4) or site.values.opset < SLICE_INPUTS:
        return ""
    inputs = [_turned(site, site.input(0)), *site.node.input[1:]]
    steps = site.fresh("steps") if site.output(0) else ""
    site.keep(
        inputs=inputs,
        outputs=[steps, *site.node.output[1:]],
        attributes={"direction": "forward"},
    )
    if steps:
        _turned(site, steps, into=site.output(0))
    return "over what is turned around"


def _turned(site: Site, name: str, into: str = "") -> str:
    import numpy as np

    start, end, axis, step = (
        site.weight(np.array([value], np.int64), what)
        for value, what in (
            (-1, "start"),
            (np.iinfo(np.int32).min, "end"),
            (0, "axis"),
            (-1, "step"),
        )
    )
    return site.emit("Slice", name, start, end, axis, step, into=into)


FORMS: Mapping[str, Callable[[Site], str]] = {
    **MEANS,
    **WINDOWS,
    "BatchNormalization": batch_normalization,
    "Clip": clip,
    "Concat": concat,
    "Dropout": dropout,
    "Equal": equal,
    "GRU": recurrent,
    "Gather": gather,
    "GatherND": gather_nd,
    "LSTM": recurrent,
    "LogSoftmax": softmax,
    "Loop": loop,
    "LpNormalization": lp_normalization,
    "MatMul": matmul,
    "Mean": mean,
    "ReverseSequence": reverse_sequence,
    "ScatterND": scatter_nd,
    "Softmax": softmax,
    "Split": split,
    "Unsqueeze": unsqueeze,
}
