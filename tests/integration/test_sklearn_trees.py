"""Trees of scikit-learn packaged as XGBoost models: the binary of 1.3.3 predicts as they do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import ensemble, tree
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import neopack
from neopack.errors import SourceError

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(160, 5)).astype(np.float32)
# ties: splits that lie on a number of the data
ROWS[:, 0] = np.round(ROWS[:, 0] * 4) / 4
NUMBERS = ROWS[:, 0] * 2 + np.sin(3 * ROWS[:, 1]) + RNG.normal(size=160) / 9
CLASSES = np.digitize(NUMBERS, [-1.0, 1.5])
SMALL = {"n_estimators": 5, "random_state": 0, "max_depth": 4}

MODELS = {
    "tree": tree.DecisionTreeRegressor(max_depth=5).fit(ROWS, NUMBERS),
    "forest": ensemble.RandomForestRegressor(**SMALL).fit(ROWS, NUMBERS),
    "extra-two": ensemble.ExtraTreesClassifier(**SMALL).fit(ROWS, CLASSES > 0),
    "extra-three": ensemble.ExtraTreesClassifier(**SMALL).fit(ROWS, CLASSES),
    "tree-three": tree.DecisionTreeClassifier(max_depth=3).fit(ROWS, CLASSES),
    "boosted": ensemble.GradientBoostingRegressor(**SMALL).fit(ROWS, NUMBERS),
    "boosted-two": ensemble.GradientBoostingClassifier(**SMALL).fit(ROWS, CLASSES > 0),
    "boosted-three": ensemble.GradientBoostingClassifier(**SMALL).fit(ROWS, CLASSES),
    "histogram": ensemble.HistGradientBoostingRegressor(max_iter=5).fit(ROWS, NUMBERS),
    "histogram-three": ensemble.HistGradientBoostingClassifier(max_iter=5).fit(ROWS, CLASSES),
}


def package(model: Any, folder: Path) -> Path:
    return neopack.package(model, target="ml_c5", path=folder / "m.tar.gz").path


@pytest.mark.parametrize("name", MODELS)
def test_the_packaged_trees_predict_as_scikit_learn(name: str, tmp_path: Path) -> None:
    model: Any = MODELS[name]
    loaded = neopack.load(package(model, tmp_path))
    rows = np.concatenate([ROWS, RNG.normal(size=(200, 5)).astype(np.float32)])
    (data,) = loaded.signature.inputs
    found = loaded.predict({data.name: rows})
    wanted = model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows)
    if name in ("extra-three", "tree-three"):
        assert np.allclose(found["margin"], wanted, atol=2e-5)
        assert np.array_equal(found["prediction"], model.predict(rows))
        return
    if wanted.ndim == 2 and wanted.shape[1] == 2:
        wanted = wanted[:, 1]
    assert np.allclose(found["prediction"], wanted, atol=2e-5)


REFUSED = {
    "single class": tree.DecisionTreeClassifier().fit(ROWS, np.zeros(160)),
    "not fitted": ensemble.GradientBoostingRegressor(),
    "several targets": ensemble.RandomForestRegressor(**SMALL).fit(ROWS, ROWS[:, :2]),
    "the loss poisson": ensemble.HistGradientBoostingRegressor(loss="poisson", max_iter=2).fit(
        ROWS, np.abs(NUMBERS)
    ),
    "begins with another model": ensemble.GradientBoostingRegressor(
        init=tree.DecisionTreeRegressor(max_depth=2), n_estimators=2
    ).fit(ROWS, NUMBERS),
    "Pipeline of StandardScaler": make_pipeline(
        StandardScaler(), ensemble.GradientBoostingRegressor(n_estimators=2)
    ).fit(ROWS, NUMBERS),
    "without what AdaBoostRegressor does": ensemble.AdaBoostRegressor(n_estimators=2).fit(
        ROWS, NUMBERS
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_xgboost_cannot_express_is_refused_with_a_way_out(words: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        package(REFUSED[words], tmp_path)
    assert caught.value.hint
    assert not list(tmp_path.iterdir())
