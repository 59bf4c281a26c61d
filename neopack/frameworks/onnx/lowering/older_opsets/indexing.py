"""What picks and places by indices: by flat indices and Gather, which opset 1 had.

Source: onnx/onnx docs/Changelog.md (2026).
"""

from __future__ import annotations

import math

from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site
from neopack.values.artifact import Array

__all__ = [
    "compress", "gather", "gather_elements", "gather_nd", "gather_nd_in_batches", "one_hot",
    "one_hot_by_gather", "scatter_elements", "scatter_nd",
]  # fmt: skip

FROM_FRONT = "counted from the front"
FLAT = "Gather by flat indices"
# their results are never negative
_PLACES = ("ArgMax", "ArgMin", "TopK", "NonZero", "Shape", "Size")


def gather(site: Site) -> str:
    """its axis and indices counted from the front"""
    axis = site.attribute("axis", 0) % max(site.rank(), 1)
    indices = _from_the_front(site, 1, axis)
    site.keep(inputs=[site.input(0), indices], attributes={"axis": axis})
    same = indices == site.input(1) and axis == site.attribute("axis", 0)
    return "" if same else FROM_FRONT


def scatter_elements(site: Site) -> str:
    """Scatter, its indices counted from the front"""
    axis = site.attribute("axis", 0) % site.rank()
    indices = _from_the_front(site, 1, axis)
    site.emit("Scatter", site.input(0), indices, site.input(2), into=site.output(0), axis=axis)
    return "Scatter"


def gather_elements(site: Site) -> str:
    """Gather by flat indices"""
    import numpy as np

    axis = site.attribute("axis", 0) % site.rank()
    strides, shape = _strides(site.shape()), site.shape(1)
    base = sum(
        np.arange(size).reshape([-1 if at == place else 1 for at in range(len(shape))])
        * (strides[place] if place != axis else 0)
        for place, size in enumerate(shape)
    )
    indices = _wide(site, _from_the_front(site, 1, axis))
    scaled = site.emit("Mul", indices, site.weight(np.array(strides[axis], np.int64), "stride"))
    places = site.emit("Add", scaled, site.weight(np.asarray(base, np.int64), "base"))
    flat = _reshaped(site, site.input(0), [-1])
    site.emit("Gather", flat, places, into=site.output(0), axis=0)
    return FLAT


def gather_nd_in_batches(site: Site) -> str:
    """where there are batches, Gather by flat indices"""
    if site.attribute("batch_dims", 0):
        return gather_nd(site)
    site.keep(without=["batch_dims"])
    return ""


def gather_nd(site: Site) -> str:
    """Gather by flat indices"""
    import numpy as np

    batches, shape, index_shape = site.attribute("batch_dims", 0), site.shape(), site.shape(1)
    depth = batches + index_shape[-1]
    places = _flat_indices(site, shape[batches:depth])
    if batches:
        lead = math.prod(shape[batches:depth])
        base = np.arange(math.prod(shape[:batches]), dtype=np.int64) * lead
        rest = [1] * (len(index_shape) - 1 - batches)
        places = site.emit(
            "Add", places, site.weight(base.reshape(*shape[:batches], *rest), "base")
        )
    rows = _reshaped(site, site.input(0), [math.prod(shape[:depth]), *shape[depth:]])
    site.emit("Gather", rows, places, into=site.output(0), axis=0)
    return FLAT


def scatter_nd(site: Site) -> str:
    """Scatter by flat indices"""
    import numpy as np

    shape, index_shape = site.shape(), site.shape(1)
    rest = math.prod(shape[index_shape[-1] :])
    places = _reshaped(site, _flat_indices(site, shape[: index_shape[-1]]), [-1, 1])
    scaled = site.emit("Mul", places, site.weight(np.array(rest, np.int64), "size"))
    each = site.emit("Add", scaled, site.weight(np.arange(rest, dtype=np.int64), "rest"))
    data, updates = (_reshaped(site, site.input(place), [-1]) for place in (0, 2))
    scattered = site.emit("Scatter", data, _reshaped(site, each, [-1]), updates, axis=0)
    _reshaped(site, scattered, list(shape), site.output(0))
    return "Scatter by flat indices"


def _flat_indices(site: Site, sizes: tuple[int, ...]) -> str:
    """One index for each tuple of them in the last dim, over the axes of ``sizes``."""
    import numpy as np

    indices = _counted(site, site.input(1), np.array(sizes, np.int64))
    strides = site.weight(np.array(_strides(sizes), np.int64), "strides")
    scaled = site.emit("Mul", indices, strides)
    return site.emit("ReduceSum", scaled, axes=[len(site.shape(1)) - 1], keepdims=0)


def one_hot(site: Site) -> str:
    """its indices counted from the front, or past the end where there is no such place"""
    depth = site.constant(1, "depth").reshape(-1)[0]
    indices = _counted(site, site.input(0), depth)
    if indices == site.input(0):
        site.keep()
        return ""
    kind = site.dtype()
    outside = site.emit("Less", indices, site.number(0, "zero", kind))
    indices = site.emit("Where", outside, site.number(depth, "past", kind), indices)
    site.keep(inputs=[indices, *site.node.input[1:]])
    return FROM_FRONT


def one_hot_by_gather(site: Site) -> str:
    """Equal to each place, then Gather of the two values"""
    import numpy as np
    from onnx import TensorProto

    depth = int(site.constant(1, "depth").reshape(-1)[0])
    rank = site.rank()
    axis = site.attribute("axis", -1) % (rank + 1)
    wide = site.emit("Unsqueeze", _wide(site, site.input(0)), axes=[axis])
    along = [-1 if place == axis else 1 for place in range(rank + 1)]
    places = site.weight(np.arange(depth, dtype=np.int64).reshape(along), "places")
    hit = site.emit("Cast", site.emit("Equal", wide, places), to=TensorProto.INT64)
    site.emit("Gather", site.input(2), hit, into=site.output(0), axis=0)
    return "Equal and Gather"


def compress(site: Site) -> str:
    """Gather, where the condition is a constant"""
    import numpy as np

    places = np.flatnonzero(site.constant(1, "condition")).astype(np.int64)
    axis, value = site.attribute("axis", None), site.input(0)
    if axis is None:
        value, axis = _reshaped(site, value, [-1]), 0
    site.emit("Gather", value, site.weight(places, "places"), into=site.output(0), axis=axis)
    return "Gather"


def _from_the_front(site: Site, place: int, axis: int) -> str:
    import numpy as np

    values = site.values.constant(site.input(place))
    if values is not None and (values >= 0).all():
        return site.input(place)
    return _counted(site, site.input(place), np.array(site.shape()[axis], np.int64))


def _counted(site: Site, indices: str, size: Array) -> str:
    """Indices of which negative ones counted from the end of ``size``, without those."""
    import numpy as np
    from onnx import helper

    values = site.values.constant(indices)
    if values is not None:
        front = np.where(values < 0, values + size, values).astype(values.dtype)
        return indices if (front == values).all() else site.weight(front, "indices")
    if site.values.maker(indices) in _PLACES:
        return indices
    kind = site.values.dtype(indices)
    if kind is None:
        raise NotInOnnx(f"{site.node.op_type} by indices of unknown type", "int64 indices")
    zero = site.number(0, "zero", kind)
    below = site.emit("Cast", site.emit("Less", indices, zero), to=kind)
    whole = site.weight(np.asarray(size, helper.tensor_dtype_to_np_dtype(kind)), "size")
    return site.emit("Add", indices, site.emit("Mul", below, whole))


def _wide(site: Site, value: str) -> str:
    from onnx import TensorProto

    if site.values.dtype(value) == TensorProto.INT64:
        return value
    return site.emit("Cast", value, to=TensorProto.INT64)


def _strides(shape: tuple[int, ...]) -> list[int]:
    return [math.prod(shape[place + 1 :]) for place in range(len(shape))]


def _reshaped(site: Site, value: str, shape: list[int], into: str = "") -> str:
    import numpy as np

    return site.emit("Reshape", value, site.weight(np.array(shape, np.int64), "shape"), into=into)
