"""Trees as arrays of nodes, as ONNX's TreeEnsembleRegressor has them.

XGBoost compares in float32 and sends x < t to the left child of a split; so does BRANCH_LT, with
the left child as the true one. A missing value goes the split's own way. Nodes that pruning left
behind have no place: ONNX Runtime takes a node without a parent for the root of another tree.

A split on categories sends a set of them right (dmlc/xgboost v3.2.0, src/common/categorical.h).
It becomes a chain: is the column this category? the next? All of them lead to the same right
child, and the last of them else to the left. XGBoost cuts a category's fraction off and sends
negative numbers left, so a chain reads the column rounded down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from neopack.errors import Malformed
from neopack.frameworks.xgboost.document import CategorySets, Tree
from neopack.frameworks.xgboost.lowering.lower import LEAF, numbers
from neopack.values.artifact import Array

__all__ = ["EQUAL", "FIELDS", "LESS", "TERMINAL", "TreeNodes", "tree_nodes"]

TERMINAL, LESS, EQUAL = 0, 1, 2
FIELDS = ("node", "mode", "true", "false", "column", "value", "missing_true")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeNodes:
    """One tree, an element a node, the root first. ``node`` are the nodes' numbers, ``mode`` one
    of the three above; ``true``, ``false``, ``column``, ``value`` and ``missing_true`` are 0 in
    leaves. ``leaf`` are XGBoost's numbers of those nodes that are leaves."""

    node: Array
    mode: Array
    true: Array
    false: Array
    column: Array
    value: Array
    missing_true: Array
    leaf: Array


def tree_nodes(tree: Tree, columns: int) -> TreeNodes:
    """The nodes that can be reached from the root. Raises ``Malformed`` for arrays that are not a
    tree, or split on other columns than the model takes."""
    import numpy as np

    left, right = numbers(tree.left, "<i4"), numbers(tree.right, "<i4")
    node = _reached(left, right)
    inner = left[node] != LEAF
    column = numbers(tree.split_index, "<u4")[node].astype(np.int64) * inner
    if (column >= columns).any():
        raise Malformed(f"a split is on column {column.max()} of {columns}")
    nodes = TreeNodes(
        node=node,
        mode=np.where(inner, LESS, TERMINAL),
        true=left[node] * inner,
        false=right[node] * inner,
        column=column,
        value=np.where(inner, _conditions(tree)[node], np.float32(0)),
        missing_true=(numbers(tree.default_left, "u1")[node] != 0) & inner,
        leaf=node[~inner],
    )
    return nodes if tree.sets is None else _with_chains(nodes, tree.sets, len(left), columns)


def _conditions(tree: Tree) -> Array:
    conditions = numbers(tree.split_condition, "<f4")
    if len(conditions) != tree.nodes:
        raise Malformed(f"a tree of {tree.nodes} nodes has {len(conditions)} split conditions")
    return conditions


def _reached(left: Array, right: Array) -> Array:
    """The nodes below the root and the root, in order."""
    import numpy as np

    seen = np.zeros(len(left), bool)
    level = np.zeros(1, np.int64)
    while len(level):
        if not len(left) or level.min() < 0 or level.max() >= len(left):
            raise Malformed("a node's child is not in its tree")
        if seen[level].any() or len(np.unique(level)) != len(level):
            raise Malformed("a node of a tree has two parents")
        seen[level] = True
        inner = level[left[level] != LEAF]
        level = np.concatenate([left[inner], right[inner]]).astype(np.int64)
    return np.flatnonzero(seen)


def _with_chains(nodes: TreeNodes, sets: CategorySets, first: int, columns: int) -> TreeNodes:
    """``nodes`` whose splits on categories are chains. What a chain adds is numbered from
    ``first`` on, and reads the column that comes ``columns`` after its own."""
    import numpy as np

    parts = {name: [getattr(nodes, name).copy()] for name in FIELDS}
    for index, categories in _sets_of(nodes, sets):
        chain = _chain(nodes, index, categories, first)
        chain["column"] += columns
        first += len(categories) - 1
        for name, values in chain.items():
            parts[name][0][index] = values[0]
            parts[name].append(values[1:])
    whole = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    return TreeNodes(**whole, leaf=nodes.leaf)


def _chain(nodes: TreeNodes, index: int, categories: Array, first: int) -> dict[str, Array]:
    """The chain in the place of one split. A set of no category is the one number below which
    nothing is."""
    import numpy as np

    empty = bool(np.isneginf(categories).all())
    left, right = nodes.true[index], nodes.false[index]
    more = np.arange(first, first + len(categories) - 1)
    return {
        "node": np.append(nodes.node[index], more),
        "mode": np.full(len(categories), LESS if empty else EQUAL),
        "true": np.full(len(categories), right),
        "false": np.append(more, left),
        "column": np.full(len(categories), nodes.column[index]),
        "value": categories,
        "missing_true": np.full(len(categories), not nodes.missing_true[index]),
    }


def _sets_of(nodes: TreeNodes, sets: CategorySets) -> Iterator[tuple[int, Array]]:
    """(index of a split on categories, its categories) among these nodes."""
    import numpy as np

    by_node = dict(_each_set(sets))
    marked = numbers(sets.marks, "u1")
    for index in np.flatnonzero(nodes.mode != TERMINAL).tolist():
        node = int(nodes.node[index])
        if bool(marked[node : node + 1].any()) != (node in by_node):
            raise Malformed(
                f"split {node} is on categories and has no set, or the other way round"
            )
        if node in by_node:
            categories = by_node[node]
            yield index, categories if len(categories) else np.full(1, -np.inf, np.float32)


def _each_set(sets: CategorySets) -> Iterator[tuple[int, Array]]:
    """(node, its categories), which are whole numbers."""
    nodes, starts, sizes = (
        numbers(each, "<i8").tolist() for each in (sets.nodes, sets.starts, sets.sizes)
    )
    categories = numbers(sets.categories, "<f4")
    if not len(nodes) == len(starts) == len(sizes):
        raise Malformed(f"{len(nodes)} splits on categories and {len(sizes)} sets")
    for node, start, size in zip(nodes, starts, sizes, strict=True):
        if start < 0 or size < 0 or start + size > len(categories):
            raise Malformed(f"a set of categories lies outside of the {len(categories)}")
        yield node, categories[start : start + size]
