"""What a model takes and gives: any number of rows, and for each of them a prediction, as the
objective transforms it, and the margin, before that."""

from __future__ import annotations

from collections.abc import Mapping

from neopack.frameworks.linear import Transform
from neopack.values.signature import Signature, TensorSpec

__all__ = ["DATA", "MARGIN", "PREDICTION", "TRANSFORMS", "is_class", "signature_of"]

DATA, PREDICTION, MARGIN = "data", "prediction", "margin"

# objective -> how a prediction comes from margins: ``PredTransform`` in src/objective of
# dmlc/xgboost v3.2.0
TRANSFORMS: Mapping[str, Transform] = {
    **dict.fromkeys(("binary:logistic", "reg:logistic"), "sigmoid"),
    **dict.fromkeys(
        ("count:poisson", "reg:gamma", "reg:tweedie", "survival:aft", "survival:cox"), "exp"
    ),
    **dict.fromkeys(
        (
            "binary:logitraw",
            "rank:map",
            "rank:ndcg",
            "rank:pairwise",
            "reg:absoluteerror",
            "reg:linear",
            "reg:pseudohubererror",
            "reg:quantileerror",
            "reg:squarederror",
            "reg:squaredlogerror",
        ),
        "",
    ),
    "binary:hinge": "step",
    "multi:softmax": "argmax",
    "multi:softprob": "softmax",
}


def is_class(objective: str) -> bool:
    """Whether the prediction is a class, one number for a row, however many margins there are."""
    return TRANSFORMS.get(objective) == "argmax"


def signature_of(objective: str, *, columns: int, groups: int) -> Signature:
    """``groups`` is how many margins a row has; a single one has no dim of its own."""
    margins = (None, groups) if groups > 1 else (None,)
    predictions = (None,) if is_class(objective) else margins
    return Signature(
        inputs=(TensorSpec(name=DATA, dtype="float32", shape=(None, columns)),),
        outputs=(
            TensorSpec(name=PREDICTION, dtype="float32", shape=predictions),
            TensorSpec(name=MARGIN, dtype="float32", shape=margins),
        ),
    )
