"""Pooling before it rounded up, and Dropout before it had inputs.

Source: onnx/onnx docs/Changelog.md (2026).
"""

from __future__ import annotations

from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site

__all__ = ["dropout", "pool_bytes", "pool_down", "pool_without_places"]


def pool_bytes(site: Site) -> str:
    """of bytes, computed in float32"""
    from onnx import TensorProto

    kind = site.dtype()
    if kind not in (TensorProto.INT8, TensorProto.UINT8):
        site.keep()
        return ""
    wide = site.emit("Cast", site.input(0), to=TensorProto.FLOAT)
    pooled = site.fresh("found")
    site.keep(inputs=[wide], outputs=[pooled, *site.node.output[1:]])
    site.emit("Cast", pooled, into=site.output(0), to=kind)
    return "computed in float32"


def pool_down(site: Site) -> str:
    """ceil_mode as pads at the end"""
    operator = site.node.op_type
    if any(step != 1 for step in site.attribute("dilations", [])):
        raise NotInOnnx(f"{operator} with dilations", "dilations of 1")
    dropped = ["ceil_mode", "dilations"]
    if site.attribute("auto_pad", "NOTSET").startswith("SAME"):
        return _same(site, dropped)
    if not site.attribute("ceil_mode", 0):
        site.keep(without=dropped)
        return ""
    pads, added = _pads(site)
    if not any(added):
        site.keep(without=dropped)
        return "nothing to round up"
    if site.attribute("count_include_pad", 0):
        raise NotInOnnx(f"{operator} with ceil_mode that counts pads", "pads that say the same")
    kernel = site.attribute("kernel_shape", [])
    if any(pad >= size for pad, size in zip(pads[len(kernel) :], kernel, strict=True)):
        raise NotInOnnx(f"{operator} with ceil_mode past its kernel", "pads that say the same")
    site.keep(without=[*dropped, "auto_pad"], attributes={"pads": pads})
    return "ceil_mode as pads at the end"


def _same(site: Site, dropped: list[str]) -> str:
    """SAME has rounded up all along. Where a stride passes over the end it would pad less than
    nothing, which ONNX Runtime does in one kernel and refuses in another."""
    kernel = site.attribute("kernel_shape", [])
    strides = site.attribute("strides", [1] * len(kernel))
    for size, step, window in zip(site.shape()[2:], strides, kernel, strict=True):
        if (-(-size // step) - 1) * step + window < size:
            raise NotInOnnx(f"{site.node.op_type} with auto_pad below zero", "pads")
    site.keep(without=dropped)
    return ""


def _pads(site: Site) -> tuple[list[int], list[int]]:
    """The pads that say what rounding up says, and what of them was added for each axis."""
    kernel = site.attribute("kernel_shape", [])
    strides = site.attribute("strides", [1] * len(kernel))
    pads = list(site.attribute("pads", [0] * (2 * len(kernel))))
    sizes, outputs = site.shape()[2:], site.output_shape()[2:]
    added = [
        max(0, (new - 1) * step + window - (old + pads[at] + pads[len(kernel) + at]))
        for at, (old, new, step, window) in enumerate(
            zip(sizes, outputs, strides, kernel, strict=True)
        )
    ]
    whole = pads[: len(kernel)] + [
        pad + more for pad, more in zip(pads[len(kernel) :], added, strict=True)
    ]
    return whole, added


def pool_without_places(site: Site) -> str:
    """refused where the places of the largest are asked for"""
    if site.output(1):
        raise NotInOnnx("MaxPool with Indices", "MaxPool without Indices")
    site.keep(without=["storage_order"], outputs=site.node.output[:1])
    return ""


def dropout(site: Site) -> str:
    """its ratio is an attribute; its mask, of an export that does not train, is true"""
    import numpy as np

    ratio = site.attribute("ratio", 0.5)
    if site.input(2) and site.constant(2, "training_mode").any():
        raise NotInOnnx("Dropout that trains", "an export in evaluation mode")
    if site.input(1):
        constant = site.values.constant(site.input(1))
        ratio = ratio if constant is None else float(constant.reshape(-1)[0])
    if site.output(1):
        mask = site.weight(np.ones(site.shape(), np.bool_), "mask")
        site.emit("Identity", mask, into=site.output(1))
    site.keep(
        inputs=site.node.input[:1],
        outputs=site.node.output[:1],
        without=["seed"],
        attributes={"ratio": ratio},
    )
    return "ratio is an attribute" if site.input(1) else ""
