"""Constant before it had its many forms and types, DequantizeLinear before 10, Scan before 9.

Source: onnx/onnx docs/Changelog.md (2026).
"""

from __future__ import annotations

from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site
from neopack.values.artifact import Array

__all__ = ["constant", "dense_constant", "dequantize", "scan_of_one", "weight"]


def constant(site: Site) -> str:
    """its value as a tensor"""
    import numpy as np
    from onnx import helper, numpy_helper

    (attribute,) = site.node.attribute
    value = helper.get_attribute_value(attribute)
    if attribute.name in ("value", "sparse_value"):
        site.keep()
        return ""
    kinds = {"value_float": np.float32, "value_int": np.int64, "value_string": np.object_}
    array: Array = np.array(value, kinds[attribute.name.removesuffix("s")])
    site.emit("Constant", into=site.output(0), value=numpy_helper.from_array(array))
    return "its value as a tensor"


def dense_constant(site: Site) -> str:
    """a sparse value is refused"""
    if site.node.attribute[0].name == "sparse_value":
        raise NotInOnnx("Constant of a sparse value", "a dense one")
    site.keep()
    return ""


def weight(site: Site) -> str:
    """of other types than floating point, a weight"""
    from onnx import TensorProto, numpy_helper

    value = site.attribute("value", None)
    if value.data_type in (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE):
        site.keep()
        return ""
    name = site.weight(numpy_helper.to_array(value), "value")
    site.emit("Identity", name, into=site.output(0))
    return "a weight"


def dequantize(site: Site) -> str:
    """(x - zero point) * scale"""
    from onnx import TensorProto

    value = site.emit("Cast", site.input(0), to=TensorProto.FLOAT)
    if site.input(2):
        zero = site.emit("Cast", site.input(2), to=TensorProto.FLOAT)
        value = site.emit("Sub", value, zero)
    site.emit("Mul", value, site.input(1), into=site.output(0))
    return "Sub and Mul"


def scan_of_one(site: Site) -> str:
    """a batch of one, squeezed again"""
    axes = site.attribute("scan_input_axes", []) + site.attribute("scan_output_axes", [])
    if any(axes) or any(site.attribute("scan_output_directions", [])):
        raise NotInOnnx("Scan along other axes than the first", "Transpose around it")
    inputs = [site.emit("Unsqueeze", name, axes=[0]) for name in site.node.input]
    outputs = [site.fresh("batch") for _ in site.node.output]
    directions = site.attribute("scan_input_directions", [])
    site.keep(
        inputs=["", *inputs],
        outputs=outputs,
        without=[
            "scan_input_axes", "scan_output_axes", "scan_input_directions",
            "scan_output_directions",
        ],
        attributes={"directions": directions} if directions else {},
    )  # fmt: skip
    for name, into in zip(outputs, site.node.output, strict=True):
        if into:
            site.emit("Squeeze", name, into=into, axes=[0])
    return "a batch of one"
