"""What the trees of a model add up from: the base score, before and after its link.

A document has the base score as a prediction, which the objective's link turns into a margin;
which link, and whether there is one, changed with the versions of XGBoost (dmlc/xgboost, v0.60 to
v3.2.0: ``ProbToMargin`` in src/objective, and ``LoadModel`` and ``InitModelUserParam`` in
src/learner.cc). XGBoost computes with margins in float32, and so does this.
"""

from __future__ import annotations

from typing import Any

from neopack.frameworks.xgboost.document import Learner

__all__ = ["margins", "prediction_for"]

# before this version, binary files have the margin itself
STATED = (1, 0)
# binary:logitraw took its base score for a probability until this version
RAW_MARGIN = (1, 3)
# since this version, a default base score is a margin as long as there is no round of training
UNFITTED = (3, 1)
# since this version, probabilities are held this far from 0 and 1
CLAMPED, CLAMP = (3, 2), 1e-6

LOGISTIC = ("binary:logistic", "reg:logistic")
LOGITRAW = "binary:logitraw"
EXPONENTIAL = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:aft", "survival:cox")
# of a margin in a file that has other words for it: a few roundings of float32
CLOSE = 4e-7


def margins(model: Learner) -> tuple[float, ...]:
    """What XGBoost of the model's version starts from, one number for each output."""
    scores = model.base_scores
    if model.booster == "gblinear":
        # xgboost 3.2.0 adds the first class's base score to every class of a linear model
        scores = scores[:1]
    linked = tuple(_margin(model, score) for score in scores)
    return linked * model.groups if len(linked) == 1 else linked


def _margin(model: Learner, score: float) -> float:
    version = model.version
    if version < STATED or (version >= UNFITTED and model.estimates and not model.fitted):
        return _float32(score)
    if version >= CLAMPED and model.objective in LOGISTIC:
        score = min(max(score, CLAMP), 1 - CLAMP)
    return link(model.objective, score, raw=version >= RAW_MARGIN)


def link(objective: str, score: float, *, raw: bool = True) -> float:
    """The margin of a base score, as XGBoost 1.3.3 computes it; ``raw`` is False before 1.3."""
    import numpy as np

    one, value = np.float32(1), np.float32(score)
    with np.errstate(all="ignore"):
        if objective in LOGISTIC or (objective == LOGITRAW and not raw):
            return float(-np.log(one / value - one))
        return float(np.log(value) if objective in EXPONENTIAL else value)


def prediction_for(model: Learner, margin: float) -> float | None:
    """The base score from which XGBoost 1.3.3 gets ``margin``: the model's own where it does, or
    one that comes within a rounding or two; None where there is no such number."""
    import numpy as np

    if model.objective not in (*LOGISTIC, *EXPONENTIAL):
        return margin
    own, most = model.base_scores[0], 1 if model.objective in LOGISTIC else np.inf
    if link(model.objective, own) == margin:
        return own
    with np.errstate(over="ignore"):
        power = np.exp(np.float64(-margin if most == 1 else margin))
    score = _float32(1 / (1 + power) if most == 1 else power)
    if not 0 < score < most:
        return None
    gap = abs(link(model.objective, score) - margin)
    return score if gap <= CLOSE * max(1.0, abs(margin)) else None


def _float32(number: Any) -> float:
    import numpy as np

    with np.errstate(over="ignore"):
        return float(np.float32(number))
