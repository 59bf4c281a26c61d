"""How to write the forms that operators had up to opset 6 in the form of opset 7.

Each function says in its docstring what it becomes: onnx/onnx docs/Changelog.md (2026).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site

__all__ = ["BINARY", "CHANGED", "IN_PLACE", "plain"]

# what an operator of opset 1 could compute into, which a runtime was free to ignore
IN_PLACE = "consumed_inputs"
BINARY = ("Add", "And", "Div", "Equal", "Greater", "Less", "Mul", "Or", "Pow", "Sub", "Xor")
_LAYOUT = "Unsqueeze before it"


def plain(site: Site) -> str:
    """Without ``consumed_inputs``."""
    site.keep(without=[IN_PLACE])
    return ""


def broadcast(site: Site) -> str:
    """The second input meets the axis that ``axis`` names, by dims of one behind it."""
    dropped = ["axis", "broadcast", IN_PLACE]
    behind = _dims_behind(site)
    if not behind:
        site.keep(without=dropped)
        return ""
    site.keep(inputs=[site.input(0), _unsqueezed(site, 1, behind)], without=dropped)
    return _LAYOUT


def _dims_behind(site: Site) -> int:
    """How many dims of the first input follow those that the second one meets."""
    axis: int | None = site.attribute("axis", None)
    # an axis of -1 was Caffe2's word for the last ones, which need nothing
    if not site.attribute("broadcast", 0) or axis is None or axis < 0 or _is_single(site, 1):
        return 0
    return max(site.rank() - axis - site.rank(1), 0)


def _is_single(site: Site, place: int) -> bool:
    return math.prod(site.shape(place)) == 1


def _unsqueezed(site: Site, place: int, behind: int) -> str:
    rank = site.rank(place)
    return site.emit("Unsqueeze", site.input(place), axes=list(range(rank, rank + behind)))


def slopes(site: Site) -> str:
    """One slope a channel meets the second axis."""
    behind = site.rank() - 2
    if _is_single(site, 1) or site.rank(1) != 1 or behind < 1:
        return plain(site)
    site.keep(inputs=[site.input(0), _unsqueezed(site, 1, behind)], without=[IN_PLACE])
    return _LAYOUT


def batch_normalization(site: Site) -> str:
    """In inference; statistics as outputs are refused."""
    if len([name for name in site.node.output if name]) > 1 and not site.attribute("is_test", 0):
        raise NotInOnnx("BatchNormalization that trains", "an export in evaluation mode")
    site.keep(outputs=site.node.output[:1], without=["is_test", IN_PLACE])
    return ""


def dropout(site: Site) -> str:
    """In inference, where it passes its input on."""
    site.keep(without=["is_test", IN_PLACE])
    return "" if site.attribute("is_test", 0) else "is_test was 0, but Neo compiles for inference"


def cast(site: Site) -> str:
    """The type is a number."""
    from onnx import TensorProto

    target = site.attribute("to", "")
    if isinstance(target, str):
        try:
            target = TensorProto.DataType.Value(target.upper())
        except ValueError:
            raise NotInOnnx(f"Cast to {target!r}", "a type of TensorProto") from None
    site.keep(attributes={"to": target})
    return "the type is a number"


def concat(site: Site) -> str:
    """The axis, 1 by default, is explicit."""
    site.keep(attributes={"axis": site.attribute("axis", 1)})
    return ""


def pad(site: Site) -> str:
    """``paddings`` are called ``pads``."""
    pads = site.attribute("paddings", [])
    site.keep(without=["paddings"], attributes={"pads": pads})
    return ""


def reshape(site: Site) -> str:
    """The shape is an input."""
    import numpy as np

    shape = site.weight(np.array(site.attribute("shape", []), np.int64), "shape")
    site.keep(inputs=[site.input(0), shape], without=["shape", IN_PLACE])
    return "the shape is an input"


def split(site: Site) -> str:
    """Constant sizes are an attribute."""
    if not site.input(1):
        site.keep()
        return ""
    sizes = [int(size) for size in site.constant(1, "sizes").reshape(-1)]
    site.keep(inputs=site.node.input[:1], attributes={"split": sizes})
    return "sizes are an attribute"


def tile(site: Site) -> str:
    """Repeats for every axis."""
    import numpy as np

    repeats = np.ones(site.rank(), np.int64)
    axis = int(site.constant(2, "axis").reshape(-1)[0])
    repeats[axis] = int(site.constant(1, "tiles").reshape(-1)[0])
    site.keep(inputs=[site.input(0), site.weight(repeats, "repeats")])
    return "repeats for every axis"


def upsample(site: Site) -> str:
    """Scales for every axis."""
    scales = [1.0, 1.0, site.attribute("height_scale", 1.0), site.attribute("width_scale", 1.0)]
    mode = site.attribute("mode", "nearest")
    if mode not in ("nearest", "bilinear"):
        raise NotInOnnx(f"Upsample of mode {mode}", "nearest or bilinear")
    site.keep(
        without=["height_scale", "width_scale"],
        attributes={"scales": scales, "mode": "nearest" if mode == "nearest" else "linear"},
    )
    return "scales for every axis"


def power_of_norm(site: Site) -> str:
    """``p`` is an integer."""
    p = float(site.attribute("p", 2.0))
    if not p.is_integer():
        raise NotInOnnx(f"{site.node.op_type} with p of {p:g}", "a whole p")
    site.keep(attributes={"p": int(p)})
    return ""


def without(names: Sequence[str]) -> Callable[[Site], str]:
    """Drop attributes that say nothing of the numbers."""

    def adapter(site: Site) -> str:
        """without attributes that say nothing of the numbers"""
        site.keep(without=names)
        return ""

    return adapter


CHANGED: Mapping[str, Callable[[Site], str]] = {
    **dict.fromkeys(BINARY, broadcast),
    **dict.fromkeys(("GRU", "LSTM", "RNN"), without(["output_sequence"])),
    **dict.fromkeys(("GlobalLpPool", "LpPool"), power_of_norm),
    "BatchNormalization": batch_normalization,
    "Cast": cast,
    "Concat": concat,
    "Dropout": dropout,
    "Gemm": without(["broadcast"]),
    "PRelu": slopes,
    "Pad": pad,
    "Reshape": reshape,
    "Split": split,
    "Tile": tile,
    "Upsample": upsample,
}
