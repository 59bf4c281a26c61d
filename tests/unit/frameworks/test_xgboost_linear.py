"""Linear boosters as plain operators of ONNX: the numbers of the booster itself."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import xgboost
from desk import Call
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from neopack.errors import ExportFailed, SourceError
from neopack.frameworks import ExportTask, registry
from neopack.frameworks.xgboost.answers import TRANSFORMS
from neopack.frameworks.xgboost.linear import linear_model
from neopack.frameworks.xgboost.lowering.objectives import OBJECTIVES
from neopack.goldens.cases import load_cases
from neopack.packaging.resolving import SourceRequest, resolve
from neopack.values.log import SilentLog
from neopack.values.model import ModelSource

FIXTURES = Path(__file__).parents[3] / "fixtures" / "xgboost"
ROWS = np.random.default_rng(0).standard_normal((40, 3), np.float32)
CLASSES = {"num_class": 3}
# one of each transform, and those whose base score is not a margin
OBJECTIVES_AND_LABELS: list[tuple[str, Any, dict[str, Any]]] = [
    ("reg:squarederror", ROWS @ np.array([1, -2, 3]), {"base_score": 0.3}),
    ("binary:logistic", ROWS[:, 0] > 0, {"base_score": 0.3}),
    ("binary:logitraw", ROWS[:, 1] > 0, {}),
    ("binary:hinge", ROWS[:, 0] > 0, {}),
    ("count:poisson", np.abs(ROWS[:, 0]), {"base_score": 0.7}),
    ("survival:cox", np.abs(ROWS[:, 0]), {}),
    ("multi:softmax", np.arange(40) % 3, CLASSES),
    ("multi:softprob", np.arange(40) % 3, CLASSES),
    ("rank:pairwise", ROWS[:, 0] > 0, {}),
]


def exported(path: Path, staging: Path) -> Any:
    source = ModelSource(
        kind="object", where=str(path), framework="ONNX", model=linear_model(path)
    )
    return registry.get("ONNX").export(ExportTask(source=source, staging=staging), SilentLog())


@pytest.mark.parametrize(
    ("objective", "labels", "words"),
    OBJECTIVES_AND_LABELS,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_objective_computes_alike(
    objective: str, labels: Any, words: dict[str, Any], tmp_path: Path
) -> None:
    data = xgboost.DMatrix(ROWS, np.asarray(labels, np.float32))
    if objective.startswith("rank"):
        data.set_group([20, 20])
    chosen = {"booster": "gblinear", "objective": objective, "verbosity": 0, **words}
    booster = xgboost.train(chosen, data, 4)
    booster.save_model(tmp_path / "m.ubj")
    model = exported(tmp_path / "m.ubj", tmp_path)
    (member,) = model.members
    session = onnxruntime.InferenceSession(member.path)
    cases = load_cases(model.goldens.path)
    for case in cases:
        rows = case.inputs["data"]
        expected = booster.predict(xgboost.DMatrix(rows))
        (given,) = session.run(None, {"data": rows})
        assert given.shape == expected.shape
        np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(case.outputs["prediction"], expected, rtol=1e-6)
    assert any(np.isnan(case.inputs["data"]).any() for case in cases)


def test_small_probabilities_keep_their_digits(tmp_path: Path) -> None:
    labels = (ROWS[:, 0] > 0).astype(np.float32)
    chosen = {"booster": "gblinear", "objective": "binary:logistic", "verbosity": 0}
    booster = xgboost.train(chosen, xgboost.DMatrix(ROWS, labels), 4)
    booster.save_model(tmp_path / "m.ubj")
    model = exported(tmp_path / "m.ubj", tmp_path)
    rows = ROWS * np.array([20, 1, 1], np.float32)
    expected = booster.predict(xgboost.DMatrix(rows))
    assert 0 < expected.min() < 1e-7
    session = onnxruntime.InferenceSession(model.members[0].path)
    for row, probability in zip(rows, expected, strict=True):
        (given,) = session.run(None, {"data": row[None]})
        np.testing.assert_allclose(given, probability, rtol=1e-4)


def test_the_number_of_a_wrapper_for_missing_values_counts_as_zero(tmp_path: Path) -> None:
    """XGBoost 1.0 to 1.7 saved it in an attribute of the file."""
    booster = xgboost.train(
        {"booster": "gblinear", "verbosity": 0}, xgboost.DMatrix(ROWS, ROWS[:, 0])
    )
    booster.set_attr(scikit_learn='{"missing": -999.0}')
    booster.save_model(tmp_path / "m.ubj")
    model = exported(tmp_path / "m.ubj", tmp_path)
    rows = np.array([[1, -999, math.nan]], np.float32)
    session = onnxruntime.InferenceSession(model.members[0].path)
    expected = booster.predict(xgboost.DMatrix(rows, missing=-999.0))
    np.testing.assert_allclose(session.run(None, {"data": rows})[0], expected, rtol=1e-5)


def test_all_objectives_are_known() -> None:
    assert set(TRANSFORMS) >= set(OBJECTIVES)


@pytest.mark.parametrize("name", ["logistic.ubj", "dump.txt", "booster.pkl"])
def test_what_is_not_a_linear_model_is_refused(name: str) -> None:
    with pytest.raises(SourceError):
        linear_model(FIXTURES / name)


def test_the_way_out_of_the_rule_works(neopack: Call, refused: Call) -> None:
    file = FIXTURES / "linear-1.3.3.model"
    answer = refused(1, ("NEO-XG-009",), "package", file, "-t", "ml_c5", "-o", "m.tar.gz")
    assert "--framework ONNX" in answer.out + answer.err
    neopack("package", file, "-t", "ml_c5", "--framework", "ONNX", "-o", "m.tar.gz")
    assert "0 errors, 0 warnings" in neopack("check", "m.tar.gz").out


def linear_wrapper(**chosen: Any) -> Any:
    model = xgboost.XGBClassifier(booster="gblinear", n_estimators=3, verbosity=0, **chosen)
    return model.fit(ROWS, ROWS[:, 0] > 0)


def test_a_live_model_is_the_linear_model_of_its_file(tmp_path: Path) -> None:
    live = linear_wrapper(missing=-1.0)
    live.save_model(tmp_path / "m.ubj")
    theirs = linear_model(tmp_path / "m.ubj")
    for model in (live, live.get_booster()):
        source = resolve(SourceRequest(model=model, framework="ONNX"))
        ours: Any = source.model
        assert np.array_equal(ours.weights, theirs.weights)
        assert np.array_equal(ours.offsets, theirs.offsets)
        assert ours.title == theirs.title
        assert (source.kind, source.framework) == ("object", "ONNX")
        (predicted,) = ours.predict({"data": ROWS}).values()
        assert np.array_equal(predicted, live.predict_proba(ROWS)[:, 1])
    assert resolve(SourceRequest(model=live, framework="ONNX")).model.missing == -1


LIVE = {
    "trees have no plain operators": xgboost.XGBRegressor(n_estimators=2).fit(ROWS, ROWS[:, 0]),
    "steps before the model would be lost": make_pipeline(
        StandardScaler(), xgboost.XGBRegressor(booster="gblinear", verbosity=0)
    ).fit(ROWS, ROWS[:, 0]),
}


@pytest.mark.parametrize("words", LIVE)
def test_a_live_model_that_is_not_linear_is_refused(words: str) -> None:
    with pytest.raises(SourceError, match=words):
        resolve(SourceRequest(model=LIVE[words], framework="ONNX"))


def test_a_model_that_is_not_fitted_is_refused() -> None:
    with pytest.raises(ExportFailed, match="cannot be saved"):
        resolve(SourceRequest(model=xgboost.XGBRegressor(booster="gblinear"), framework="ONNX"))
