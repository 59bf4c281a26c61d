"""ONNX Runtime computes with a random booster's ONNX form what XGBoost computes with the booster,
at the thresholds of its splits too."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_trees import OBJECTIVES, by_onnx, trained

# of float32: the trees are added up in another order
ROUNDING = 1e-6


@pytest.mark.parametrize("form", ["ubj", "json"])
@given(objective=st.sampled_from(OBJECTIVES), seed=st.integers(0, 10**6))
def test_every_booster_computes_as_in_xgboost(form: str, objective: str, seed: int) -> None:
    trees = trained(objective, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model.{form}"
        trees.booster.save_model(path)
        answers = by_onnx(path, trees.rows, Path(folder))
    for name, answer in answers.items():
        wanted = getattr(trees, name)
        assert answer.shape == wanted.shape
        assert np.abs(answer - wanted).max() <= ROUNDING * max(1.0, np.abs(wanted).max())
