"""The trees of an ONNX model as tables for ``tree_kernel.c``, and what the model does around them.

ONNX, operators of ai.onnx.ml: TreeEnsembleRegressor (version 1, 2026).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neopack.values.artifact import Array

__all__ = ["Tables", "tables_of"]

ENSEMBLE = "TreeEnsembleRegressor"
LEAF, LESS, EQUAL = "LEAF", "BRANCH_LT", "BRANCH_EQ"
# the bit of a column that sends a row without a number to the second child
MISSING = 1 << 31
VALUE, COLUMN, FIRST, SECOND = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """``arrays`` by the names of the kernel's fields, and the ONNX models ``before`` the trees,
    None where they read the input itself, and ``after`` them."""

    arrays: Mapping[str, Array]
    before: bytes | None
    after: bytes


def tables_of(path: str) -> Tables | None:
    """The tables of the model at ``path``; None for one that the kernel does not compute."""
    import onnx

    model = onnx.load(path)
    graph = model.graph
    places = [at for at, node in enumerate(graph.node) if node.op_type == ENSEMBLE]
    if len(places) != 1 or len(graph.input) != 1:
        return None
    node = graph.node[places[0]]
    attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    arrays = _arrays(_Ensemble.of(attributes))
    if arrays is None:
        return None
    columns, sums = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, None])
        for name in (node.input[0], node.output[0])
    )
    own = graph.input[0]
    bare = columns.name == own.name
    before = None if bare else _part(model, graph.node[: places[0]], own, [columns])
    after = _part(model, graph.node[places[0] + 1 :], sums, graph.output)
    return Tables(arrays=arrays, before=before, after=after)


def _part(model: Any, nodes: Sequence[Any], source: Any, outputs: Sequence[Any]) -> bytes:
    """Some nodes of ``model`` as a model; an output that is its input comes through Identity."""
    from onnx import helper

    read = {name for node in nodes for name in node.input}
    constants = [each for each in model.graph.initializer if each.name in read]
    graph = helper.make_graph(list(nodes), "part", [source], list(outputs), constants)
    part = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    data: bytes = part.SerializeToString()
    return data


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ensemble:
    """The attributes of the operator: of nodes, in their order, and of votes. Children and leaves
    are places of nodes; ``start`` are those of the roots."""

    mode: Array
    column: Array
    value: Array
    true: Array
    false: Array
    missing_true: Array
    tree: Array
    start: Array
    vote_node: Array
    vote_target: Array
    vote: Array
    base: Array
    targets: int

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> _Ensemble:
        import numpy as np

        tree = np.array(attributes["nodes_treeids"])
        number = np.array(attributes["nodes_nodeids"])
        several = int(number.max()) + 1
        keys = tree * several + number
        order = np.argsort(keys, kind="stable")

        def place(trees: Array, numbers: Array) -> Array:
            found: Array = order[np.searchsorted(keys, trees * several + numbers, sorter=order)]
            return found

        targets = int(attributes["n_targets"])
        return cls(
            mode=np.array([word.decode() for word in attributes["nodes_modes"]]),
            column=np.array(attributes["nodes_featureids"]),
            value=np.array(attributes["nodes_values"], np.float32),
            true=place(tree, np.array(attributes["nodes_truenodeids"])),
            false=place(tree, np.array(attributes["nodes_falsenodeids"])),
            missing_true=np.array(attributes["nodes_missing_value_tracks_true"]) != 0,
            tree=tree,
            start=np.flatnonzero(np.diff(tree, prepend=-1)),
            vote_node=place(
                np.array(attributes["target_treeids"]), np.array(attributes["target_nodeids"])
            ),
            vote_target=np.array(attributes["target_ids"]),
            vote=np.array(attributes["target_weights"], np.float32),
            base=np.array(attributes.get("base_values", [0.0] * targets), np.float32),
            targets=targets,
        )


def _arrays(trees: _Ensemble) -> dict[str, Array] | None:
    """The kernel's tables; None where a node compares otherwise, or leaves have unlike votes."""
    import numpy as np

    inner = trees.mode != LEAF
    known = np.isin(trees.mode, (LEAF, LESS, EQUAL)).all()
    equal = trees.mode == EQUAL
    leaves = np.flatnonzero(~inner)
    order = np.argsort(trees.vote_node, kind="stable")
    width, rest = divmod(len(order), len(leaves))
    if (
        not known
        or rest
        or np.isnan(trees.value[inner]).any()
        or np.isinf(trees.value[equal]).any()
    ):
        return None
    targets = trees.vote_target[order].reshape(-1, width)
    same = (trees.vote_node[order].reshape(-1, width) == leaves[:, None]).all()
    if not same or (targets != targets[:, :1] + np.arange(width)).any():
        return None
    first = targets[np.searchsorted(leaves, trees.start), 0]
    if (targets[:, 0] != first[trees.tree[leaves]]).any():
        return None
    nodes = _nodes(trees, leaves, equal, width)
    owner = np.concatenate([trees.tree, trees.tree[equal]])
    return {
        "nodes": nodes,
        "roots": trees.start.astype(np.int32),
        "depths": _depths(nodes, trees.start, owner),
        "first": first.astype(np.int32),
        "votes": trees.vote[order].reshape(-1, width),
        "base": trees.base,
    }


def _nodes(trees: _Ensemble, leaves: Array, equal: Array, width: int) -> Array:
    """``[nodes, 4]``: the bits of value and column, and both children."""
    import numpy as np

    nodes = np.empty((len(trees.mode), 4), np.int32)
    nodes[:, VALUE] = trees.value.view(np.int32)
    # who is below the value goes to the first child
    nodes[:, COLUMN] = _column(trees.column, ~trees.missing_true)
    nodes[:, FIRST], nodes[:, SECOND] = trees.true, trees.false
    nodes[leaves, VALUE] = np.float32(np.nan).view(np.int32)
    nodes[leaves, COLUMN] = 0
    nodes[leaves, FIRST], nodes[leaves, SECOND] = leaves, np.arange(len(leaves)) * width
    return np.concatenate([nodes, _above(trees, nodes, np.flatnonzero(equal))])


def _above(trees: _Ensemble, nodes: Array, equal: Array) -> Array:
    """Make each ``x == c`` two nodes: below c, it is not; else below the next number, it is. Those
    for the second question come after ``nodes``."""
    import numpy as np

    more = np.empty((len(equal), 4), np.int32)
    value = trees.value[equal]
    more[:, VALUE] = np.nextafter(value, np.float32(np.inf)).view(np.int32)
    more[:, COLUMN] = trees.column[equal]
    more[:, FIRST], more[:, SECOND] = trees.true[equal], trees.false[equal]
    nodes[equal, COLUMN] = _column(trees.column[equal], trees.missing_true[equal])
    nodes[equal, FIRST] = trees.false[equal]
    nodes[equal, SECOND] = len(nodes) + np.arange(len(equal))
    return more


def _column(column: Array, missing_second: Array) -> Array:
    import numpy as np

    bits: Array = (column.astype(np.uint32) | missing_second * np.uint32(MISSING)).view(np.int32)
    return bits


def _depths(nodes: Array, roots: Array, owner: Array) -> Array:
    """The most steps from each root to a leaf; ``owner`` is the tree of each node."""
    import numpy as np

    depths = np.zeros(len(roots), np.int32)
    at = roots.astype(np.int64)
    while len(at := at[nodes[at, FIRST] != at]):
        depths[np.unique(owner[at])] += 1
        at = np.unique(nodes[at][:, [FIRST, SECOND]]).astype(np.int64)
    return depths
