"""The children of a node side by side, which XGBoost 1.3.3 counts on.

Its predictor goes to the node after the left child where a row goes right, whatever the right
child says (dmlc/xgboost v1.3.3, include/xgboost/tree_model.h and src/predictor; run). Trees that
XGBoost grows are numbered so, and those that other programs write need not be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from neopack.errors import Malformed
from neopack.frameworks.xgboost.document import Learner, Tree
from neopack.frameworks.xgboost.lowering.lower import HIGH_BIT, LEAF, numbers
from neopack.values.artifact import Array

__all__ = ["are_adjacent", "with_adjacent"]

ROOT = HIGH_BIT - 1
FLOATS = ("split_condition", "base_weight", "loss_change", "sum_hessian")
INTEGERS = ("split_index", "default_left")


def are_adjacent(model: Learner) -> bool:
    return all(map(_is_numbered, model.trees))


def with_adjacent(model: Learner, where: str) -> Learner:
    """``model`` with its nodes numbered so, level by level. Raises ``Malformed`` where a node is
    the child of two, or of itself."""
    trees = (each if _is_numbered(each) else _renumbered(each, where) for each in model.trees)
    return replace(model, trees=tuple(trees))


def _is_numbered(tree: Tree) -> bool:
    left, right = numbers(tree.left, "<i4"), numbers(tree.right, "<i4")
    return bool((right == left + 1)[left != LEAF].all())


def _renumbered(tree: Tree, where: str) -> Tree:
    import numpy as np

    left, right = numbers(tree.left, "<i4"), numbers(tree.right, "<i4")
    order = _by_levels(left.tolist(), right.tolist(), where)
    places = np.empty(tree.nodes + 1, np.int64)
    places[order], places[LEAF] = np.arange(tree.nodes), LEAF
    parent = numbers(tree.parent, "<i4")[order]
    known = (parent >= 0) & (parent < tree.nodes)
    kept: dict[str, Any] = {name: _kept(tree, name, order, "<f4") for name in FLOATS}
    kept |= {name: _kept(tree, name, order, "<i4") for name in INTEGERS}
    return replace(
        tree,
        left=places[left[order]].tolist(),
        right=places[right[order]].tolist(),
        parent=np.where(known, places[np.where(known, parent, 0)], ROOT).tolist(),
        **kept,
    )


def _kept(tree: Tree, name: str, order: Sequence[int], dtype: str) -> Sequence[float]:
    array: Array = numbers(getattr(tree, name), dtype)
    listed: Sequence[float] = array[order].tolist()
    return listed


def _by_levels(left: Sequence[int], right: Sequence[int], where: str) -> list[int]:
    """The nodes from the root on, two children side by side; then those that nothing leads to."""
    order, seen = [0], {0}
    for node in order:  # grows meanwhile
        if left[node] == LEAF:
            continue
        for child in (left[node], right[node]):
            if not 0 <= child < len(left):
                raise Malformed("a node's child is not in its tree", where=where)
            if child in seen:
                raise Malformed(f"node {child} of a tree is the child of two", where=where)
            seen.add(child)
            order.append(child)
    return order + [node for node in range(len(left)) if node not in seen]
