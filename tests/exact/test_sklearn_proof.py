"""Trees of scikit-learn in XGBoost 1.3.3, which takes a right child for the one after the left,
and by Treelite."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

import neopack


def test_trees_of_scikit_learn_are_proven_in_both(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(150, 4)).astype(np.float32)
    classes = np.digitize(rows[:, 0] + rows[:, 1] ** 2, [0.5, 1.5])
    model = GradientBoostingClassifier(n_estimators=4, random_state=0).fit(rows, classes)
    archive = neopack.package(model, target="rasp4b", path=tmp_path / "m.tar.gz", verify=True)
    (exact,), (compiled,) = archive.report.evidence, archive.report.compiler
    assert exact.runtime == "xgboost-1.3.3"
    assert exact.difference < 1e-6
    assert {"at-thresholds", "below-thresholds"} <= {case.name for case in exact.cases}
    assert compiled.difference < 1e-5
