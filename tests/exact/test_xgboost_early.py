"""Training that stopped early: what is packaged predicts what the model's own predict does, in
XGBoost 1.3.3."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

import neopack
from neopack.archive.manifest import read_manifest
from neopack.archive.read import extract_member, scan
from neopack.formats.source import BytesSource, FileSource
from neopack.frameworks.xgboost import binary, document
from neopack.frameworks.xgboost.lowering import lower
from neopack.frameworks.xgboost.lowering.lift import read_learner
from neopack.runtimes import Worker

ROUNDS = 40
SHAPES: dict[str, dict[str, Any]] = {
    "binary": {"kind": xgboost.XGBClassifier},
    "classes": {"kind": xgboost.XGBClassifier, "classes": 3},
    "parallel": {"kind": xgboost.XGBClassifier, "classes": 3, "num_parallel_tree": 2},
    "regression": {"kind": xgboost.XGBRegressor},
    "dart": {"kind": xgboost.XGBRegressor, "booster": "dart", "rate_drop": 0.3},
}


def data(classes: int) -> tuple[Any, Any]:
    """Little of it, and noise, so that training soon does harm."""
    random = np.random.default_rng(1)
    rows = random.standard_normal((160, 5), dtype=np.float32)
    total = rows.sum(axis=1) + 2 * random.standard_normal(160)
    return rows, (np.digitize(total, [-1, 1]) if classes == 3 else (total > 0).astype(int))


def trained(kind: Any, classes: int = 2, **more: Any) -> Any:
    rows, labels = data(classes)
    model = kind(n_estimators=ROUNDS, learning_rate=0.5, early_stopping_rounds=5, n_jobs=1, **more)
    model.fit(rows[:80], labels[:80], eval_set=[(rows[80:], labels[80:])], verbose=False)
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
    return model


def margins(worker: Worker, archive: Path, folder: Path, rows: Any) -> Any:
    """What XGBoost 1.3.3 computes from the archive's model."""
    extract_member(scan(archive), "xgboost.model", folder / "xgboost.model")
    handle, _ = worker.call("load", {"path": str(folder / "xgboost.model")})
    _, found = worker.call("predict", handle, arrays={"data": rows})
    worker.call("release", handle)
    return found["margin"]


@pytest.mark.parametrize(
    ("name", "form"),
    [*((name, "live") for name in SHAPES), *(("classes", f) for f in ("json", "ubj", "pickle"))],
)
def test_a_wrapper_is_packaged_as_it_predicts(
    name: str, form: str, tmp_path: Path, xgboost_1_3_3: Worker
) -> None:
    model = trained(**SHAPES[name])
    rows, _ = data(2)
    given: Any = model
    if form == "pickle":
        given = tmp_path / "model.pkl"
        given.write_bytes(pickle.dumps(model))
    elif form != "live":
        given = tmp_path / f"model.{form}"
        model.save_model(given)
    made = neopack.package(given, path=tmp_path / "m.tar.gz", trust_pickle=form == "pickle")
    found = margins(xgboost_1_3_3, tmp_path / "m.tar.gz", tmp_path, rows)
    wanted = model.predict(rows, output_margin=True)
    assert np.allclose(found.reshape(wanted.shape), wanted, rtol=1e-5, atol=1e-6)
    everything = model.get_booster().predict(xgboost.DMatrix(rows), output_margin=True)
    assert not np.allclose(found.reshape(everything.shape), everything, rtol=1e-3)
    manifest = read_manifest(tmp_path / "m.tar.gz")
    assert manifest is not None
    whole = model.get_booster().num_boosted_rounds()
    said = f"the best {model.best_iteration + 1} of {whole} rounds"
    assert any(said in rewrite for rewrite in manifest.rewrites)
    assert "NEO-XG-008" not in {finding.id for finding in made.report.findings}


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_booster_keeps_all_its_rounds_and_says_so(
    parallel: int, tmp_path: Path, xgboost_1_3_3: Worker
) -> None:
    model = trained(xgboost.XGBRegressor, num_parallel_tree=parallel)
    booster, (rows, _) = model.get_booster(), data(2)
    made = neopack.package(booster, path=tmp_path / "m.tar.gz")
    found = margins(xgboost_1_3_3, tmp_path / "m.tar.gz", tmp_path, rows)
    assert np.allclose(found, booster.predict(xgboost.DMatrix(rows), output_margin=True))
    (finding,) = [f for f in made.report.findings if f.id == "NEO-XG-008"]
    best, whole = model.best_iteration + 1, booster.num_boosted_rounds()
    assert f"at round {best} of {whole}" in finding.message
    assert f"booster[:{best}]" in finding.fix


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_booster_cut_to_its_best_rounds_has_none_past_them(
    parallel: int, tmp_path: Path
) -> None:
    model = trained(xgboost.XGBRegressor, num_parallel_tree=parallel)
    best = model.get_booster()[: model.best_iteration + 1]
    best.set_attr(best_iteration=str(model.best_iteration))
    made = neopack.package(best, path=tmp_path / "m.tar.gz")
    assert not made.report.findings


def test_a_binary_file_of_a_wrapper_is_cut_too(tmp_path: Path, xgboost_1_3_3: Worker) -> None:
    model = trained(xgboost.XGBRegressor)
    model.save_model(tmp_path / "model.json")
    with FileSource(tmp_path / "model.json") as source:
        whole = lower.lower(document.load(source, "json"), "model.json")
    (tmp_path / "model.bin").write_bytes(whole.data)
    neopack.package(tmp_path / "model.bin", path=tmp_path / "m.tar.gz")
    rows, _ = data(2)
    found = margins(xgboost_1_3_3, tmp_path / "m.tar.gz", tmp_path, rows)
    assert np.allclose(found, model.predict(rows, output_margin=True), rtol=1e-5, atol=1e-6)
    cut = binary.read_binary(BytesSource("m", (tmp_path / "xgboost.model").read_bytes()))
    assert len(cut.trees) == model.best_iteration + 1
    lifted = read_learner(BytesSource("m", (tmp_path / "xgboost.model").read_bytes()), "binary")
    assert "best_iteration" in lifted.attributes


def test_no_early_stopping_leaves_the_model_alone(tmp_path: Path) -> None:
    rows, labels = data(2)
    model = xgboost.XGBClassifier(n_estimators=5, n_jobs=1).fit(rows, labels)
    neopack.package(model, path=tmp_path / "m.tar.gz")
    manifest = read_manifest(tmp_path / "m.tar.gz")
    assert manifest is not None
    assert not manifest.rewrites
