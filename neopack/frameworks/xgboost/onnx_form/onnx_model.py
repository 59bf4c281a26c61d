"""A model of trees as a whole ONNX model: ``data`` in, ``prediction`` and ``margin`` out."""

from __future__ import annotations

from collections.abc import Iterator

from neopack.errors import Unsupported
from neopack.formats.onnx_write import (
    OnnxNode,
    OnnxType,
    OnnxValue,
    onnx_model,
)
from neopack.frameworks.xgboost.answers import DATA, MARGIN, signature_of
from neopack.frameworks.xgboost.document import Learner
from neopack.frameworks.xgboost.onnx_form.predictions import constants, transformed
from neopack.frameworks.xgboost.onnx_form.tree_ensemble import ensemble
from neopack.values.signature import TensorSpec

__all__ = ["as_onnx"]

COLUMNS, SUMS = "columns", "sums"
# the newest in which the axes of Squeeze are an attribute
OPSETS = {"": 12, "ai.onnx.ml": 1}
TREES = ("gbtree", "dart")


def as_onnx(model: Learner) -> bytes:
    """The bytes of the ONNX model. Raises ``Unsupported`` for what is not trees."""
    if model.booster not in TREES:
        raise Unsupported(
            f"the booster is {model.booster}, which has no trees",
            hint="neopack package FILE --framework ONNX writes a linear model as plain operators",
        )
    categories = any(tree.categorical for tree in model.trees)
    signature = signature_of(model.objective, columns=model.num_feature, groups=model.groups)
    (data,) = signature.inputs
    return onnx_model(
        [*(_rounded() if categories else ()), _trees(model, categories), *_answers(model)],
        inputs=[_value(data)],
        outputs=[_value(spec) for spec in signature.outputs],
        constants=constants(),
        opsets=OPSETS,
    )


def _trees(model: Learner, categories: bool) -> OnnxNode:
    return OnnxNode(
        operator="TreeEnsembleRegressor",
        inputs=(COLUMNS if categories else DATA,),
        outputs=(MARGIN if model.groups > 1 else SUMS,),
        attributes=ensemble(model),
        domain="ai.onnx.ml",
    )


def _answers(model: Learner) -> Iterator[OnnxNode]:
    if model.groups == 1:
        yield OnnxNode(
            operator="Squeeze", inputs=(SUMS,), outputs=(MARGIN,), attributes={"axes": [1]}
        )
    yield from transformed(model.objective)


def _rounded() -> Iterator[OnnxNode]:
    """The columns, and after them all of them rounded down, which chains of categories read."""
    yield OnnxNode(operator="Floor", inputs=(DATA,), outputs=("floor",))
    yield OnnxNode(
        operator="Concat", inputs=(DATA, "floor"), outputs=(COLUMNS,), attributes={"axis": 1}
    )


def _value(spec: TensorSpec) -> OnnxValue:
    return OnnxValue(name=spec.name, type=OnnxType.FLOAT, shape=spec.shape)
