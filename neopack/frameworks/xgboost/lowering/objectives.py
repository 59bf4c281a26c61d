"""What XGBoost 1.3.3, the newest that Neo reads, can express: its objectives and their own
parameters, with the defaults it writes (dmlc/xgboost v1.3.3, src/objective)."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CLASSES", "OBJECTIVES", "inexpressible"]

_REGRESSION = ("reg_loss_param", {"scale_pos_weight": "1"})
_CLASSES = ("softmax_multiclass_param", {"num_class": "1"})
_RANK = ("lambda_rank_param", {"fix_list_weight": "0", "num_pairsample": "1"})
_NONE: tuple[str, dict[str, str]] = ("", {})

# objective -> the key of its parameters in the model, and what they are where not given
OBJECTIVES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "reg:squarederror": _REGRESSION,
    "reg:linear": _REGRESSION,
    "reg:squaredlogerror": _REGRESSION,
    "reg:logistic": _REGRESSION,
    "reg:pseudohubererror": _REGRESSION,
    "reg:gamma": _NONE,
    "reg:tweedie": ("tweedie_regression_param", {"tweedie_variance_power": "1.5"}),
    "binary:logistic": _REGRESSION,
    "binary:logitraw": _REGRESSION,
    "binary:hinge": _NONE,
    "count:poisson": ("poisson_regression_param", {"max_delta_step": "0.699999988"}),
    "survival:cox": _NONE,
    "survival:aft": (
        "aft_loss_param",
        {"aft_loss_distribution": "normal", "aft_loss_distribution_scale": "1"},
    ),
    "multi:softmax": _CLASSES,
    "multi:softprob": _CLASSES,
    "rank:pairwise": _RANK,
    "rank:ndcg": _RANK,
    "rank:map": _RANK,
}
CLASSES = frozenset(["multi:softmax", "multi:softprob"])


def inexpressible(
    objective: str, *, targets: int = 1, leaf_vector: int = 0, categorical: bool = False
) -> str:
    """What of these 1.3.3 lacks, in words; "" where it has all."""
    if objective not in OBJECTIVES:
        return f"objective {objective}"
    if targets > 1:
        return f"models of {targets} targets"
    if leaf_vector > 1:
        return f"leaves that are vectors of {leaf_vector}"
    return "splits on categories" if categorical else ""
