"""What each operator becomes from one opset to the one before, from 12 to 7.

``STEPS`` has a way for every operator whose schema came or changed in an opset: a rewrite, None
where only types or words changed (what the types were is then looked up), or a ``Refusal``.
Source: onnx/onnx docs/Changelog.md (2026).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from neopack.frameworks.onnx.lowering.changed_operators import gemm, older
from neopack.frameworks.onnx.lowering.older_opsets import (
    arithmetic,
    axes,
    constants,
    contraction,
    functions,
    indexing,
    pooling,
    resizing,
    slicing,
    spreading,
)
from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site

__all__ = ["LOWEST", "STEPS", "Refusal", "Way", "step"]

LOWEST = 7


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing stands for it; what to use instead, for the hint."""

    instead: str


Way = Callable[[Site], str] | Refusal | None

_UNQUANTIZED = Refusal("an export that is not quantized")
_TENSORS = Refusal("tensors in place of sequences")
_TRAINING = Refusal("an export without its loss")
_REDUCTIONS = (
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare",
)  # fmt: skip

_FROM_12: Mapping[str, Way] = {
    "ArgMax": axes.arg_extreme,
    "ArgMin": axes.arg_extreme,
    "Celu": functions.celu,
    "Clip": arithmetic.clip_integers,
    "Constant": constants.constant,
    "Dropout": pooling.dropout,
    "Einsum": contraction.einsum,
    "GatherND": indexing.gather_nd_in_batches,
    "GreaterOrEqual": arithmetic.not_apart,
    "LessOrEqual": arithmetic.not_apart,
    "Max": arithmetic.extreme,
    "MaxPool": pooling.pool_bytes,
    "Min": arithmetic.extreme,
    "NegativeLogLikelihoodLoss": _TRAINING,
    "Pow": arithmetic.power,
    "ReduceMax": arithmetic.reduce_bytes,
    "ReduceMin": arithmetic.reduce_bytes,
    "SoftmaxCrossEntropyLoss": _TRAINING,
}

_FROM_11: Mapping[str, Way] = {
    **dict.fromkeys(
        ("ArgMax", "ArgMin", "Compress", "Concat", "Flatten", "Hardmax", "LogSoftmax", "Softmax",
         "Split"),
        axes.along_axis,
    ),
    **dict.fromkeys((*_REDUCTIONS, "Squeeze", "Unsqueeze"), axes.along_axes),
    **dict.fromkeys(
        ("AveragePool", "Conv", "ConvTranspose", "If", "Loop", "LpPool", "MaxPool", "MaxUnpool",
         "NonMaxSuppression"),
    ),
    **dict.fromkeys(
        ("SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert",
         "SequenceLength", "ConcatFromSequence", "SplitToSequence"),
        _TENSORS,
    ),
    "BitShift": arithmetic.bit_shift,
    "Clip": arithmetic.clip,
    "Constant": constants.dense_constant,
    "CumSum": slicing.cumulative_sum,
    "DepthToSpace": slicing.depth_to_space,
    "Det": Refusal("the sum of products that it is"),
    "DynamicQuantizeLinear": _UNQUANTIZED,
    "Equal": arithmetic.equal,
    "Gather": indexing.gather,
    "GatherElements": indexing.gather_elements,
    "GatherND": indexing.gather_nd,
    "Gemm": gemm,
    "OneHot": indexing.one_hot,
    "Pad": slicing.pad_by_attributes,
    "Range": Refusal("a constant: sizes that the model does not compute"),
    "Resize": resizing.resize,
    "Round": arithmetic.round_to_even,
    "Scan": axes.scan_axes,
    "ScatterElements": indexing.scatter_elements,
    "ScatterND": indexing.scatter_nd,
    "Slice": slicing.slice_from_the_front,
    "TopK": slicing.top_of,
    "Unique": Refusal("a constant"),
}  # fmt: skip

_FROM_10: Mapping[str, Way] = {
    "AveragePool": pooling.pool_down,
    "ConvInteger": _UNQUANTIZED,
    "DequantizeLinear": constants.dequantize,
    "Dropout": pooling.dropout,
    "IsInf": arithmetic.is_infinite,
    "MatMulInteger": _UNQUANTIZED,
    "MaxPool": pooling.pool_down,
    "Mod": arithmetic.modulo,
    "NonMaxSuppression": Refusal("the boxes as outputs, chosen after the model"),
    "QLinearConv": _UNQUANTIZED,
    "QLinearMatMul": _UNQUANTIZED,
    "QuantizeLinear": _UNQUANTIZED,
    "Resize": resizing.upsample,
    "ReverseSequence": Refusal("Slice with a negative step, where all lengths are the same"),
    "RoiAlign": Refusal("boxes cut out after the model"),
    "Slice": slicing.slice_by_attributes,
    "StringNormalizer": Refusal("strings prepared before the model"),
    "ThresholdedRelu": functions.thresholded,
    "TopK": slicing.top_of_known,
}

_FROM_9: Mapping[str, Way] = {
    **dict.fromkeys(("BatchNormalization", "Cast", "Flatten", "Gemm", "MatMul", "PRelu")),
    "Acosh": functions.acosh,
    "Asinh": functions.asinh,
    "Atanh": functions.atanh,
    "Compress": indexing.compress,
    "Constant": constants.weight,
    "ConstantOfShape": spreading.constant_of_shape,
    "Cosh": functions.cosh,
    "Erf": functions.erf,
    "EyeLike": spreading.eye_like,
    "Greater": arithmetic.compare,
    "IsNaN": arithmetic.is_nan,
    "Less": arithmetic.compare,
    "MaxUnpool": Refusal("ConvTranspose"),
    "MeanVarianceNormalization": functions.mean_variance,
    "NonZero": Refusal("a mask and Mul"),
    "OneHot": indexing.one_hot_by_gather,
    "Scan": constants.scan_of_one,
    "Scatter": Refusal("Concat of the parts"),
    "Shrink": functions.shrink,
    "Sign": arithmetic.sign,
    "Sinh": functions.sinh,
    "TfIdfVectorizer": Refusal("words counted before the model"),
    "Upsample": resizing.upsample_by_attribute,
    "Where": spreading.where,
}

_FROM_8: Mapping[str, Way] = {
    "Expand": spreading.expand,
    "Max": spreading.spread_all,
    "MaxPool": pooling.pool_without_places,
    "Mean": arithmetic.mean,
    "Min": spreading.spread_all,
    "Scan": Refusal("Loop"),
    "Sum": arithmetic.sum_of,
}

STEPS: Mapping[int, Mapping[str, Way]] = {
    12: _FROM_12, 11: _FROM_11, 10: _FROM_10, 9: _FROM_9, 8: _FROM_8,
}  # fmt: skip


def step(site: Site, new: Any, old: Any, opset: int) -> str:
    """Rewrite a node of ``opset`` for the one before; ``new`` and ``old`` are its schemas. Raises
    ``NotInOnnx``."""
    operator = site.node.op_type
    way = STEPS[opset].get(operator)
    if isinstance(way, Refusal) or (way is None and old is None):
        raise NotInOnnx(operator, way.instead if way else "")
    if way is not None:
        return way(site)
    note = older(site, new, old)
    _refuse_types(site, old)
    return note


def _refuse_types(site: Site, old: Any) -> None:
    """Each input is of a type that the older form takes."""
    from onnx import TensorProto

    for place, name in enumerate(site.node.input):
        kind = site.values.dtype(name) if name else None
        allowed = old.inputs[min(place, len(old.inputs) - 1)].types
        word = TensorProto.DataType.Name(kind).lower() if kind else ""
        if word and f"tensor({word})" not in allowed:
            raise NotInOnnx(f"{site.node.op_type} of {word}", "float32")
