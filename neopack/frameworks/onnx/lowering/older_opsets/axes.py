"""Axes before 11 were counted from the front alone. Source: onnx/onnx docs/Changelog.md (2026)."""

from __future__ import annotations

from neopack.frameworks.onnx.lowering.rewrite_site import Site

__all__ = ["along_axes", "along_axis", "arg_extreme", "scan_axes"]

SAID = "axes are counted from the front"


def along_axis(site: Site) -> str:
    """its axis counted from the front"""
    axis = site.attribute("axis", 0)
    if axis >= 0:
        site.keep()
        return ""
    site.keep(attributes={"axis": axis + site.rank()})
    return SAID


def along_axes(site: Site) -> str:
    """its axes counted from the front"""
    axes = site.attribute("axes", [])
    if all(axis >= 0 for axis in axes):
        site.keep()
        return ""
    added = len(axes) if site.node.op_type == "Unsqueeze" else 0
    rank = site.rank() + added
    site.keep(attributes={"axes": [axis % rank for axis in axes]})
    return SAID


def arg_extreme(site: Site) -> str:
    """where the last index is asked for, the first of what is turned round"""
    import numpy as np
    from onnx import TensorProto

    if not site.attribute("select_last_index", 0):
        site.keep(without=["select_last_index"])
        return ""
    axis = site.attribute("axis", 0) % site.rank()
    last = site.shape()[axis] - 1
    backwards = site.weight(np.arange(last, -1, -1, dtype=np.int64), "backwards")
    turned = site.emit("Gather", site.input(0), backwards, axis=axis)
    keepdims = site.attribute("keepdims", 1)
    result = site.emit(site.node.op_type, turned, axis=axis, keepdims=keepdims)
    whole = site.number(last, "last", TensorProto.INT64)
    site.emit("Sub", whole, result, into=site.output(0))
    return "the first of what is turned round"


def scan_axes(site: Site) -> str:
    """its axes counted from the front"""
    count = site.attribute("num_scan_inputs", 0)
    first = len(site.node.input) - count
    input_axes = site.attribute("scan_input_axes", [])
    input_counted = [a if a >= 0 else a + site.rank(first + at) for at, a in enumerate(input_axes)]
    states = first
    output_axes = site.attribute("scan_output_axes", [])
    counted = [
        a if a >= 0 else a + site.output_rank(states + at) for at, a in enumerate(output_axes)
    ]
    if input_counted == list(input_axes) and counted == list(output_axes):
        site.keep()
        return ""
    axes = {"scan_input_axes": input_counted, "scan_output_axes": counted}
    site.keep(attributes={name: value for name, value in axes.items() if value})
    return SAID
