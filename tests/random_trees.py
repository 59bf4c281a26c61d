"""Small random boosters of XGBoost, and rows that its splits are likely to get wrong."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from neopack.engines.onnxruntime import OnnxRuntimeRunner
from neopack.engines.tree_code import LIBRARY, write_tables
from neopack.formats.source import FileSource
from neopack.frameworks.xgboost import read
from neopack.frameworks.xgboost.run import lifted

__all__ = ["OBJECTIVES", "TrainedTrees", "by_onnx", "trained"]

OBJECTIVES = (
    "reg:squarederror", "reg:squaredlogerror", "reg:logistic", "reg:pseudohubererror",
    "reg:absoluteerror", "reg:quantileerror", "reg:gamma", "reg:tweedie", "binary:logistic",
    "binary:logitraw", "binary:hinge", "count:poisson", "survival:cox", "survival:aft",
    "multi:softmax", "multi:softprob", "rank:pairwise", "rank:ndcg", "rank:map",
)  # fmt: skip
OF_TWO = ("logi", "hinge", "rank")
SEVERAL = ("reg:squarederror", "binary:logistic", "reg:absoluteerror")
ROWS = 60
ODD = (np.nan, -0.0, 0.0, 3e38, -3e38, 1e-44)
ODD_CATEGORIES = (1.5, 0.0, -0.0, 50, 2, 1, np.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedTrees:
    """A booster, and rows with what it predicts of them."""

    booster: Any
    rows: Any
    margin: Any
    prediction: Any


def trained(objective: str, seed: int) -> TrainedTrees:
    """Of another shape for each seed: rounds, depth, outputs, categories, missing values."""
    chance, numbers = random.Random(seed), np.random.default_rng(seed)
    columns = chance.choice([1, 3, 6])
    rows = numbers.normal(size=(ROWS, columns)).astype(np.float32)
    kinds = ["q"] * columns
    parameters = _parameters(objective, chance)
    # XGBoost 3.2 splits leaves that are vectors by no categories
    if "multi_strategy" not in parameters and chance.random() < 0.5:
        column = chance.randrange(columns)
        kinds[column] = "c"
        rows[:, column] = numbers.integers(0, chance.choice([3, 9, 40]), ROWS)
    rows[numbers.random(rows.shape) < chance.choice([0, 0.2])] = np.nan
    data = _matrix(rows, kinds, _labels(objective, parameters, chance, numbers), objective)
    booster = xgboost.train(parameters, data, chance.choice([0, 1, 4]))
    odd = np.concatenate([rows, _odd(rows, kinds, booster, chance)])
    asked = xgboost.DMatrix(odd, feature_types=kinds, enable_categorical=True)
    return TrainedTrees(
        booster=booster,
        rows=odd,
        margin=booster.predict(asked, output_margin=True),
        prediction=booster.predict(asked),
    )


def _parameters(objective: str, chance: random.Random) -> dict[str, Any]:
    booster = chance.choice(["gbtree", "gbtree", "dart"])
    chosen: dict[str, Any] = {
        "objective": objective, "booster": booster, "max_depth": chance.choice([1, 3, 6]),
        "eta": chance.choice([0.1, 0.9]), "num_parallel_tree": chance.choice([1, 1, 3]),
        "subsample": 0.8, "max_cat_to_onehot": chance.choice([1, 4]), "tree_method": "hist",
        "min_child_weight": 0, "nthread": 1, "verbosity": 0, "seed": 0,
    }  # fmt: skip
    if booster == "dart":
        chosen["rate_drop"] = 0.3
    if objective.startswith("multi"):
        chosen["num_class"] = 3
    elif objective == "reg:quantileerror":
        chosen["quantile_alpha"] = chance.choice([[0.5], [0.1, 0.5, 0.9]])
    elif chance.random() < 0.3:
        chosen["base_score"] = 0.3
    if objective in SEVERAL and booster == "gbtree" and chance.random() < 0.4:
        chosen |= {"multi_strategy": "multi_output_tree", "num_parallel_tree": 1, "subsample": 1}
    return chosen


def _labels(
    objective: str, parameters: dict[str, Any], chance: random.Random, numbers: Any
) -> Any:
    if objective.startswith("multi"):
        return numbers.integers(0, 3, ROWS)
    of_two = any(word in objective for word in OF_TWO)
    labels = numbers.integers(0, 2, ROWS) if of_two else 0.1 + np.abs(numbers.normal(size=ROWS))
    several = "multi_strategy" in parameters or (objective in SEVERAL and chance.random() < 0.3)
    return np.stack([labels, labels[::-1]], axis=1) if several else labels


def _matrix(rows: Any, kinds: list[str], labels: Any, objective: str) -> Any:
    data = xgboost.DMatrix(rows, labels, feature_types=kinds, enable_categorical=True)
    if objective == "survival:aft":
        data.set_float_info("label_lower_bound", labels)
        data.set_float_info("label_upper_bound", labels + 1)
    if objective.startswith("rank"):
        data.set_group([ROWS // 2, ROWS // 2])
    return data


def _odd(rows: Any, kinds: list[str], booster: Any, chance: random.Random) -> Any:
    """The rows with thresholds of splits, numbers just below these, and odd ones, in places."""
    odd, splits = rows.copy(), _splits(booster, kinds)
    for row in odd:
        for column, threshold in chance.sample(splits, min(len(splits), 3)):
            below = np.nextafter(threshold, np.float32(-np.inf))
            row[column] = chance.choice([threshold, threshold, below, below, *ODD])
        for column, kind in enumerate(kinds):
            if kind == "c" and chance.random() < 0.5:
                row[column] = chance.choice(ODD_CATEGORIES)
    return odd


def _splits(booster: Any, kinds: list[str]) -> list[tuple[int, Any]]:
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    model = model.get("gbtree", model)["model"]
    return [
        (column, np.float32(threshold))
        for tree in model["trees"]
        for column, threshold, left in zip(
            tree["split_indices"], tree["split_conditions"], tree["left_children"], strict=True
        )
        if left != -1 and kinds[column] == "q"
    ]


def by_onnx(
    model: Path, rows: Any, folder: Path, threads: int = 1, library: Path | None = None
) -> dict[str, Any]:
    """What ONNX Runtime computes with the ONNX form of a model file; or the kernel in ``library``,
    if it takes the trees."""
    compiled = lifted(model, folder).rename(folder / "compiled.onnx")
    own = folder / LIBRARY
    # a library that is loaded stays as it is
    if library is not None and write_tables(compiled, folder) and not own.exists():
        shutil.copy(library, own)
    with FileSource(model) as source:
        signature = read.read_source(source).signature
    assert signature is not None
    runner = OnnxRuntimeRunner(folder, signature, {}, threads)
    return runner.predict({"data": rows})
