"""Resize before 11, and Upsample: they knew one way to find the place a number comes from.

Any other way is a linear map along each axis, which is known once the sizes are: Gather where each
number comes from one place, MatMul where it comes from some. Source: onnx/onnx docs/Changelog.md
and docs/Operators.md, Resize (2026).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site
from neopack.values.artifact import Array

__all__ = ["resize", "upsample", "upsample_by_attribute"]


def resize(site: Site) -> str:
    """by scales; what it cannot place so, Gather or MatMul along each axis"""
    import numpy as np

    shape, scales = site.shape(), _scales(site)
    maps = [_map(site, size, scale) for size, scale in zip(shape, scales, strict=True)]
    mode = site.attribute("mode", "nearest")
    plain = [
        _old_map(mode, size, scale, len(weights))
        for size, scale, weights in zip(shape, scales, maps, strict=True)
    ]
    grows = all(scale >= 1 for scale in scales)
    same = all(np.array_equal(new, old) for new, old in zip(maps, plain, strict=True))
    if grows and same and (mode == "nearest" or _two_of_four(scales)):
        scales_name = site.weight(np.array(scales, np.float32), "scales")
        site.emit("Resize", site.input(0), scales_name, into=site.output(0), mode=mode)
        return "by scales"
    _along_each_axis(site, maps, mode)
    return "Gather of each axis" if mode == "nearest" else "MatMul along each axis"


def _two_of_four(scales: list[float]) -> bool:
    return len(scales) == 4 and scales[0] == scales[1] == 1


def _scales(site: Site) -> list[float]:
    if site.attribute("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize":
        raise NotInOnnx("Resize that crops", "Slice and Resize")
    if site.input(3):
        sizes = site.constant(3, "sizes").tolist()
        return [new / old for new, old in zip(sizes, site.shape(), strict=True)]
    return [float(scale) for scale in site.constant(2, "scales").tolist()]


def _map(site: Site, size: int, scale: float) -> Array:
    """What each number along an axis is made of: a row for each, of ``size`` numbers."""
    new = round(size * scale) if site.input(3) else math.floor(size * scale)
    if new == size and scale == 1:
        import numpy as np

        return np.eye(size, dtype=np.float32)
    places = _places(site, size, scale, new)
    mode = site.attribute("mode", "nearest")
    if mode == "nearest":
        return _nearest(places, size, site.attribute("nearest_mode", "round_prefer_floor"))
    outside = bool(site.attribute("exclude_outside", 0))
    if mode == "linear":
        if outside:
            raise NotInOnnx("Resize that is linear with exclude_outside", "exclude_outside 0")
        return _weighed(places, size, _linear, 1)
    a = site.attribute("cubic_coeff_a", -0.75)
    return _weighed(places, size, lambda away: _cubic(away, a), 2, outside)


def _places(site: Site, size: int, scale: float, new: int) -> Array:
    import numpy as np

    # in float32 as ONNX Runtime has it: a place may fall on either side of a half
    at, half, step = np.arange(new, dtype=np.float32), np.float32(0.5), np.float32(scale)
    way = site.attribute("coordinate_transformation_mode", "half_pixel")
    if way == "asymmetric":
        place = at / step
    elif way == "align_corners":
        place = at * np.float32(size - 1) / np.float32(max(new - 1, 1))
    elif way == "tf_half_pixel_for_nn":
        place = (at + half) / step
    elif way == "half_pixel" or (way == "pytorch_half_pixel" and new > 1):
        place = (at + half) / step - half
    elif way == "pytorch_half_pixel":
        place = at * 0
    else:
        raise NotInOnnx(f"Resize with {way}", "half_pixel or asymmetric")
    return np.asarray(place, np.float64)


def _nearest(places: Array, size: int, way: str) -> Array:
    import numpy as np

    rounded: dict[str, Callable[[Array], Array]] = {
        "round_prefer_floor": lambda at: np.ceil(at - 0.5),
        # ONNX Runtime takes what float32 puts just below a half for one, only when rounding up
        "round_prefer_ceil": lambda at: np.floor(at + 0.5 + 1e-6),
        "floor": np.floor,
        "ceil": np.ceil,
    }
    sources = np.clip(rounded[way](places), 0, size - 1).astype(np.int64)
    matrix: Array = np.eye(size, dtype=np.float32)[sources]
    return matrix


def _weighed(
    places: Array, size: int, weigh: Callable[[Array], Array], reach: int, outside: bool = False
) -> Array:
    """Rows of weights by how far each place is away; past an end, the end counts."""
    import numpy as np

    matrix = np.zeros((len(places), size))
    base = np.floor(places).astype(np.int64)
    for step in range(1 - reach, reach + 1):
        near = base + step
        share = weigh(np.abs(places - near))
        if outside:
            share = np.where((near < 0) | (near >= size), 0, share)
        np.add.at(matrix, (np.arange(len(places)), np.clip(near, 0, size - 1)), share)
    if outside:
        matrix /= matrix.sum(axis=1, keepdims=True)
    return matrix.astype(np.float32)


def _linear(away: Array) -> Array:
    return 1 - away


def _cubic(away: Array, a: float) -> Array:
    import numpy as np

    close = ((a + 2) * away - (a + 3)) * away**2 + 1
    far = ((a * away - 5 * a) * away + 8 * a) * away - 4 * a
    weights: Array = np.where(away <= 1, close, far)
    return weights


def _old_map(mode: str, size: int, scale: float, new: int) -> Array:
    """What Resize-10 makes of an axis that does not shrink."""
    import numpy as np

    if scale == 1:
        return np.eye(size, dtype=np.float32)
    places = (np.arange(new, dtype=np.float32) / np.float32(scale)).astype(np.float64)
    if mode == "nearest":
        return _nearest(places, size, "floor")
    return _weighed(np.clip(places, 0, size - 1), size, _linear, 1)


def _along_each_axis(site: Site, maps: list[Array], mode: str) -> None:
    import numpy as np
    from onnx import helper

    value, rank = site.input(0), len(maps)
    kind = helper.tensor_dtype_to_np_dtype(site.dtype())
    for axis, matrix in enumerate(maps):
        if matrix.shape[0] == matrix.shape[1] and np.array_equal(matrix, np.eye(len(matrix))):
            continue
        if mode == "nearest":
            places = site.weight(matrix.argmax(axis=1).astype(np.int64), "places")
            value = site.emit("Gather", value, places, axis=axis)
            continue
        order = list(range(rank))
        order[axis], order[-1] = order[-1], order[axis]
        turned = value if axis == rank - 1 else site.emit("Transpose", value, perm=order)
        value = site.emit("MatMul", turned, site.weight(matrix.T.astype(kind), "weights"))
        value = value if axis == rank - 1 else site.emit("Transpose", value, perm=order)
    site.emit("Identity", value, into=site.output(0))


def upsample(site: Site) -> str:
    """Upsample, where nothing shrinks"""
    scales = site.constant(1, "scales")
    if (scales < 1).any():
        raise NotInOnnx("Resize that shrinks", "AveragePool or Slice")
    mode = site.attribute("mode", "nearest")
    site.emit("Upsample", *site.node.input[:2], into=site.output(0), mode=mode)
    return "Upsample"


def upsample_by_attribute(site: Site) -> str:
    """its scales are an attribute"""
    scales = [float(scale) for scale in site.constant(1, "scales")]
    site.keep(inputs=site.node.input[:1], attributes={"scales": scales})
    return "scales are an attribute"
