"""What a wrapper knows and its file does not: XGBoost 1.3.3 predicts with what is packaged as the
wrapper itself does, on its own rows, or the model is refused and says what would be lost."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import neopack
from neopack.archive.manifest import read_manifest
from neopack.archive.read import extract_member, scan
from neopack.errors import NeopackError, SourceError, UsageError
from neopack.goldens.cases import load_cases
from neopack.runtimes import Worker

NAN, RANDOM = float("nan"), np.random.default_rng(0)
# Treelite, with which Neo compiles for most targets, takes no linear models
NO_TREES = ("NEO-XG-009",)
LOW = np.float32(-9e9)
NUMBERS = (-999.0, 0.0, 1.0, -0.25, 1e30)


def rows(missing: float, count: int = 400) -> Any:
    """Of small and of whole numbers; some missing, some NaN, some beside the missing number."""
    data = RANDOM.standard_normal((count, 4), dtype=np.float32)
    data[:, 2] = np.round(data[:, 2] * 2)
    for share, number in (
        (0.3, missing), (0.05, np.nan), (0.02, np.nextafter(np.float32(missing), LOW)),
        (0.02, missing + 1e-3), (0.02, -0.0), (0.01, -1e5),
    ):  # fmt: skip
        data[RANDOM.random(data.shape) < share] = number
    return data


def total(data: Any, missing: float) -> Any:
    """A missing value counts as much, on the side where its number is not."""
    value = -2.0 if missing > 0 else 2.0
    return np.where(np.isnan(data) | (data == missing), value, np.clip(data, -3, 3)).sum(axis=1)


def trained(kind: Any, missing: float, **more: Any) -> Any:
    data = rows(missing)
    label = total(data, missing)
    if kind is xgboost.XGBClassifier:
        label = np.digitize(label, [0, 2] if more.pop("three", False) else [1])
    return kind(missing=missing, n_estimators=6, n_jobs=1, **more).fit(data, label)


def margins(worker: Worker, archive: Path, data: Any) -> Any:
    """What XGBoost 1.3.3 computes from the archive's model."""
    model = archive.with_suffix(".model")
    extract_member(scan(archive), "xgboost.model", model)
    handle, _ = worker.call("load", {"path": str(model)})
    _, computed = worker.call("predict", handle, arrays={"data": data})
    return computed["margin"]


def assert_alike(margin: Any, own: Any) -> None:
    assert np.allclose(margin.reshape(own.shape), own, rtol=1e-5, atol=1e-5 * np.abs(own).max())


@pytest.mark.parametrize("missing", NUMBERS)
@pytest.mark.parametrize(
    "more", [{"max_depth": 1}, {}, {"booster": "dart"}, {"three": True}], ids=str
)
def test_a_number_that_is_missing_is_missing_in_the_archive(
    missing: float, more: dict[str, Any], tmp_path: Path, xgboost_1_3_3: Worker
) -> None:
    model = trained(
        xgboost.XGBClassifier if "three" in more else xgboost.XGBRegressor, missing, **more
    )
    archive = neopack.package(model, path=tmp_path / "m.tar.gz", verify=not more)
    data = rows(missing)
    own = model.predict(data, output_margin=True)
    assert_alike(margins(xgboost_1_3_3, archive.path, data), own)
    booster = model.get_booster().predict(xgboost.DMatrix(data), output_margin=True)
    assert not np.allclose(booster, own, rtol=1e-3)
    first, *directed = load_cases(archive.goldens)
    assert (first.inputs["data"] == np.float32(missing)).any()
    assert np.isnan(first.inputs["data"]).any()
    assert {"at-thresholds", "all-missing"} <= {case.name for case in directed}


@pytest.mark.parametrize("form", ["pickle", "file", "booster"])
def test_a_number_is_missing_in_pickles_and_by_option_in_files(
    form: str, tmp_path: Path, xgboost_1_3_3: Worker
) -> None:
    model, data = trained(xgboost.XGBRegressor, -999.0), rows(-999.0)
    source: Any = tmp_path / "model.pkl"
    source.write_bytes(pickle.dumps(model))
    if form == "file":
        source = tmp_path / "model.ubj"
        model.save_model(source)
    elif form == "booster":
        source = model.get_booster()
    chosen: dict[str, Any] = {"trust_pickle": True} if form == "pickle" else {"missing": -999.0}
    archive = neopack.package(
        source, path=tmp_path / "m.tar.gz", verify=True, compiler=False, **chosen
    )
    own = model.predict(data, output_margin=True)
    assert_alike(margins(xgboost_1_3_3, archive.path, data), own)


def test_rows_may_have_nan_where_the_wrapper_has_a_number(
    tmp_path: Path, xgboost_1_3_3: Worker
) -> None:
    model, data = trained(xgboost.XGBRegressor, 0.0), rows(0.0)
    archive = neopack.package(
        model, path=tmp_path / "m.tar.gz", verify=True, compiler=False, missing=NAN
    )
    assert any("must have NaN" in warning for warning in archive.warnings)
    sent = np.where(data == 0, np.float32(np.nan), data)
    own = model.predict(data, output_margin=True)
    assert_alike(margins(xgboost_1_3_3, archive.path, sent), own)
    assert not any((case.inputs["data"] == 0).any() for case in load_cases(archive.goldens))


def test_a_linear_model_takes_zero_for_missing_and_no_other_number(tmp_path: Path) -> None:
    linear = trained(xgboost.XGBRegressor, 0.0, booster="gblinear")
    neopack.package(
        linear, path=tmp_path / "m.tar.gz", verify=True, compiler=False, ignore=NO_TREES
    )
    linear.set_params(missing=7.0)
    with pytest.raises(SourceError, match="a linear model cannot take 7") as refused:
        neopack.package(linear, path=tmp_path / "n.tar.gz")
    assert "--missing nan" in refused.value.hint
    neopack.package(linear, path=tmp_path / "n.tar.gz", missing=NAN, ignore=NO_TREES)


def test_two_missing_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--missing 1, and the model has missing=-999"):
        neopack.package(
            trained(xgboost.XGBRegressor, -999.0), path=tmp_path / "m.tar.gz", missing=1.0
        )


def test_golden_predictions_are_the_wrapper_s_own(tmp_path: Path) -> None:
    """Not those of a file of it."""

    for model in (
        trained(xgboost.XGBClassifier, NAN),
        trained(xgboost.XGBClassifier, NAN, three=True),
    ):
        archive = neopack.package(
            model, path=tmp_path / "m.tar.gz", force=True, verify=True, compiler=False
        )
        for case in load_cases(archive.goldens):
            own = model.predict_proba(case.inputs["data"])
            chosen = own if own.shape[1] > 2 else own[:, 1]
            np.testing.assert_array_equal(case.outputs["prediction"], chosen)


class Clipped(xgboost.XGBRegressor):  # type: ignore[misc]
    """A wrapper whose predict does more than its model."""

    def predict(self, X: Any, **more: Any) -> Any:  # noqa: N803 - scikit-learn's name
        return np.clip(super().predict(X, **more), 0, 1)


def test_a_predict_that_does_more_is_found(tmp_path: Path) -> None:
    data = rows(NAN)
    model = Clipped(n_estimators=3, n_jobs=1).fit(data, total(data, NAN))
    with pytest.raises(NeopackError, match="differ"):
        neopack.package(model, path=tmp_path / "m.tar.gz", verify=True, compiler=False)


def classifier() -> Any:
    return xgboost.XGBClassifier(n_estimators=3, n_jobs=1)


def fitted(model: Any) -> Any:
    data = np.nan_to_num(rows(NAN))
    label = (total(data, NAN) > 1).astype(int)
    return model.fit(
        data, np.stack([label, label], 1) if "Output" in type(model).__name__ else label
    )


AROUND: dict[str, Any] = {
    "StandardScaler and XGBClassifier": lambda: make_pipeline(StandardScaler(), classifier()),
    "CalibratedClassifierCV": lambda: CalibratedClassifierCV(classifier(), cv=2),
    "best_estimator_": lambda: GridSearchCV(classifier(), {"max_depth": [1, 2]}, cv=2),
    "estimators_": lambda: MultiOutputRegressor(xgboost.XGBRegressor(n_estimators=2)),
    "combine": lambda: VotingClassifier([("a", classifier()), ("b", classifier())]),
}


@pytest.mark.parametrize("words", AROUND)
def test_what_is_around_a_model_is_refused_by_name(words: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as refused:
        neopack.package(fitted(AROUND[words]()), path=tmp_path / "m.tar.gz")
    assert words in f"{refused.value} {refused.value.hint}"
    assert "XGB" in str(refused.value)


@pytest.mark.parametrize("words", AROUND)
def test_what_is_around_a_model_in_a_pickle_is_refused_by_name(words: str, tmp_path: Path) -> None:
    source, path = fitted(AROUND[words]()), tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(source))
    with pytest.raises(SourceError, match=f"a pickle of a {type(source).__name__}") as refused:
        neopack.package(path, path=tmp_path / "m.tar.gz")
    assert "compiles the XGB" in str(refused.value)
    assert "save the XGBoost model inside" in refused.value.hint


def test_a_pipeline_of_the_model_alone_is_packaged(tmp_path: Path, xgboost_1_3_3: Worker) -> None:
    for number, pipeline in enumerate(
        (
            make_pipeline(classifier()),
            Pipeline([("nothing", "passthrough"), ("model", classifier())]),
        )
    ):
        model = fitted(pipeline)
        archive = neopack.package(
            model, path=tmp_path / f"{number}.tar.gz", verify=True, compiler=False
        )
        data = np.nan_to_num(rows(NAN))
        own = model.predict_proba(data)[:, 1]
        margin = margins(xgboost_1_3_3, archive.path, data)
        assert_alike(1 / (1 + np.exp(-margin)), own)


@pytest.mark.parametrize("booster", ["gbtree", "dart", "gblinear"])
@pytest.mark.parametrize("kind", [xgboost.XGBClassifier, xgboost.XGBRegressor])
def test_named_columns_are_no_hindrance(kind: Any, booster: str, tmp_path: Path) -> None:
    model = trained(kind, NAN, booster=booster)
    model.get_booster().feature_names = ["b", "a", "d", "c"]
    neopack.package(
        model, path=tmp_path / "m.tar.gz", verify=True, compiler=False, ignore=NO_TREES
    )


def test_the_order_of_named_columns_is_told(tmp_path: Path) -> None:
    data = xgboost.DMatrix(
        rows(NAN), label=total(rows(NAN), NAN), feature_names=["b", "a", "d", "c"]
    )
    booster = xgboost.train({"nthread": 1}, data, 2)
    neopack.package(booster, path=tmp_path / "m.tar.gz", verify=True, compiler=False)
    manifest = read_manifest(tmp_path / "m.tar.gz")
    assert manifest is not None
    assert any("in the order b, a, d, c" in rewrite for rewrite in manifest.rewrites)


def test_a_callable_builds_a_model(tmp_path: Path, xgboost_1_3_3: Worker) -> None:
    code = tmp_path / "training.py"
    code.write_text(
        "import numpy as np, xgboost\n"
        "data = np.arange(60, dtype=float).reshape(20, 3) % 7\n"
        "def build(missing=0):\n"
        "    model = xgboost.XGBRegressor(missing=missing, n_estimators=3)\n"
        "    return model.fit(data, data.sum(axis=1))\n"
    )
    archive = neopack.package(
        f"{code}:build", path=tmp_path / "m.tar.gz", verify=True, compiler=False
    )
    assert margins(xgboost_1_3_3, archive.path, np.zeros((2, 3), np.float32)).shape == (2,)
    code.write_text("import numpy, xgboost\ndef build(): return numpy.zeros(3)\n")
    with pytest.raises(SourceError, match="of type ndarray, not an XGBoost model"):
        neopack.package(f"{code}:build", path=tmp_path / "n.tar.gz")


@pytest.mark.parametrize("kind", [xgboost.XGBRegressor, xgboost.Booster])
def test_a_model_that_was_not_trained_is_refused(kind: Any, tmp_path: Path) -> None:
    with pytest.raises(NeopackError, match="cannot be saved"):
        neopack.package(kind(), path=tmp_path / "m.tar.gz")
