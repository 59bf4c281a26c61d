"""Models of today's XGBoost, written by neopack, read by XGBoost 1.3.3: they compute alike."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

import neopack
from neopack.archive.read import extract_member, scan
from neopack.formats.source import FileSource
from neopack.frameworks.xgboost.lowering.lift import read_learner
from neopack.frameworks.xgboost.lowering.lower import lower
from neopack.goldens.cases import load_goldens
from neopack.runtimes import Worker

ROWS, FEATURES = 300, 6
RANKS = ("rank:pairwise", "rank:ndcg", "rank:map")
BINARY = ("reg:logistic", "binary:logistic", "binary:logitraw", "binary:hinge", *RANKS)
POSITIVE = (
    "reg:squaredlogerror", "count:poisson", "reg:gamma", "reg:tweedie", "survival:cox",
    "survival:aft",
)  # fmt: skip
OBJECTIVES = (
    "reg:squarederror", "reg:pseudohubererror", "multi:softmax", "multi:softprob",
    *BINARY, *POSITIVE,
)  # fmt: skip
SHAPES: list[tuple[str, dict[str, Any], int]] = [
    ("gbtree", {"max_depth": 1}, 3),
    ("gbtree", {"max_depth": 6, "num_parallel_tree": 2, "subsample": 0.7}, 8),
    ("dart", {"max_depth": 3, "rate_drop": 0.4}, 6),
    ("gblinear", {}, 5),
]
# Treelite, with which Neo compiles for most targets, takes no linear models
NO_TREES = ("NEO-XG-009",)
CASES = [(objective, *shape) for objective in OBJECTIVES for shape in SHAPES]


def data() -> Any:
    generator = np.random.default_rng(0)
    rows = generator.standard_normal((ROWS, FEATURES), dtype=np.float32)
    rows[generator.random((ROWS, FEATURES)) < 0.2] = np.nan
    return rows


def labelled(objective: str) -> Any:
    total = np.nan_to_num(data()).sum(axis=1)
    matrix = xgboost.DMatrix(data())
    if objective == "survival:aft":
        matrix.set_float_info("label_lower_bound", np.exp(total / 4))
        matrix.set_float_info("label_upper_bound", np.exp(total / 4) * 1.5)
        return matrix
    if objective in BINARY:
        matrix.set_label(total > 0)
    elif objective in POSITIVE:
        matrix.set_label(np.exp(total / 4))
    elif objective.startswith("multi:"):
        matrix.set_label(np.digitize(total, [-1, 1]))
    else:
        matrix.set_label(total)
    if objective in RANKS:
        matrix.set_group([100] * 3)
    return matrix


def train(objective: str, booster: str, parameters: dict[str, Any], rounds: int) -> Any:
    chosen = {"objective": objective, "booster": booster, "seed": 1, "nthread": 1, **parameters}
    if objective.startswith("multi:"):
        chosen["num_class"] = 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return xgboost.train(chosen, labelled(objective), rounds)


@pytest.fixture(scope="module")
def computed(
    tmp_path_factory: pytest.TempPathFactory, xgboost_1_3_3: Worker
) -> dict[str, tuple[Any, Any]]:
    """name -> (what today's XGBoost computes, what 1.3.3 computes from our file)."""
    folder = tmp_path_factory.mktemp("models")
    both = {}
    for number, case in enumerate(CASES):
        booster = train(*case)
        packed = neopack.package(booster, path=folder / f"{number}.tar.gz", ignore=NO_TREES)
        extract_member(scan(packed.path), "xgboost.model", folder / f"{number}.model")
        wanted = {
            "margin": booster.predict(xgboost.DMatrix(data()), output_margin=True),
            "prediction": booster.predict(xgboost.DMatrix(data())),
        }
        handle, _ = xgboost_1_3_3.call("load", {"path": str(folder / f"{number}.model")})
        _, found = xgboost_1_3_3.call("predict", handle, arrays={"data": data()})
        both[str(case)] = (wanted, found)
    return both


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case[:2])))
def test_xgboost_1_3_3_computes_alike(case: Any, computed: dict[str, tuple[Any, Any]]) -> None:
    wanted, found = computed[str(case)]
    for name in ("margin", "prediction"):
        scale = max(1.0, float(np.abs(wanted[name]).max()))
        assert found[name].shape == wanted[name].shape
        assert np.abs(found[name] - wanted[name]).max() <= 1e-6 * scale


def left_first(tree: dict[str, Any]) -> None:
    """The same tree, a node's left branch before its right one."""
    order, later = [], [0]
    while later:
        order.append(node := later.pop())
        if tree["left_children"][node] != -1:
            later += tree["right_children"][node], tree["left_children"][node]
    places = {node: place for place, node in enumerate(order)}
    for field, values in tree.items():
        if isinstance(values, list) and len(values) == len(order):
            tree[field] = [values[node] for node in order]
    for field in ("left_children", "right_children", "parents"):
        tree[field] = [places.get(node, node) for node in tree[field]]


def test_children_of_a_file_may_lie_anywhere(tmp_path: Path, xgboost_1_3_3: Worker) -> None:
    """Today's XGBoost goes where the file says, and 1.3.3 to the node after the left child."""
    booster = train("reg:squarederror", "gbtree", {"max_depth": 4}, 3)
    document = json.loads(bytes(booster.save_raw("json")))
    for tree in document["learner"]["gradient_booster"]["model"]["trees"]:
        left_first(tree)
    file = tmp_path / "m.json"
    file.write_text(json.dumps(document))
    wanted = booster.predict(xgboost.DMatrix(data()))
    assert np.array_equal(
        xgboost.Booster(model_file=file).predict(xgboost.DMatrix(data())), wanted
    )
    with FileSource(file) as source:
        as_it_is = lower(read_learner(source, "json"), "m").data
    (tmp_path / "0.model").write_bytes(as_it_is)
    packed = neopack.package(file, path=tmp_path / "m.tar.gz")
    extract_member(scan(packed.path), "xgboost.model", tmp_path / "1.model")
    found = []
    for number in range(2):
        handle, _ = xgboost_1_3_3.call("load", {"path": str(tmp_path / f"{number}.model")})
        _, computed = xgboost_1_3_3.call("predict", handle, arrays={"data": data()})
        found.append(np.abs(computed["prediction"] - wanted).max())
    assert found[0] > 0.1
    assert found[1] < 1e-6


def test_an_archive_runs_in_todays_xgboost_too(tmp_path: Path) -> None:
    booster = train("count:poisson", "dart", {"max_depth": 3}, 5)
    packed = neopack.package(booster, path=tmp_path / "m.tar.gz", inputs={"data": (4, FEATURES)})
    inputs, golden = load_goldens(packed.goldens)
    answers = neopack.load(packed.path).predict(inputs)
    assert np.isnan(inputs["data"]).any()
    for name, values in golden.items():
        np.testing.assert_allclose(answers[name], values, rtol=1e-6)
