"""60 configurations of XGBoost, trained with the current version: every objective of 1.3.3, every
booster, and common settings."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["configurations"]

ROUNDS = 30
COLUMNS = 12

# objective -> the labels that it takes
_OBJECTIVES = {
    "reg:squarederror": "real", "reg:squaredlogerror": "positive", "reg:logistic": "binary",
    "reg:pseudohubererror": "real", "reg:gamma": "positive", "reg:tweedie": "positive",
    "binary:logistic": "binary", "binary:hinge": "binary", "count:poisson": "positive",
    "multi:softprob": "classes",
}  # fmt: skip
_BOOSTERS: list[dict[str, Any]] = [
    {"booster": "gbtree", "max_depth": 3},
    {"booster": "gbtree", "max_depth": 8, "num_parallel_tree": 3, "subsample": 0.8},
    {"booster": "dart", "max_depth": 4, "rate_drop": 0.3},
    {"booster": "gblinear"},
]
_NAMES = [f"column {number}" for number in range(COLUMNS)]
# name -> labels, parameters, further arguments of ``trainer``
_MORE: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "rank:pairwise": ("ranks", {"objective": "rank:pairwise"}, {}),
    "rank:pairwise dart": ("ranks", {"objective": "rank:pairwise", "booster": "dart"}, {}),
    "rank:ndcg": ("ranks", {"objective": "rank:ndcg"}, {}),
    "rank:map": ("relevant", {"objective": "rank:map"}, {}),
    "survival:cox": ("censored", {"objective": "survival:cox"}, {}),
    "survival:aft normal": ("bounds", {"objective": "survival:aft"}, {}),
    "survival:aft logistic": (
        "bounds", {"objective": "survival:aft", "aft_loss_distribution": "logistic"}, {},
    ),
    "survival:aft extreme": (
        "bounds",
        {"objective": "survival:aft", "aft_loss_distribution": "extreme",
         "aft_loss_distribution_scale": 1.5},
        {},
    ),
    "multi:softmax": ("classes", {"objective": "multi:softmax", "num_class": 3}, {}),
    "multi:softmax dart": (
        "classes", {"objective": "multi:softmax", "num_class": 3, "booster": "dart"}, {},
    ),
    "multi:softprob of 40": ("many", {"objective": "multi:softprob", "num_class": 40}, {}),
    "binary:logitraw": ("binary", {"objective": "binary:logitraw"}, {}),
    "monotone constraints": (
        "real", {"monotone_constraints": (1, -1) + (0,) * (COLUMNS - 2)}, {},
    ),
    "interaction constraints": ("real", {"interaction_constraints": "[[0, 1, 2], [3, 4]]"}, {}),
    "deep": ("real", {"max_depth": 16, "min_child_weight": 0}, {}),
    "leaf by leaf": (
        "binary",
        {"objective": "binary:logistic", "grow_policy": "lossguide", "max_leaves": 31,
         "max_depth": 0, "tree_method": "hist", "scale_pos_weight": 3},
        {},
    ),
    "exact, feature names": ("real", {"tree_method": "exact"}, {"feature_names": _NAMES}),
    "base_score 0.2": ("binary", {"objective": "binary:logistic", "base_score": 0.2}, {}),
    "stopped early": ("real", {"eta": 1.0, "eval_metric": "rmse"}, {"stops": 3}),
    "random forest": (
        "classes",
        {"objective": "multi:softprob", "num_class": 3, "num_parallel_tree": 50, "eta": 1,
         "subsample": 0.8, "colsample_bynode": 0.8},
        {"rounds": 1},
    ),
}  # fmt: skip


def configurations() -> Iterator[tuple[str, Callable[[Path], Any]]]:
    """Yield (name, trainer): each objective with each booster, and twenty more."""
    for objective, labels in _OBJECTIVES.items():
        classes = {"num_class": 3} if labels == "classes" else {}
        for number, booster in enumerate(_BOOSTERS):
            parameters = {**booster, **classes, "objective": objective}
            yield f"{objective} {booster['booster']}{number}", trainer(labels, parameters)
    for name, (labels, parameters, more) in _MORE.items():
        yield name, trainer(labels, parameters, **more)


def trainer(
    labels: str,
    parameters: Mapping[str, Any],
    *,
    rounds: int = ROUNDS,
    stops: int | None = None,
    feature_names: list[str] | None = None,
) -> Callable[[Path], Any]:
    """Return a function that trains on 2000 rows with a tenth of the numbers missing; ``stops`` is
    the number of rounds without improvement that end the training."""

    def train(_: Path) -> Any:
        import xgboost

        generator = np.random.default_rng(0)
        rows = generator.standard_normal((2000, COLUMNS), dtype=np.float32)
        targets = _targets(labels, rows.sum(axis=1))
        rows[generator.random(rows.shape) < 0.1] = np.nan
        matrix = xgboost.DMatrix(rows, feature_names=feature_names, **targets)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return xgboost.train(
                {"seed": 0, **parameters, "nthread": 2},
                matrix,
                rounds,
                evals=[(xgboost.DMatrix(-rows, **targets), "held")] if stops else [],
                early_stopping_rounds=stops,
                verbose_eval=False,
            )

    return train


def _targets(labels: str, total: Any) -> dict[str, Any]:
    """The labels, groups or bounds of a DMatrix, by the kind of labels."""
    positive = np.exp(total / 8)
    if labels == "bounds":
        later = np.where(total > 3, np.inf, positive * 1.2)
        return {"label_lower_bound": positive, "label_upper_bound": later}
    if labels in ("ranks", "relevant"):
        steps = [-2, 0, 2] if labels == "ranks" else [0]
        return {"label": np.digitize(total, steps), "group": [20] * (len(total) // 20)}
    return {
        "label": {
            "real": total, "positive": positive, "binary": total > 0,
            "classes": np.digitize(total, [-2, 2]),
            "many": np.digitize(total, np.linspace(-6, 6, 39)),
            # a negative time is censored: the last one observed
            "censored": np.where(total > 3, -positive, positive),
        }[labels]
    }  # fmt: skip
