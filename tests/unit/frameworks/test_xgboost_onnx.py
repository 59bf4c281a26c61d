"""Trees of XGBoost in their ONNX form: every version's, at their thresholds, and damaged ones."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_trees import by_onnx

from neopack.errors import Malformed, NeopackError, Unsupported
from neopack.frameworks.xgboost.document import learner
from neopack.frameworks.xgboost.onnx_form.onnx_model import as_onnx

FIXTURES = Path(__file__).parents[3] / "fixtures" / "xgboost"
VERSIONS = sorted(path.stem for path in (FIXTURES / "versions").glob("*.zip"))
CLOSE = 2e-6


def document(name: str = "logistic.json") -> Any:
    return json.loads((FIXTURES / name).read_text())


def model_of(changed: Any) -> Any:
    return changed["learner"]["gradient_booster"]["model"]


def one_tree(**arrays: Any) -> Any:
    """A model of one column, whose one tree is of three nodes where ``arrays`` say no more."""
    changed = document()
    changed["learner"]["objective"] = {"name": "reg:squarederror"}
    changed["learner"]["learner_model_param"] |= {"num_feature": "1", "base_score": "[0E0]"}
    tree = {
        "left_children": [1, -1, -1], "right_children": [2, -1, -1],
        "parents": [2147483647, 0, 0], "split_indices": [0, 0, 0], "default_left": [0, 0, 0],
        "split_conditions": [0.5, 1.0, 2.0], "split_type": [0, 0, 0], "categories": [],
        "categories_nodes": [], "categories_segments": [], "categories_sizes": [], **arrays,
    }  # fmt: skip
    nodes = len(tree["left_children"])
    zeros = dict.fromkeys(("base_weights", "loss_changes", "sum_hessian"), [0.0] * nodes)
    sizes = {"num_nodes": str(nodes), "num_feature": "1", "size_leaf_vector": "1"}
    model_of(changed).update(
        trees=[{**zeros, **tree, "tree_param": sizes}], tree_info=[0], iteration_indptr=[0, 1]
    )
    model_of(changed)["gbtree_model_param"]["num_trees"] = "1"
    return changed


def computed(changed: Any, column: list[float], folder: Path) -> list[float]:
    path = folder / "model.json"
    path.write_text(json.dumps(changed))
    answer: list[float] = by_onnx(path, np.array(column, "f4")[:, None], folder)["margin"].tolist()
    return answer


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_predicts_the_same(version: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(FIXTURES / "versions" / f"{version}.zip") as archive:
        archive.extractall(tmp_path)
    own, wrong = np.load(tmp_path / "predictions.npz"), []
    names = [
        path.name for path in tmp_path.iterdir() if path.suffix in (".model", ".json", ".ubj")
    ]
    for name in names:
        if "linear" in name or name.startswith("wrapper"):
            continue
        (folder := tmp_path / f"{name}-onnx").mkdir()
        answers = by_onnx(tmp_path / name, own["rows"], folder)
        for kind, answer in answers.items():
            wanted = own[f"{name}/{kind}"]
            off = np.abs(answer - wanted).max() / max(np.abs(wanted).max(), 1e-6)
            wrong += [(name, kind, off)] if answer.shape != wanted.shape or off > CLOSE else []
    assert len(names) > 20
    assert wrong == []


@pytest.mark.parametrize(("default_left", "missing"), [(0, 2.0), (1, 1.0)])
def test_numbers_at_a_threshold_go_as_in_xgboost(
    default_left: int, missing: float, tmp_path: Path
) -> None:
    half = np.float32(0.5)
    column = [0.5, np.nextafter(half, np.float32(0)), np.inf, -np.inf, np.nan, -0.0]
    tree = one_tree(default_left=[default_left, 0, 0])
    assert computed(tree, column, tmp_path) == [2.0, 1.0, 2.0, 1.0, missing, 1.0]


def test_zero_has_no_sign_at_a_threshold(tmp_path: Path) -> None:
    tree = one_tree(split_conditions=[-0.0, 1.0, 2.0])
    assert computed(tree, [0.0, -0.0, -1e-45], tmp_path) == [2.0, 2.0, 1.0]


@pytest.mark.parametrize(("default_left", "missing"), [(0, 2.0), (1, 1.0)])
def test_categories_go_as_in_xgboost(default_left: int, missing: float, tmp_path: Path) -> None:
    """Those of the set go right; fractions are cut off, negative and other numbers go left."""
    tree = one_tree(
        default_left=[default_left, 0, 0], split_type=[1, 0, 0], categories=[0, 3, 4, 16777215],
        categories_nodes=[0], categories_segments=[0], categories_sizes=[4],
    )  # fmt: skip
    right, left = [0, -0.0, 0.5, 3, 3.9, 4, 16777215], [1, 2.9, 5, -0.5, -3, 1e30, np.inf, -np.inf]
    answers = computed(tree, [*right, *left, np.nan], tmp_path)
    assert answers == [2.0] * len(right) + [1.0] * len(left) + [missing]


def test_a_set_may_be_empty_or_large(tmp_path: Path) -> None:
    for size in (0, 3000):
        (folder := tmp_path / str(size)).mkdir()
        tree = one_tree(
            split_type=[1, 0, 0], categories=list(range(size)), categories_nodes=[0],
            categories_segments=[0], categories_sizes=[size],
        )  # fmt: skip
        wanted = [2.0 if size else 1.0, 2.0 if size else 1.0, 1.0, 2.0]
        assert computed(tree, [0, 2999, 3000, np.nan], folder) == wanted


def test_nodes_that_pruning_left_behind_add_nothing(tmp_path: Path) -> None:
    tree = one_tree(
        left_children=[1, -1, -1, -1, -1], right_children=[2, -1, -1, -1, -1],
        parents=[2147483647, 0, 0, 0, 0], split_indices=[0, 0, 0, 2147483647, 2147483647],
        default_left=[0] * 5, split_conditions=[0.5, 1.0, 2.0, 64.0, 64.0], split_type=[0] * 5,
    )  # fmt: skip
    assert computed(tree, [0, 1], tmp_path) == [1.0, 2.0]


def _set(name: str, values: list[Any]) -> Callable[[], Any]:
    return lambda: one_tree(**{name: values})


DAMAGED: dict[str, tuple[Callable[[], Any], str]] = {
    "a circle": (
        lambda: one_tree(left_children=[1, 0, -1], right_children=[2, 2, -1]), "two parents"
    ),
    "one child twice": (_set("right_children", [1, -1, -1]), "two parents"),
    "no such child": (_set("right_children", [7, -1, -1]), "not in its tree"),
    "no such column": (_set("split_indices", [1, 0, 0]), "column 1 of 1"),
    "a set without a mark": (
        lambda: one_tree(
            split_type=[0, 1, 0], categories=[1], categories_nodes=[0], categories_segments=[0],
            categories_sizes=[1],
        ),
        "or the other way round",
    ),
    "a mark without a set": (lambda: one_tree(split_type=[1, 0, 0]), "has no set"),
    "a set that is cut off": (
        lambda: one_tree(
            split_type=[1, 0, 0], categories=[1], categories_nodes=[0], categories_segments=[0],
            categories_sizes=[2],
        ),
        "outside of the 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGED)
def test_arrays_that_disagree_are_refused(what: str) -> None:
    build, words = DAMAGED[what]
    with pytest.raises(Malformed, match=words):
        as_onnx(learner(build(), "model.json"))


@pytest.mark.parametrize(
    ("path", "value", "error", "words"),
    [
        (("objective", "name"), "reg:nonsense", Unsupported, "reg:nonsense"),
        (("gradient_booster", "model", "tree_info"), [5] * 10, Malformed, "output 5 of 1"),
        (("learner_model_param", "base_score"), "[0E0,1E0]", Malformed, "2 base scores"),
    ],
)
def test_models_that_disagree_are_refused(
    path: tuple[str, ...], value: Any, error: type[NeopackError], words: str
) -> None:
    changed = document()
    place = changed["learner"]
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = (
        value[: len(model_of(changed)["trees"])] if path[-1] == "tree_info" else value
    )
    with pytest.raises(error, match=words):
        as_onnx(learner(changed, "model.json"))


def test_a_linear_model_is_refused() -> None:
    with pytest.raises(Unsupported, match="gblinear"):
        as_onnx(learner(document("linear.json"), "linear.json"))


def test_many_rows_are_computed_as_one_by_one(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(1500, 4)).astype(np.float32)
    answers = []
    for threads in (1, 3):
        (folder := tmp_path / str(threads)).mkdir()
        answers.append(by_onnx(FIXTURES / "softprob.ubj", rows, folder, threads))
    for name in ("prediction", "margin"):
        np.testing.assert_array_equal(answers[0][name], answers[1][name])
