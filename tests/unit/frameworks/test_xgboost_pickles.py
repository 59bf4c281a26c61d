"""The model in a pickle is taken out without running anything, with what its wrapper knows: it
predicts what the version of XGBoost that pickled it predicts."""

from __future__ import annotations

import bz2
import gzip
import io
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import xgboost
from sklearn.base import BaseEstimator

import neopack
from neopack.archive.manifest import read_manifest
from neopack.errors import LimitExceeded, Malformed, SourceError
from neopack.formats.compressed import head_of, is_packed
from neopack.formats.guard import Limits
from neopack.formats.source import BytesSource
from neopack.frameworks import registry
from neopack.frameworks.xgboost.lowering.early_stopping import rounds_predicted
from neopack.frameworks.xgboost.lowering.lift import read_learner
from neopack.frameworks.xgboost.pickled import PickledModel, read_pickled
from neopack.frameworks.xgboost.run import XGBoostRunner
from neopack.values.signature import Signature, TensorSpec

FOLDER = Path(__file__).parents[3] / "fixtures" / "xgboost" / "pickles"
VERSIONS = sorted(path.stem for path in FOLDER.glob("*.zip"))
SIGNATURE = Signature(inputs=(TensorSpec(name="data", dtype="float32", shape=(None, 4)),))


def contents(version: str) -> dict[str, bytes]:
    with zipfile.ZipFile(FOLDER / f"{version}.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def margin(model: PickledModel, rows: Any) -> Any:
    learner = read_learner(BytesSource("m", model.data), model.form)
    object.__setattr__(learner, "attributes", {**model.attributes, **learner.attributes})
    rounds = rounds_predicted(learner)
    missing = model.wrapper.missing
    runner = XGBoostRunner(model.data, SIGNATURE, rounds=rounds, missing=missing)
    return runner.predict({"data": rows})["margin"]


def wrong(version: str) -> Iterator[str]:
    files = contents(version)
    margins = np.load(io.BytesIO(files.pop("margins.npz")))
    del files["pipeline"]
    for name, data in files.items():
        model = read_pickled(BytesSource(name, data))
        own, computed = margins[name], margin(model, margins["rows"])
        if not np.allclose(computed.reshape(own.shape), own, atol=2e-6 * np.abs(own).max()):
            yield f"{name}: margins differ"
        labels = ("'a'", "'b'", "'c'") if name[0] == "c" and version < "1.6" else ()
        if model.wrapper.labels != labels:
            yield f"{name}: labels are {model.wrapper.labels}"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_pickle_of_each_version_predicts_what_that_version_does(version: str) -> None:
    assert list(wrong(version)) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_pipeline_is_refused_with_what_would_be_lost(version: str) -> None:
    words = "a Pipeline of StandardScaler, XGBRegressor: Neo compiles the XGBRegressor in it alone"
    with pytest.raises(SourceError, match=words):
        read_pickled(BytesSource("p.pkl", contents(version)["pipeline"]))


class Doubles(xgboost.XGBRegressor):  # type: ignore[misc]
    def predict(self, *rows: Any, **more: Any) -> Any:
        return 2 * super().predict(*rows, **more)


class Around(BaseEstimator):  # type: ignore[misc]
    def __init__(self, model: Any) -> None:
        self.model = model


def fitted(kind: Any = xgboost.XGBRegressor, **parameters: Any) -> Any:
    rows = np.random.default_rng(0).random((20, 4), dtype=np.float32)
    return kind(n_estimators=1, n_jobs=1, **parameters).fit(rows, rows.sum(axis=1))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda: fitted(Doubles), "a Doubles: Neo compiles the Booster in it alone"),
        (lambda: {"model": fitted(), "columns": ["a"]}, "a dict: Neo compiles the XGBRegressor"),
        (lambda: Around(fitted()), "an Around: Neo compiles the XGBRegressor in it alone"),
        (lambda: [fitted(), fitted()], "a list: Neo compiles the XGBRegressor in it alone"),
        (xgboost.XGBRegressor, "holds an XGBRegressor that was not fitted"),
        (lambda: "xgboost.core", "without an XGBoost model"),
    ],
)
def test_what_would_lose_something_is_refused_by_name(model: Any, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read_pickled(BytesSource("m.pkl", pickle.dumps(model())))


@pytest.mark.parametrize("missing", [np.float32(-7), np.float64(-7), np.int64(-7), -7])
def test_a_missing_number_may_be_numpy_s(missing: Any) -> None:
    for protocol in range(2, 6):
        data = pickle.dumps(fitted(missing=missing), protocol)
        assert read_pickled(BytesSource("m.pkl", data)).wrapper.missing == -7


def test_an_array_of_objects_may_name_the_classes(tmp_path: Path) -> None:
    model = fitted()
    for classes in (np.array(["no", "yes"], dtype=object), np.array([b"no", b"yes"])):
        model.classes_ = classes
        joblib.dump(model, tmp_path / "m.joblib")
        source = BytesSource("m.joblib", (tmp_path / "m.joblib").read_bytes())
        assert read_pickled(source).wrapper.labels == tuple(map(repr, classes.tolist()))


@pytest.mark.parametrize("name", ["classifier-gzip.joblib", "classifier-xz.joblib"])
def test_a_compressed_file_is_bounded_and_its_damage_told(name: str) -> None:
    data = contents("1.3.3")[name]
    with pytest.raises(LimitExceeded):
        read_pickled(BytesSource(name, data), Limits(ratio=2, ratio_from=0))
    with pytest.raises(Malformed, match="ends too early"):
        read_pickled(BytesSource(name, data[:-400]))


def test_lz4_is_refused_by_name() -> None:
    with pytest.raises(SourceError, match="compressed with LZ4"):
        registry.recognize(BytesSource("m.joblib", b"\x04\x22\x4d\x18" + bytes(40)))


@pytest.mark.parametrize("name", ["classifier-gzip.joblib", "regressor-3.pkl"])
def test_pickles_are_packaged_checked_and_inspected_as_files(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(contents("1.3.3")[name])
    archive = neopack.package(path, path=tmp_path / "m.tar.gz")
    manifest = read_manifest(archive.path)
    assert manifest is not None
    assert "nothing was run" in manifest.rewrites[0]
    assert any("-999 is a missing value" in r for r in manifest.rewrites) == ("reg" in name)
    assert any("0 is 'a'" in w for w in manifest.warnings) == ("class" in name)
    report = neopack.check(path, target="ml_c5")
    assert [finding.id for finding in report.findings] == ["NEO-XG-003"]


def test_the_head_of_a_block_of_bzip2_is_found() -> None:
    """Which gives nothing before its end."""
    noise = np.random.default_rng(0).bytes(700_000)
    source = BytesSource("m", bz2.compress(b"\x80\x04" + noise))
    assert head_of(source, 100) == b"\x80\x04" + noise[:98]
    assert is_packed(BytesSource("m", gzip.compress(noise, 1)))
    assert not is_packed(BytesSource("m", gzip.compress(b"\x80\x04" + noise, 1)))
