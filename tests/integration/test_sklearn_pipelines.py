"""A pipeline of scikit-learn packaged as its trees, beside a script that prepares their rows."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn import ensemble, tree
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from xgboost import XGBClassifier, XGBRegressor

import neopack
from neopack.errors import SourceError, UsageError

RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(3, 20, size=(120, 4))
GAPS = np.where(RNG.random(NUMBERS.shape) < 0.1, np.nan, NUMBERS)
TARGET = NUMBERS[:, 0] + NUMBERS[:, 1] ** 2 / 20
NAMES = np.array(["low", "high", "middle"])[np.digitize(TARGET, [5, 20])]
WORDS = np.array(GAPS, object)
WORDS[:, 2] = RNG.choice(["red", "green", "blue"], size=120)
WORDS[:, 3] = RNG.choice(["s", "m", "l"], size=120)
FRAME = pd.DataFrame(
    {
        "note": "not used",
        "age": GAPS[:, 0],
        "color": WORDS[:, 2],
        "member": NUMBERS[:, 1] > 3,
        "size": WORDS[:, 3],
    }
)
SMALL = {"n_estimators": 4, "max_depth": 3, "random_state": 0}


def of_columns(**encoder: Any) -> ColumnTransformer:
    numeric = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), RobustScaler())
    return ColumnTransformer(
        [
            ("numbers", numeric, [0, 1]),
            ("words", OneHotEncoder(**encoder), [2]),
            ("sizes", OrdinalEncoder(), slice(3, 4)),
        ]
    )


def labels() -> Any:
    return np.unique(NAMES, return_inverse=True)[1]


PIPELINES: dict[str, Pipeline] = {
    "scaled": make_pipeline(
        StandardScaler(),
        MinMaxScaler((-1, 2), clip=True),
        MaxAbsScaler(),
        VarianceThreshold(0.02),
        XGBRegressor(n_estimators=4),
    ).fit(GAPS, TARGET),
    "words": make_pipeline(
        of_columns(drop="if_binary", handle_unknown="ignore"),
        ensemble.ExtraTreesClassifier(**SMALL),
    ).fit(WORDS, NAMES),
    "two": make_pipeline(
        FeatureUnion([("norm", Normalizer("l1")), ("sign", Binarizer(threshold=1.5))]),
        XGBClassifier(n_estimators=4),
    ).fit(NUMBERS, TARGET > 10),
    "three": make_pipeline(of_columns(), FunctionTransformer(), XGBClassifier(n_estimators=3)).fit(
        WORDS, labels()
    ),
}


def script_at(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("inference", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


@pytest.mark.parametrize("name", PIPELINES)
def test_script_and_archive_predict_what_the_pipeline_does(name: str, tmp_path: Path) -> None:
    pipeline = PIPELINES[name]
    code = tmp_path / "code/inference.py"
    archive = neopack.package(pipeline, path=tmp_path / "m.tar.gz", preprocessing=str(code))
    rows = {"words": WORDS, "three": WORDS, "scaled": GAPS}.get(name, NUMBERS)
    script, loaded = script_at(code), neopack.load(archive.path)
    body = json.dumps(rows.tolist())
    answers = loaded.predict({"data": script.neo_preprocess(body, "application/json")})
    found = json.loads(script.neo_postprocess(answers["prediction"])[0])
    wanted = pipeline.predict(rows)
    if wanted.dtype.kind == "f":
        assert np.allclose(found, wanted, rtol=1e-5)
    else:
        assert found == wanted.tolist()
    assert any("a script does what" in each for each in manifest(tmp_path)["rewrites"])


def manifest(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "m.neopack.json").read_text())
    return read


def test_a_row_in_csv_is_prepared_as_one_in_json(tmp_path: Path) -> None:
    code = tmp_path / "inference.py"
    neopack.package(PIPELINES["words"], path=tmp_path / "m.tar.gz", preprocessing=str(code))
    script = script_at(code)
    in_json = script.neo_preprocess('[[1.5, null, "red", "m"]]', "application/json")
    in_csv = script.neo_preprocess(b"1.5,,red,m\n", "text/csv; charset=utf-8")
    assert np.array_equal(in_json, in_csv)
    with pytest.raises(ValueError, match="'xl', an unknown category"):
        script.neo_preprocess(b"1.5,,mauve,xl\n", "text/csv")


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, list[float]]:
    """The script and the archive of a pipeline fitted on a data frame, and what it predicts."""
    folder = tmp_path_factory.mktemp("named")
    parts = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age"]),
            ("words", OneHotEncoder(), ["size", "color"]),
            ("rest", "passthrough", ["member"]),
        ]
    )
    steps = [("nothing", "passthrough"), ("parts", parts), ("model", XGBRegressor(n_estimators=4))]
    pipeline = Pipeline(steps).fit(FRAME, TARGET)
    code = folder / "inference.py"
    archive = neopack.package(pipeline, path=folder / "m.tar.gz", preprocessing=str(code))
    return script_at(code), neopack.load(archive.path), pipeline.predict(FRAME)


BODIES = {
    "records": (FRAME.to_json(orient="records"), "application/json"),
    "rows": (FRAME.to_json(orient="values"), "application/json"),
    "csv": (FRAME.to_csv(index=False, header=False), "text/csv"),
    "header": (FRAME.to_csv(index=False), "text/csv"),
    "other order": (FRAME[["size", "member", "age", "color"]].to_csv(index=False), "text/csv"),
}


@pytest.mark.parametrize("form", BODIES)
def test_rows_of_a_data_frame_are_known_by_name_or_place(form: str, named: Any) -> None:
    script, loaded, wanted = named
    answers = loaded.predict({"data": script.neo_preprocess(*BODIES[form])})
    found = json.loads(script.neo_postprocess(answers["prediction"])[0])
    assert np.allclose(found, wanted, rtol=1e-5)


MISFITS = {
    '[{"age": 1, "color": "red", "member": true}]': "row 0 lacks size: a missing value is null",
    '[["", 1, "red", true, "m"], [1, "red", true, "m"]]': "row 1 has 4 values, not 5",
    '[["", 1, "mauve", true, "m"]]': "color has 'mauve', an unknown category",
}


@pytest.mark.parametrize("body", MISFITS)
def test_a_row_that_does_not_fit_is_refused(body: str, named: Any) -> None:
    with pytest.raises(ValueError, match=MISFITS[body]):
        named[0].neo_preprocess(body, "application/json")


def test_a_pipeline_without_names_takes_no_names(tmp_path: Path) -> None:
    code = tmp_path / "inference.py"
    neopack.package(PIPELINES["words"], path=tmp_path / "m.tar.gz", preprocessing=str(code))
    with pytest.raises(ValueError, match="knows its 4 columns by place"):
        script_at(code).neo_preprocess('[{"age": 1}]', "application/json")


def test_a_pipeline_in_a_file_has_to_be_trusted(tmp_path: Path) -> None:
    path, code = tmp_path / "pipeline.joblib", tmp_path / "inference.py"
    joblib.dump(PIPELINES["scaled"], path)
    options: dict[str, Any] = {"path": tmp_path / "m.tar.gz", "preprocessing": str(code)}
    with pytest.raises(UsageError, match="needs the pipeline itself") as caught:
        neopack.package(path, **options)
    assert "--trust-pickle" in caught.value.hint
    neopack.package(path, trust_pickle=True, **options)
    assert script_at(code).WIDTH == 4


REFUSED = {
    "PCA is not among the steps": make_pipeline(PCA(2), tree.DecisionTreeRegressor()),
    "calls exp, whose code would be lost": make_pipeline(
        FunctionTransformer(np.exp), tree.DecisionTreeRegressor()
    ),
    "puts infrequent categories together": make_pipeline(
        OneHotEncoder(max_categories=2), tree.DecisionTreeRegressor()
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_step_without_a_script_is_refused_by_name(words: str, tmp_path: Path) -> None:
    pipeline = REFUSED[words].fit(np.round(NUMBERS / 30), TARGET)
    with pytest.raises(SourceError, match=words) as caught:
        neopack.package(pipeline, path=tmp_path / "m.tar.gz", preprocessing="inference.py")
    assert "pipeline[-1]" in caught.value.hint
    assert not list(tmp_path.iterdir())


def test_preprocessing_is_of_pipelines_alone(tmp_path: Path) -> None:
    model = PIPELINES["scaled"][-1]
    with pytest.raises(UsageError, match="--preprocessing goes with a Pipeline"):
        neopack.package(model, path=tmp_path / "m.tar.gz", preprocessing="inference.py")
