"""Fitted trees of scikit-learn as an XGBoost model in JSON, and what scikit-learn itself predicts.

A split of scikit-learn sends a row left where x <= t, one of XGBoost where x < t: so t becomes the
next float32 above it, and every row of float32 goes the same way. What an ensemble begins with is
added to the leaves of its first trees; a mean is divided into the leaves. Nothing is imported but
NumPy: an object is known by the names of its classes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from neopack.errors import SourceError
from neopack.values.artifact import Array

__all__ = ["averages", "is_trees", "json_of", "predictions"]

MEANS = ("DecisionTree", "ExtraTree", "RandomForest", "ExtraTrees")
SUMS = ("GradientBoosting", "HistGradientBoosting")
KINDS = frozenset(
    f"{name}{kind}" for name in (*MEANS, *SUMS) for kind in ("Regressor", "Classifier")
)
# whose sums are the predictions themselves
IDENTITY = ("squared_error", "absolute_error", "huber", "quantile")
NO_PARENT = 2147483647
WAY_OUT = "train the trees with XGBoost and package those, or serve them with scikit-learn itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tree:
    """One tree by nodes: a leaf has no children, and its number in ``values``."""

    left: Array
    right: Array
    feature: Array
    threshold: Array
    missing_left: Array
    values: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trees:
    """Trees in turns: tree ``i`` is of output ``i`` modulo ``outputs``."""

    trees: Sequence[_Tree]
    outputs: int
    objective: str
    base_score: float
    features: int


def is_trees(model: object) -> bool:
    """Whether it is an estimator of trees, of scikit-learn's own classes, fitted or not."""
    return _kind(model) in KINDS


def averages(model: object) -> bool:
    """Whether it is such an estimator whose predictions are means."""
    return is_trees(model) and not _kind(model).startswith(SUMS)


def json_of(model: Any, where: str) -> str:
    """The XGBoost model, as XGBoost 1.3 writes JSON.

    Raises ``SourceError`` for what is not fitted, and for what XGBoost cannot express: several
    targets, categories, other losses.
    """
    if not hasattr(model, "n_features_in_"):
        raise SourceError(f"the {_kind(model)} is not fitted", where=where, hint="fit it first")
    return json.dumps(_document(_trees_of(model, where)))


def predictions(model: Any, rows: Array) -> Iterator[tuple[str, Any]]:
    """``prediction`` and ``margin`` by scikit-learn, as an XGBoost model of the same trees has
    them: of two classes the probability of the second; of means of more, the number of the class,
    and the probabilities as margins."""
    if not hasattr(model, "predict_proba"):
        predicted = model.predict(rows)
        yield "prediction", predicted.astype("float32")
        yield "margin", predicted.astype("float32")
        return
    probabilities = model.predict_proba(rows)
    binary = probabilities.shape[1] == 2
    answer = (probabilities[:, 1] if binary else probabilities).astype("float32")
    means = averages(model)
    names_class = means and not binary
    yield "prediction", answer.argmax(axis=1).astype("float32") if names_class else answer
    yield "margin", answer if means else model.decision_function(rows).astype("float32")


def _kind(model: object) -> str:
    kind = type(model)
    return kind.__name__ if kind.__module__.split(".")[0] == "sklearn" else ""


def _refused(model: object, why: str, where: str) -> SourceError:
    return SourceError(f"{_kind(model)} {why}", where=where, hint=WAY_OUT)


# --- what scikit-learn holds ----------------------------------------------------------------


def _trees_of(model: Any, where: str) -> _Trees:
    kind = _kind(model)
    if getattr(model, "n_outputs_", 1) != 1:
        raise _refused(model, "predicts several targets", where)
    if kind.startswith("Hist"):
        return _histogram(model, where)
    if kind.startswith("GradientBoosting"):
        return _boosted(model, where)
    return _averaged(model, where)


def _averaged(model: Any, where: str) -> _Trees:
    """Means add up. Of more than two classes each has trees of its own, and their sums are the
    probabilities: XGBoost's only objective that keeps sums of several classes as they are names
    the class of the largest."""
    classes = len(getattr(model, "classes_", ()))
    if classes == 1:
        raise _refused(model, "knows a single class", where)
    outputs = classes if classes > 2 else 1
    fitted = [each.tree_ for each in getattr(model, "estimators_", [model])]
    trees = [
        _tree(each, leaves / len(fitted)) for each in fitted for leaves in _leaves(each, classes)
    ]
    return _Trees(
        trees=trees,
        outputs=outputs,
        objective="multi:softmax" if outputs > 1 else "reg:squarederror",
        base_score=0.0,
        features=model.n_features_in_,
    )


def _leaves(tree: Any, classes: int) -> list[Array]:
    """The means of the leaves; of two classes the share of the second; of more, that of each."""
    values: Array = tree.value[:, 0, :]
    if not classes:
        return [values[:, 0]]
    shares = values / values.sum(axis=1, keepdims=True)
    return [shares[:, 1]] if classes == 2 else list(shares.T)


def _boosted(model: Any, where: str) -> _Trees:
    import numpy as np

    start = np.zeros((1, model.n_features_in_), np.float32)
    begins = model._raw_predict_init(start)[0]  # noqa: SLF001 - its public form has no margin
    again = model._raw_predict_init(start + 1)[0]  # noqa: SLF001
    if not np.array_equal(begins, again):
        raise _refused(model, "begins with another model, init", where)
    return _summed(
        model,
        [
            [_tree(each.tree_, each.tree_.value[:, 0, 0] * model.learning_rate) for each in stage]
            for stage in model.estimators_
        ],
        begins,
        where,
    )


def _histogram(model: Any, where: str) -> _Trees:
    if getattr(model, "is_categorical_", None) is not None:
        raise _refused(model, "has splits on categories", where)
    stages = [
        [_of_nodes(each.nodes) for each in stage]
        for stage in model._predictors  # noqa: SLF001 - there is no public form
    ]
    begins = model._baseline_prediction.reshape(-1)  # noqa: SLF001
    return _summed(model, stages, begins, where)


def _summed(model: Any, stages: list[list[_Tree]], begins: Array, where: str) -> _Trees:
    classes = len(getattr(model, "classes_", ()))
    if not classes and model.loss not in IDENTITY:
        raise _refused(model, f"has the loss {model.loss}", where)
    if classes and model.loss != "log_loss":
        raise _refused(model, f"has the loss {model.loss}", where)
    if not stages:
        raise _refused(model, "has no trees", where)
    first = [_raised(tree, float(by)) for tree, by in zip(stages[0], begins, strict=True)]
    objective = {0: "reg:squarederror", 2: "binary:logistic"}.get(classes, "multi:softprob")
    return _Trees(
        trees=[tree for stage in (first, *stages[1:]) for tree in stage],
        outputs=len(stages[0]),
        objective=objective,
        # a probability, whose margin is 0
        base_score=0.5 if objective == "binary:logistic" else 0.0,
        features=model.n_features_in_,
    )


def _tree(tree: Any, values: Array) -> _Tree:
    import numpy as np

    missing = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count, np.uint8))
    return _Tree(
        left=tree.children_left,
        right=tree.children_right,
        feature=tree.feature,
        threshold=tree.threshold,
        missing_left=missing,
        values=values,
    )


def _of_nodes(nodes: Any) -> _Tree:
    import numpy as np

    leaf = nodes["is_leaf"].astype(bool)
    return _Tree(
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        feature=nodes["feature_idx"].astype(np.int64),
        threshold=nodes["num_threshold"].astype(np.float64),
        missing_left=nodes["missing_go_to_left"],
        values=nodes["value"].astype(np.float64),
    )


def _raised(tree: _Tree, by: float) -> _Tree:
    return _Tree(
        left=tree.left,
        right=tree.right,
        feature=tree.feature,
        threshold=tree.threshold,
        missing_left=tree.missing_left,
        values=tree.values + by,
    )


# --- what XGBoost reads ---------------------------------------------------------------------


def _document(model: _Trees) -> dict[str, Any]:
    outputs, count = model.outputs, len(model.trees)
    ordered = map(_in_pairs, model.trees)
    trees = [_tree_document(tree, at, model.features) for at, tree in enumerate(ordered)]
    held = {
        "gbtree_model_param": {"num_trees": str(count), "size_leaf_vector": "0"},
        "tree_info": [at % outputs for at in range(count)],
        "trees": trees,
    }
    objective: dict[str, Any] = {"name": model.objective}
    if outputs > 1:
        objective["softmax_multiclass_param"] = {"num_class": str(outputs)}
    else:
        objective["reg_loss_param"] = {"scale_pos_weight": "1"}
    parameters = {
        "base_score": f"{model.base_score:E}",
        "num_class": str(outputs if outputs > 1 else 0),
        "num_feature": str(model.features),
    }
    learner = {
        "attributes": {},
        "gradient_booster": {"model": held, "name": "gbtree"},
        "learner_model_param": parameters,
        "objective": objective,
    }
    return {"learner": learner, "version": [1, 3, 3]}


def _in_pairs(tree: _Tree) -> _Tree:
    """The same tree with each right child next to its left one, as XGBoost writes trees and its
    predictors may expect them."""
    import numpy as np

    order, left = [0], []
    for node in order:  # which grows
        inner = tree.left[node] >= 0
        left.append(len(order) if inner else -1)
        order += [int(tree.left[node]), int(tree.right[node])] if inner else []
    lefts = np.array(left)
    return _Tree(
        left=lefts,
        right=np.where(lefts < 0, -1, lefts + 1),
        feature=tree.feature[order],
        threshold=tree.threshold[order],
        missing_left=tree.missing_left[order],
        values=tree.values[order],
    )


def _tree_document(tree: _Tree, at: int, features: int) -> dict[str, Any]:
    import numpy as np

    leaf = tree.left < 0
    conditions = np.where(leaf, tree.values, _above(tree.threshold))
    nodes = len(leaf)
    parents = np.full(nodes, NO_PARENT, np.int64)
    for children in (tree.left, tree.right):
        parents[children[~leaf]] = np.flatnonzero(~leaf)
    zeros = [0.0] * nodes
    return {
        "base_weights": zeros,
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
        "default_left": tree.missing_left.astype(bool).tolist(),
        "id": at,
        "left_children": tree.left.tolist(),
        "loss_changes": zeros,
        "parents": parents.tolist(),
        "right_children": tree.right.tolist(),
        "split_conditions": conditions.astype(np.float32).astype(float).tolist(),
        "split_indices": np.where(leaf, 0, tree.feature).tolist(),
        "split_type": [0] * nodes,
        "sum_hessian": zeros,
        "tree_param": {
            "num_deleted": "0",
            "num_feature": str(features),
            "num_nodes": str(nodes),
            "size_leaf_vector": "0",
        },
    }


def _above(threshold: Array) -> Array:
    """The least float32 above each threshold."""
    import numpy as np

    near = threshold.astype(np.float32)
    up = np.nextafter(near, np.float32(np.inf))
    above: Array = np.where(near.astype(np.float64) > threshold, near, up)
    return above
