"""Operators whose form changed after ONNX 1.7.0: how to write today's form in the older one.

``CHANGED`` gives for each the version of the operator from which its form is another, and the
rewrite. What is not here changed in its types or got attributes whose defaults mean the old
form, which ``older_opsets`` writes. Source: onnx/onnx docs/Changelog.md (2026).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neopack.frameworks.onnx.lowering.quantization import dequantize, quantize
from neopack.frameworks.onnx.lowering.resize import resize
from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site

__all__ = ["CHANGED", "Adapter", "older"]

Adapter = Callable[[Site], str]
AXES = "axes are an attribute"
# operators where axes that are empty and stay so mean the input as it is
_PLAIN_REDUCTIONS = ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd")


def axes_as_attribute(site: Site) -> str:
    """Constant axes are an attribute."""
    if not site.input(1):
        site.keep(inputs=site.node.input[:1])
        return ""
    axes = site.constant(1, "axes").reshape(-1).tolist()
    site.keep(inputs=site.node.input[:1], attributes={"axes": axes})
    return AXES


def reduction(site: Site) -> str:
    """Constant axes are an attribute; booleans are computed in int32."""
    from onnx import TensorProto

    operator, data, into = site.node.op_type, site.input(0), site.output(0)
    axes = site.constant(1, "axes").reshape(-1).tolist() if site.input(1) else []
    if not axes and site.attribute("noop_with_empty_axes", 0):
        if operator not in _PLAIN_REDUCTIONS:
            raise NotInOnnx(f"{operator} with noop_with_empty_axes", "axes")
        site.emit("Identity", data, into=into)
        return "without axes it is Identity"
    attributes: dict[str, Any] = {"keepdims": site.attribute("keepdims", 1)}
    if axes:
        attributes["axes"] = axes
    if site.values.dtype(data) == TensorProto.BOOL:
        small = site.emit("Cast", data, to=TensorProto.INT32)
        reduced = site.emit(operator, small, **attributes)
        site.emit("Cast", reduced, into=into, to=TensorProto.BOOL)
    else:
        site.emit(operator, data, into=into, **attributes)
    return AXES


def along_last_axis(site: Site) -> str:
    """Along the last axis, with Transpose around it: before 13 all axes from one on were one."""
    rank = site.rank()
    axis = site.attribute("axis", -1) % rank
    shape = site.values.shape(site.input(0)) or ()
    if all(dim == 1 for dim in shape[axis + 1 :]):
        site.keep(attributes={"axis": axis})
        return "the axis is explicit"
    order = list(range(rank))
    order[axis], order[-1] = order[-1], order[axis]
    turned = site.emit("Transpose", site.input(0), perm=order)
    result = site.emit(site.node.op_type, turned, axis=rank - 1)
    site.emit("Transpose", result, into=site.output(0), perm=order)
    return "transposed to the last axis"


def split(site: Site) -> str:
    """Constant sizes are an attribute, also those that num_outputs means."""
    if site.input(1):
        sizes = site.constant(1, "sizes").reshape(-1).tolist()
        site.keep(inputs=site.node.input[:1], attributes={"split": sizes})
        return "sizes are an attribute"
    axis, count = site.attribute("axis", 0), len(site.node.output)
    shape = site.values.shape(site.input(0))
    whole = shape[axis] if shape else None
    if whole is None or whole % count == 0:
        site.keep(inputs=site.node.input[:1], without=["num_outputs"])
        return "parts are equal"
    part = -(-whole // count)
    sizes = [part] * (count - 1) + [whole - part * (count - 1)]
    site.keep(inputs=site.node.input[:1], without=["num_outputs"], attributes={"split": sizes})
    return "sizes are an attribute"


def batch_normalization(site: Site) -> str:
    """Without training_mode, which is refused; one type for all inputs."""
    if site.attribute("training_mode", 0):
        raise NotInOnnx("BatchNormalization that trains", "an export in evaluation mode")
    kind, inputs = site.dtype(), list(site.node.input)
    for place in range(1, len(inputs)):
        if site.dtype(place) != kind:
            inputs[place] = site.emit("Cast", inputs[place], to=kind)
    site.keep(inputs=inputs, outputs=site.node.output[:1], without=["training_mode"])
    return "" if inputs == list(site.node.input) else "one type for all"


def reshape(site: Site) -> str:
    """Without allowzero, which is refused where a size is zero."""
    if not site.attribute("allowzero", 0):
        site.keep(without=["allowzero"])
        return ""
    target = site.values.constant(site.input(1))
    shape = site.values.fixed_shape(site.output(0))
    empty = 0 in (target.reshape(-1).tolist() if target is not None else shape or [0])
    if empty:
        raise NotInOnnx("Reshape with allowzero to a size of zero", "a shape without zeros")
    site.keep(without=["allowzero"])
    return "no size is zero: allowzero says nothing"


def pad(site: Site) -> str:
    """Pads for every axis; mode wrap is refused."""
    import numpy as np

    mode = site.attribute("mode", "constant")
    if mode == "wrap":
        raise NotInOnnx("Pad that wraps", "Slice and Concat")
    inputs = list(site.node.input[:3])
    while inputs and not inputs[-1]:
        inputs.pop()
    if not site.input(3):
        site.keep(inputs=inputs)
        return ""
    rank = site.rank()
    axes = [axis % rank for axis in site.constant(3, "axes").reshape(-1).tolist()]
    pads = site.constant(1, "pads").reshape(2, len(axes))
    full = np.zeros((2, rank), np.int64)
    full[:, axes] = pads
    inputs[1] = site.weight(full.reshape(-1), "pads")
    site.keep(inputs=inputs)
    return "pads for every axis"


def shape_of(site: Site) -> str:
    """Of some dims, a slice of all."""
    import numpy as np

    start, end = site.attribute("start", 0), site.attribute("end", None)
    if start == 0 and end is None:
        site.keep(without=["start", "end"])
        return ""
    whole = site.emit("Shape", site.input(0))
    last = np.iinfo(np.int64).max if end is None else end
    bounds = [site.weight(np.array([b], np.int64), w) for b, w in ((start, "from"), (last, "to"))]
    site.emit("Slice", whole, *bounds, into=site.output(0))
    return "a slice of all dims"


def roi_align(site: Site) -> str:
    """With output_half_pixel alone; half_pixel is refused."""
    if site.attribute("coordinate_transformation_mode", "half_pixel") == "half_pixel":
        raise NotInOnnx(
            "RoiAlign with half_pixel", "coordinate_transformation_mode output_half_pixel"
        )
    site.keep(without=["coordinate_transformation_mode"])
    return "coordinate_transformation_mode is the old one"


def widened(site: Site) -> str:
    """Integers of 8 and 16 bits are computed in int32."""
    from onnx import TensorProto

    small = (TensorProto.INT8, TensorProto.INT16, TensorProto.UINT8, TensorProto.UINT16)
    kind = site.values.dtype(site.input(0))
    if kind not in small:
        site.keep()
        return ""
    wide = [site.emit("Cast", name, to=TensorProto.INT32) for name in site.node.input]
    result = site.emit(site.node.op_type, *wide)
    site.emit("Cast", result, into=site.output(0), to=kind)
    return "computed in int32"


def relu(site: Site) -> str:
    """Of integers, the larger of it and zero."""
    from onnx import TensorProto

    floats = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, None)
    if site.values.dtype(site.input(0)) in floats:
        site.keep()
        return ""
    site.emit("Max", site.input(0), site.number(0, "zero"), into=site.output(0))
    return "the larger of it and zero"


def without(*names: str) -> Adapter:
    """Attributes that change nothing for the types that are left."""

    def adapter(site: Site) -> str:
        """without attributes that change nothing for the types that are left"""
        site.keep(without=names)
        return ""

    return adapter


def pool(site: Site) -> str:
    """Without dilations, and LpPool without ceil_mode, which are refused."""
    if any(step != 1 for step in site.attribute("dilations", [])):
        raise NotInOnnx(f"{site.node.op_type} with dilations", "Conv with equal weights")
    if site.node.op_type == "LpPool" and site.attribute("ceil_mode", 0):
        raise NotInOnnx("LpPool with ceil_mode", "pads that say the same")
    dropped = ["dilations", "ceil_mode"] if site.node.op_type == "LpPool" else ["dilations"]
    site.keep(without=dropped)
    return ""


def gemm(site: Site) -> str:
    """C is zero where it was left out.

    Opset 11 may leave it out, but ONNX Runtime 1.4.0 then loses its way where an activation
    follows ("fused node ... has input size 2")."""
    import numpy as np
    from onnx import helper

    if site.input(2):
        site.keep()
        return ""
    zero = np.zeros(1, helper.tensor_dtype_to_np_dtype(site.dtype()))
    site.keep(inputs=[*site.node.input[:2], site.weight(zero, "C")])
    return "C is zero"


CHANGED: dict[str, tuple[int, Adapter]] = {
    "Squeeze": (13, axes_as_attribute),
    "Unsqueeze": (13, axes_as_attribute),
    "ReduceSum": (13, reduction),
    **{
        f"Reduce{name}": (18, reduction)
        for name in (
            "L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare",
        )
    },
    "Softmax": (13, along_last_axis),
    "LogSoftmax": (13, along_last_axis),
    "Hardmax": (13, along_last_axis),
    "Split": (13, split),
    "BatchNormalization": (14, batch_normalization),
    "Reshape": (14, reshape),
    "Pad": (18, pad),
    "Resize": (13, resize),
    "Shape": (15, shape_of),
    "RoiAlign": (16, roi_align),
    "AveragePool": (19, pool),
    "Gemm": (13, gemm),
    "LpPool": (18, pool),
    "Cast": (19, without("saturate", "round_mode")),
    "Range": (27, without("stash_type")),
    "Relu": (14, relu),
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), (14, widened)),
    "QuantizeLinear": (13, quantize),
    "DequantizeLinear": (13, dequantize),
}  # fmt: skip


def older(site: Site, new: Any, old: Any) -> str:
    """A node whose operator changed in its types, or got attributes and inputs that are left
    out here or say what was meant before. ``new`` and ``old`` are its schemas."""
    from onnx import helper

    operator = site.node.op_type
    dropped = []
    for attribute in site.node.attribute:
        if attribute.name in old.attributes:
            continue
        default = new.attributes[attribute.name].default_value
        if helper.get_attribute_value(attribute) != helper.get_attribute_value(default):
            raise NotInOnnx(f"{operator} with {attribute.name}", f"{operator} without it")
        dropped.append(attribute.name)
    if any(site.node.input[old.max_input :]) or any(site.node.output[old.max_output :]):
        raise NotInOnnx(f"{operator} with {len(site.node.input)} inputs", "fewer inputs")
    site.keep(without=dropped)
    return ""
