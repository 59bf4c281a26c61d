"""Resize before 18: every axis has its scale or size, and no filter smooths what shrinks."""

from __future__ import annotations

from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site
from neopack.values.artifact import Array

__all__ = ["resize"]

SAID_NEW = ("antialias", "axes", "keep_aspect_ratio_policy")


def resize(site: Site) -> str:
    """List every axis; refuse antialias where an axis shrinks."""
    import numpy as np

    changes: list[str] = []
    roi, scales, sizes = site.input(1), site.input(2), site.input(3)
    axes = site.attribute("axes", None)
    policy = site.attribute("keep_aspect_ratio_policy", "stretch")
    if axes is not None or policy != "stretch":
        scales, sizes = _for_every_axis(site, axes, policy)
        changes.append("every axis is listed")
    mode = site.attribute("coordinate_transformation_mode", "half_pixel")
    if axes is not None and mode == "tf_crop_and_resize":
        raise NotInOnnx("Resize that crops along some axes", "a roi for every axis")
    if site.attribute("antialias", 0):
        _refuse_integers(site)
        _refuse_shrinking(site)
        changes.append("nothing shrinks: antialias says nothing")
    # both were required before 13, and empty where they say nothing
    roi = roi or site.weight(np.zeros(0, np.float32), "roi")
    scales = scales or site.weight(np.zeros(0, np.float32), "scales")
    inputs = [site.input(0), roi, scales, *([sizes] if sizes else [])]
    site.keep(inputs=inputs, without=SAID_NEW, attributes=_mode(site, sizes, policy))
    return ", ".join(changes)


def _mode(site: Site, sizes: str, policy: str) -> dict[str, str]:
    """half_pixel_symmetric differs from half_pixel where a scale does not meet whole sizes."""
    if site.attribute("coordinate_transformation_mode", "") != "half_pixel_symmetric":
        return {}
    if not sizes or policy != "stretch":
        raise NotInOnnx("Resize with half_pixel_symmetric and scales", "half_pixel")
    return {"coordinate_transformation_mode": "half_pixel"}


def _for_every_axis(site: Site, axes: list[int] | None, policy: str) -> tuple[str, str]:
    """The names of scales and sizes, one of them "", that tell each axis."""
    import numpy as np

    rank = site.rank()
    positions = [axis % rank for axis in (axes or range(rank))]
    if not site.input(3):
        full = np.ones(rank, np.float32)
        full[positions] = site.constant(2, "scales")
        return site.weight(full, "scales"), ""
    whole = np.array(_fixed(site), np.int64)
    sizes = site.constant(3, "sizes")
    whole[positions] = sizes if policy == "stretch" else _fitted(sizes, whole[positions], policy)
    return "", site.weight(whole, "sizes")


def _fitted(sizes: Array, shape: Array, policy: str) -> Array:
    """The sizes closest to those asked for that keep the proportions."""
    import numpy as np

    ratios = sizes / shape
    scale = ratios.min() if policy == "not_larger" else ratios.max()
    fitted: Array = np.floor(shape * scale + 0.5).astype(np.int64)
    return fitted


def _refuse_integers(site: Site) -> None:
    """The filter rounds integers after each axis; without it they are cut off at the end."""
    from onnx import TensorProto

    floats = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE)
    if site.dtype() not in floats and site.attribute("mode", "nearest") != "nearest":
        raise NotInOnnx("Resize of integers with antialias", "Cast to float32 before Resize")


def _refuse_shrinking(site: Site) -> None:
    before, after = _fixed(site), site.values.fixed_shape(site.output(0))
    if after is None or any(new < old for old, new in zip(before, after, strict=True)):
        raise NotInOnnx("Resize with antialias", "Resize without antialias, or AveragePool")


def _fixed(site: Site) -> tuple[int, ...]:
    shape = site.values.fixed_shape(site.input(0))
    if shape is None:
        raise NotInOnnx("Resize of some axes of an unknown shape", "a size for every axis")
    return shape
