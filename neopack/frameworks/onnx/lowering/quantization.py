"""QuantizeLinear and DequantizeLinear before 13: one scale for a whole tensor."""

from __future__ import annotations

from typing import Any

from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site
from neopack.frameworks.onnx.lowering.traversal import replace
from neopack.frameworks.onnx.lowering.value_info import evaluated

__all__ = ["dequantize", "fold_weights", "quantize"]

SAID_NEW = ("axis", "block_size", "saturate", "output_dtype", "precision")
BY_HAND = "one scale an axis is plain arithmetic"


def dequantize(site: Site) -> str:
    """With one scale as it is; a scale for each channel by arithmetic."""
    from onnx import TensorProto

    supported = (TensorProto.INT8, TensorProto.UINT8, TensorProto.INT32)
    # inference knows no type of what an operator of another domain computes
    kind = site.dtype(2 if site.input(2) else 0)
    if _one_scale(site) and kind in supported and site.dtype(1) == TensorProto.FLOAT:
        site.keep(without=SAID_NEW)
        return ""
    axis, rank = _axis(site), site.rank()
    kind = site.attribute("output_dtype", 0) or site.dtype(1)
    value = site.emit("Cast", site.input(0), to=TensorProto.FLOAT)
    if site.input(2):
        value = site.emit("Sub", value, _spread(site, 2, axis, rank))
    scaled = site.emit("Mul", value, _spread(site, 1, axis, rank))
    site.emit("Cast", scaled, into=site.output(0), to=kind)
    return BY_HAND


def fold_weights(graph: Any, opset: int) -> int:
    """Compute the weights, of any size, that are quantized as no older DequantizeLinear is: in
    blocks, or of other types. Returns how many."""
    from onnx import TensorProto, numpy_helper

    known = (TensorProto.INT8, TensorProto.UINT8, TensorProto.INT32)
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    kept, count = [], 0
    for node in graph.node:
        inputs = {name: tensors.get(name) for name in node.input if name}
        new = node.op_type == "DequantizeLinear" and all(inputs.values())
        if new and (_in_blocks(node) or tensors[node.input[0]].data_type not in known):
            arrays = {name: numpy_helper.to_array(tensor) for name, tensor in inputs.items()}
            computed = evaluated(node, arrays, opset)
            if computed:
                count += 1
                graph.initializer.extend(
                    numpy_helper.from_array(array, name) for name, array in computed.items()
                )
                continue
        kept.append(node)
    replace(graph.node, kept)
    return count


def _in_blocks(node: Any) -> bool:
    return any(attribute.name == "block_size" and attribute.i for attribute in node.attribute)


def quantize(site: Site) -> str:
    """With one scale as it is; a scale for each channel by arithmetic."""
    import numpy as np
    from onnx import TensorProto, helper

    kind = site.dtype(2) if site.input(2) else site.attribute("output_dtype", 0)
    kind = kind or TensorProto.UINT8
    float32 = site.dtype() == site.dtype(1) == TensorProto.FLOAT
    if _one_scale(site) and float32 and kind in (TensorProto.INT8, TensorProto.UINT8):
        inputs = list(site.node.input)
        if not site.input(2):
            inputs[2:] = [site.number(0, "zero_point", kind)]
        site.keep(inputs=inputs, without=SAID_NEW)
        return ""
    axis, rank = _axis(site), site.rank()
    value = site.emit("Cast", site.input(0), to=TensorProto.FLOAT)
    value = site.emit("Round", site.emit("Div", value, _spread(site, 1, axis, rank)))
    if site.input(2):
        value = site.emit("Add", value, _spread(site, 2, axis, rank))
    bounds = np.iinfo(helper.tensor_dtype_to_np_dtype(kind))
    least = site.number(bounds.min, "least", TensorProto.FLOAT)
    most = site.number(bounds.max, "most", TensorProto.FLOAT)
    site.emit("Cast", site.emit("Clip", value, least, most), into=site.output(0), to=kind)
    return BY_HAND


def _one_scale(site: Site) -> bool:
    if site.attribute("block_size", 0):
        raise NotInOnnx(f"{site.node.op_type} in blocks", "one scale for each channel")
    return site.values.shape(site.input(1)) in ((), (1,))


def _axis(site: Site) -> int:
    axis: int = site.attribute("axis", 1)
    return axis % max(site.rank(), 1)


def _spread(site: Site, place: int, axis: int, rank: int) -> str:
    """A scale or zero point as float32, of a shape that meets the axis it is for."""
    from onnx import TensorProto

    value = site.emit("Cast", site.input(place), to=TensorProto.FLOAT)
    after = rank - axis - 1
    if site.values.shape(site.input(place)) in ((), (1,)) or not after:
        return value
    return site.emit("Unsqueeze", value, axes=list(range(1, 1 + after)))
