"""The trees of a model as one TreeEnsembleRegressor of ONNX (ai.onnx.ml, version 1), which gives
margins: base scores and all trees' leaves, added up in float32."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from neopack.errors import Malformed
from neopack.formats.onnx_write import Attribute
from neopack.frameworks.xgboost.document import Learner, Tree
from neopack.frameworks.xgboost.lowering.base_score import margins
from neopack.frameworks.xgboost.lowering.lower import numbers
from neopack.frameworks.xgboost.onnx_form.tree_nodes import (
    EQUAL,
    FIELDS,
    LESS,
    TERMINAL,
    TreeNodes,
    tree_nodes,
)
from neopack.values.artifact import Array

__all__ = ["ensemble"]

WORDS = {TERMINAL: "LEAF", LESS: "BRANCH_LT", EQUAL: "BRANCH_EQ"}
Votes: TypeAlias = tuple[Array, Array, Array]


def ensemble(model: Learner) -> dict[str, Attribute]:
    """The attributes of the node. Raises ``Malformed`` where arrays of the model disagree."""
    trees = [tree_nodes(tree, model.num_feature) for tree in model.trees]
    votes = list(_votes(model, trees))
    base = margins(model)
    if len(base) != model.groups:
        raise Malformed(f"has {len(base)} base scores for {model.groups} outputs")
    silent = sorted(set(range(model.groups)).difference(*(groups for _, groups, _ in votes)))
    if silent:
        trees, votes = [*trees, _bare_tree()], [*votes, _bare_votes(silent)]
    return {
        "n_targets": model.groups,
        "base_values": list(base),
        **_nodes(trees),
        "target_treeids": _index([len(weights) for _, _, weights in votes]),
        "target_nodeids": _joined([nodes for nodes, _, _ in votes]),
        "target_ids": _joined([groups for _, groups, _ in votes]),
        "target_weights": _joined([weights for _, _, weights in votes]),
    }


def _bare_tree() -> TreeNodes:
    """One leaf. ONNX Runtime gives 0, and not the base score, for an output without a vote."""
    import numpy as np

    fields: dict[str, Array] = {name: np.zeros(1, np.int64) for name in FIELDS}
    fields["value"] = np.zeros(1, np.float32)
    return TreeNodes(**fields, leaf=fields["node"])


def _bare_votes(outputs: Sequence[int]) -> Votes:
    """What that leaf adds: 0 to each of ``outputs``."""
    import numpy as np

    return np.zeros(len(outputs), int), np.array(outputs), np.zeros(len(outputs), np.float32)


def _nodes(trees: Sequence[TreeNodes]) -> dict[str, Attribute]:
    return {
        "nodes_treeids": _index([len(tree.node) for tree in trees]),
        "nodes_nodeids": _joined([tree.node for tree in trees]),
        "nodes_modes": [WORDS[mode] for tree in trees for mode in tree.mode.tolist()],
        "nodes_featureids": _joined([tree.column for tree in trees]),
        "nodes_values": _joined([tree.value for tree in trees]),
        "nodes_truenodeids": _joined([tree.true for tree in trees]),
        "nodes_falsenodeids": _joined([tree.false for tree in trees]),
        "nodes_missing_value_tracks_true": _joined(
            [tree.missing_true.astype(int) for tree in trees]
        ),
    }


def _votes(model: Learner, trees: Sequence[TreeNodes]) -> Iterator[Votes]:
    """Of each tree: (leaves, the outputs that they add to, what they add)."""
    import numpy as np

    drop = numbers(model.weight_drop, "<f4")
    if model.booster == "dart" and len(drop) != len(model.trees):
        raise Malformed(f"{len(model.trees)} trees and the weights of {len(drop)}")
    for index, (tree, nodes) in enumerate(zip(model.trees, trees, strict=True)):
        values = _leaf_values(tree, nodes.leaf, max(model.leaf_vector, 1))
        if len(drop):
            values = values * drop[index]
        outputs = values.shape[1]
        first = model.tree_info[index] if outputs == 1 else 0
        if not 0 <= first <= model.groups - outputs:
            raise Malformed(f"a tree is of output {first} of {model.groups}")
        groups = np.tile(np.arange(first, first + outputs), len(nodes.leaf))
        yield np.repeat(nodes.leaf, outputs), groups, values.ravel()


def _leaf_values(tree: Tree, leaf: Array, size: int) -> Array:
    """What each leaf adds, ``[leaves, size]``."""
    if size == 1:
        values, place = numbers(tree.split_condition, "<f4"), leaf
    elif len(tree.leaf_weights):
        values, place = numbers(tree.leaf_weights, "<f4"), numbers(tree.right, "<i4")[leaf]
    else:
        values, place = numbers(tree.base_weight, "<f4"), leaf
    if len(values) % size or place.min() < 0 or place.max() >= len(values) // size:
        raise Malformed(f"the leaves of a tree are not vectors of {size}")
    leaves: Array = values.reshape(-1, size)[place]
    return leaves


def _index(counts: Sequence[int]) -> list[int]:
    """The number of a tree, for all that it has."""
    return [index for index, count in enumerate(counts) for _ in range(count)]


def _joined(arrays: Sequence[Array]) -> list[int] | list[float]:
    import numpy as np

    whole: list[int] | list[float] = np.concatenate(arrays).tolist()
    return whole
