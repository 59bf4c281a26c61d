"""Where, Expand and what took one shape alone, by Tile and Gather, which have none of the rules
of arithmetic: a value that is not taken may be infinite or no number.

Source: onnx/onnx docs/Changelog.md (2026).
"""

from __future__ import annotations

import math

from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site

__all__ = ["constant_of_shape", "expand", "eye_like", "select", "spread", "spread_all", "where"]


def where(site: Site) -> str:
    """Gather from both, laid end to end"""
    shape = site.output_shape()
    names = [spread(site, site.input(place), shape) for place in range(3)]
    select(site, *names, shape=shape, into=site.output(0))
    return "Gather from both"


def select(
    site: Site, condition: str, chosen: str, other: str, *, shape: tuple[int, ...], into: str = ""
) -> str:
    """``chosen`` where ``condition``, else ``other``, all of ``shape``; the name of the value."""
    import numpy as np
    from onnx import TensorProto

    count = math.prod(shape)
    flat = site.weight(np.array([-1], np.int64), "flat")
    ends = [site.emit("Reshape", operand, flat) for operand in (other, chosen)]
    both = site.emit("Concat", *ends, axis=0)
    mask = site.emit("Cast", condition, to=TensorProto.INT64)
    further = site.emit("Mul", mask, site.number(count, "count", TensorProto.INT64))
    places = site.weight(np.arange(count, dtype=np.int64).reshape(shape), "places")
    return site.emit("Gather", both, site.emit("Add", further, places), into=into, axis=0)


def spread(site: Site, value: str, shape: tuple[int, ...], into: str = "") -> str:
    """The value, which the model has, broadcast to ``shape``."""
    import numpy as np

    old_shape = site.shape_of(value)
    if old_shape == shape:
        return site.emit("Identity", value, into=into) if into else value
    full = (1,) * (len(shape) - len(old_shape)) + old_shape
    if full != old_shape:
        value = site.emit("Reshape", value, site.weight(np.array(full, np.int64), "shape"))
    repeats = [new if old == 1 else 1 for old, new in zip(full, shape, strict=True)]
    return site.emit("Tile", value, site.weight(np.array(repeats, np.int64), "repeats"), into=into)


def expand(site: Site) -> str:
    """Tile"""
    import numpy as np

    target = site.constant(1, "shape").reshape(-1).tolist()
    shape = np.broadcast_shapes(site.shape(), tuple(target))
    spread(site, site.input(0), shape, site.output(0))
    return "Tile"


def spread_all(site: Site) -> str:
    """inputs of other shapes spread by Tile"""
    shape = site.output_shape()
    site.keep(inputs=[spread(site, name, shape) for name in site.node.input])
    same = all(site.values.fixed_shape(name) == shape for name in site.node.input)
    return "" if same else "spread by Tile"


def constant_of_shape(site: Site) -> str:
    """Expand of its value"""
    import numpy as np
    from onnx import numpy_helper

    fill = site.attribute("value", None)
    value = np.zeros(1, np.float32) if fill is None else numpy_helper.to_array(fill)
    sizes = site.values.constant(site.input(0))
    shape = site.input(0) if sizes is None else site.weight(sizes, "shape")
    site.emit("Expand", site.weight(value, "value"), shape, into=site.output(0))
    return "Expand"


def eye_like(site: Site) -> str:
    """a constant"""
    import numpy as np
    from onnx import helper

    rows, columns = site.shape()
    kind = helper.tensor_dtype_to_np_dtype(site.attribute("dtype", 0) or site.dtype())
    if rows * columns > 2**24:
        raise NotInOnnx("EyeLike of so many numbers", "a constant")
    matrix = site.weight(np.eye(rows, columns, site.attribute("k", 0), dtype=kind), "eye")
    site.emit("Identity", matrix, into=site.output(0))
    return "a constant"
