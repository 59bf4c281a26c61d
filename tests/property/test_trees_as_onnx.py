"""ONNX Runtime and the compiled kernel compute with a random booster's ONNX form what XGBoost does
with the booster, at the thresholds of its splits too."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_trees import OBJECTIVES, by_onnx, trained

from neopack.engines import tree_code
from neopack.frameworks.xgboost.run import lifted

FIXTURES = Path(__file__).parents[2] / "fixtures/xgboost"
# of float32: the trees are added up in another order
ROUNDING = 1e-6


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, which is the same for all trees."""
    folder = tmp_path_factory.mktemp("kernel")
    model = FIXTURES / "logistic.ubj"
    assert tree_code.build(lifted(model, folder), folder)
    return folder / tree_code.LIBRARY


@pytest.mark.parametrize("form", ["ubj", "json"])
@given(objective=st.sampled_from(OBJECTIVES), seed=st.integers(0, 10**6))
def test_every_booster_computes_as_in_xgboost(
    form: str, kernel: Path, objective: str, seed: int
) -> None:
    trees = trained(objective, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model.{form}"
        trees.booster.save_model(path)
        answers = by_onnx(path, trees.rows, Path(folder))
        by_kernel = by_onnx(path, trees.rows, Path(folder), library=kernel)
        few = by_onnx(path, trees.rows[:5], Path(folder), library=kernel)
    for name, answer in (*answers.items(), *by_kernel.items()):
        wanted = getattr(trees, name)
        assert answer.shape == wanted.shape
        assert np.abs(answer - wanted).max() <= ROUNDING * max(1.0, np.abs(wanted).max())
    for name, answer in few.items():
        np.testing.assert_array_equal(answer, by_kernel[name][:5])
