"""Hand a live model to a child process, as a pickle: a wrapper knows more than its file does, and
golden numbers are what it predicts itself."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from neopack.frameworks.xgboost.estimators import alone, is_prepared, model_inside
from neopack.frameworks.xgboost.pipelines.splitting import split
from neopack.values.model import ModelSource

__all__ = ["hand_over", "owns"]


def owns(model: object) -> bool:
    """A Booster, a wrapper of scikit-learn's form, or an object of scikit-learn around one."""
    return model_inside(model) is not None


def hand_over(model: Any, staging: Path) -> ModelSource | None:
    """A source that the child restores, or None where its class lives in ``__main__`` or it
    cannot be pickled: then it is exported in this process."""
    if is_prepared(model):
        split(model, type(model).__name__)  # raises for a step that has no script
    else:
        model = alone(model, type(model).__name__)
    if any(kind.__module__ == "__main__" for kind in type(model).__mro__):
        return None
    path = staging / "given.pickle"
    try:
        path.write_bytes(pickle.dumps(model))
    except Exception:  # noqa: BLE001 - XGBoost has errors of its own, for a model not trained
        return None
    return ModelSource(kind="handed-over", where=str(path), framework="XGBOOST")
