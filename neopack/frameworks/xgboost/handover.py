"""Hand a live Booster to a child process, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neopack.values.model import ModelSource

__all__ = ["hand_over", "owns"]


def owns(model: object) -> bool:
    """A Booster, or a wrapper of scikit-learn's form around one."""
    names = {(kind.__module__.split(".")[0], kind.__name__) for kind in type(model).__mro__}
    return bool(names & {("xgboost", "Booster"), ("xgboost", "XGBModel")})


def hand_over(model: Any, staging: Path) -> ModelSource:
    """A wrapper saves its class too, for it predicts in its own way (``early_stopping``)."""
    path = staging / "given.ubj"
    model.save_model(path)
    return ModelSource(kind="file", where=str(path), framework="XGBOOST")
