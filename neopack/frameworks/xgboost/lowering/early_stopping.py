"""The rounds that a model predicts with, where training was stopped early.

The wrappers of scikit-learn's form (``XGBClassifier`` and others) predict with the rounds up to
``best_iteration``; a plain ``Booster`` with all of them, unless told otherwise (dmlc/xgboost,
doc/python/python_intro, "Early stopping", 2026). What Neo compiles is all trees of the file, so
the trees past the best round of a wrapper are left out of it.
"""

from __future__ import annotations

from dataclasses import replace

from neopack.errors import Malformed
from neopack.frameworks.xgboost.document import Learner
from neopack.frameworks.xgboost.lowering.lower import numbers
from neopack.frameworks.xgboost.rounds import best_iteration
from neopack.frameworks.xgboost.wrappers import WRAPPER

__all__ = ["of_first_rounds", "rounds_predicted"]


def rounds_predicted(model: Learner) -> int | None:
    """How many rounds the wrapper that saved ``model`` predicts with; None for all."""
    best = best_iteration(model.attributes)
    if WRAPPER not in model.attributes or best is None or model.booster == "gblinear":
        return None
    return best + 1 if best + 1 < model.rounds else None


def of_first_rounds(model: Learner, rounds: int, where: str) -> Learner:
    """``model`` with the trees of its first ``rounds`` alone. Raises ``Malformed`` where the
    trees come to no whole rounds."""
    whole = model.rounds
    if model.starts:
        end = int(model.starts[rounds])
    elif whole and len(model.trees) % whole == 0:
        end = len(model.trees) // whole * rounds
    else:
        raise Malformed(f"{len(model.trees)} trees do not make whole rounds", where=where)
    if not 0 <= end <= len(model.trees):
        raise Malformed(f"round {rounds} ends at tree {end}", where=where)
    return replace(
        model,
        trees=model.trees[:end],
        tree_info=model.tree_info[:end],
        weight_drop=numbers(model.weight_drop, "<f4")[:end].tolist(),
        starts=model.starts[: rounds + 1],
    )
