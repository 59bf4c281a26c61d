"""XGBoost's trees compiled here: the artifact needs no XGBoost, and takes any number of rows."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import xgboost

import neopack
from neopack.errors import UsageError
from neopack.goldens.cases import load_cases
from neopack.goldens.comparison import difference

ALONE = """
import sys
for name in ("xgboost", "onnx", "openvino"):
    sys.modules[name] = None
import neopack, numpy
model = neopack.load(sys.argv[1])
print(model.predict({"data": numpy.ones((3, 4), "f4")})["prediction"].tolist())
"""


def test_an_artifact_computes_alone(fixtures: Path, tmp_path: Path) -> None:
    archive = neopack.package(fixtures / "xgboost/dart.ubj", path=tmp_path / "m.tar.gz")
    artifact = neopack.compile(archive.path, target="ml_c5")
    assert artifact.engine == "onnxruntime"
    assert artifact.difference is not None
    assert artifact.difference < 1e-6
    only = shutil.copy(artifact, tmp_path / "only.tar.gz")
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(only)], capture_output=True, text=True, check=True
    )
    booster = xgboost.Booster(model_file=fixtures / "xgboost/dart.ubj")
    wanted = booster.predict(xgboost.DMatrix(np.ones((3, 4), np.float32)))
    np.testing.assert_allclose(eval(done.stdout), wanted, rtol=1e-6)  # noqa: S307
    model = neopack.load(only)
    for case in load_cases(archive.goldens):
        assert difference(case.outputs, model.predict(case.inputs)) < 1e-6
    with pytest.raises(UsageError, match=r"shape \[2, 3\], not \[None, 4\]"):
        model.predict({"data": np.ones((2, 3), np.float32)})


def test_a_model_that_stopped_early_is_compiled_to_its_best_round(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0)
    rows, labels = numbers.normal(size=(200, 3)), numbers.integers(0, 2, 200)
    model = xgboost.XGBClassifier(n_estimators=40, early_stopping_rounds=2, n_jobs=1)
    model.fit(rows[:150], labels[:150], eval_set=[(rows[150:], labels[150:])], verbose=False)
    assert model.best_iteration < model.get_booster().num_boosted_rounds() - 1
    archive = neopack.package(model, path=tmp_path / "m.tar.gz")
    artifact = neopack.compile(archive.path, target="ml_c5")
    answer = neopack.load(artifact).predict({"data": rows})["prediction"]
    np.testing.assert_allclose(answer, model.predict_proba(rows)[:, 1], rtol=1e-6)


def test_a_model_as_training_left_it_is_compiled(fixtures: Path, tmp_path: Path) -> None:
    """With splits on categories, which Neo's XGBoost has not."""
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as made:
        made.add(fixtures / "xgboost/categories.ubj", "xgboost-model")
    neopack.compile(archive, target="ml_c5")
    here, there = neopack.load(archive), neopack.load(tmp_path / "model-ml_c5.tar.gz")
    columns = here.signature.inputs[0].shape[1]
    rows = {"data": np.random.default_rng(0).integers(0, 4, (50, columns or 1))}
    assert difference(here.predict(rows), there.predict(rows)) < 1e-6
