"""Write the binary model that XGBoost 1.3.3 reads, from any XGBoost's file.

XGBoost itself writes it no more since 3.1. Trees are written as whole arrays. What 1.3.3 has no
words for is refused by name; what it has other words for is rewritten, and the rewrite is named:

- a base score that 1.3.3 has no words for, one for each class (3.1 and later) or a margin that no
  float32 gives (before 1.0), goes into the leaves of one tree of the class, or into a linear
  model's biases;
- feature names and types, which the format has no place for, are left out.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from neopack.errors import Malformed, SourceError
from neopack.formats.ubjson import Packed
from neopack.frameworks.xgboost import binary
from neopack.frameworks.xgboost.document import Learner, Tree
from neopack.frameworks.xgboost.lowering.base_score import (
    EXPONENTIAL,
    LOGISTIC,
    margins,
    prediction_for,
)
from neopack.frameworks.xgboost.lowering.objectives import (
    CLASSES,
    OBJECTIVES,
    inexpressible,
)
from neopack.frameworks.xgboost.rounds import BEST_LIMIT, best_iteration
from neopack.values.artifact import Array
from neopack.values.json import Json

__all__ = [
    "HIGH_BIT",
    "LEAF",
    "NODE_TYPE",
    "ROOT",
    "STAT_TYPE",
    "VERSION",
    "LoweredBooster",
    "lower",
    "numbers",
    "objective_of",
]

VERSION = (1, 3)
HIGH_BIT = 1 << 31
LEAF = -1
LEFT_OUT = "feature names and types were left out: the binary format has no place for them"
MOST_NAMES = 20
ROOT = 0xFFFFFFFF
_NUMPY_TYPES = {
    "i": "i1", "U": "u1", "I": ">i2", "l": ">i4", "L": ">i8", "d": ">f4", "D": ">f8",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LoweredBooster:
    """The binary model, and what was rewritten to get it, in words."""

    data: bytes
    rewrites: tuple[str, ...]


def lower(model: Learner, where: str) -> LoweredBooster:
    """Raises ``SourceError`` that names what XGBoost 1.3.3 cannot express."""
    refuse_inexpressible(model, where)
    base, offsets = _base_scores(model, where)
    if any(offsets) and not model.trees and model.booster != "gblinear":
        model = _with_a_round(model)
    parts = [binary.MAGIC, _learner(model, base), _text(model.objective), _text(model.booster)]
    body = _linear if model.booster == "gblinear" else _gbtree
    parts += body(model, offsets)
    parts.append(_attributes(model))
    return LoweredBooster(data=b"".join(parts), rewrites=tuple(_rewrites(model, offsets)))


def refuse_inexpressible(model: Learner, where: str) -> None:
    problem = inexpressible(
        model.objective,
        targets=model.num_target,
        leaf_vector=model.leaf_vector,
        categorical=any(tree.categorical for tree in model.trees),
    )
    if problem:
        raise SourceError(
            f"XGBoost 1.3.3, the newest that Neo reads, has no {problem}",
            where=where,
            hint="train it without: one-hot columns, an objective of 1.3, a model a target",
        )


def _rewrites(model: Learner, offsets: Sequence[float]) -> Iterator[str]:
    if any(offsets):
        carrier = "biases" if model.booster == "gblinear" else "leaves of one of its trees"
        yield f"the base score of each class went into the {carrier}"
    if model.feature_names or model.feature_types:
        yield f"{LEFT_OUT}{_in_order(model.feature_names)}"


def _in_order(names: Sequence[str]) -> str:
    """The columns, which rows have without their names."""
    more = ", ..." if len(names) > MOST_NAMES else ""
    listed = ", ".join(names[:MOST_NAMES])
    return f"; rows have the columns in the order {listed}{more}" if names else ""


# --- the base score -------------------------------------------------------------------------

# of a model whose margins are in its leaves: the base scores whose own margin is 0
NO_MARGIN = {**dict.fromkeys(LOGISTIC, 0.5), **dict.fromkeys(EXPONENTIAL, 1.0)}


def _base_scores(model: Learner, where: str) -> tuple[float, tuple[float, ...]]:
    """(base score, what each class's margin lacks then). 1.3.3 has one base score for all."""
    wanted = margins(model)
    if len(wanted) != model.groups:
        raise SourceError(f"has {len(wanted)} base scores for {model.groups} outputs", where=where)
    common = prediction_for(model, wanted[0]) if len(set(wanted)) == 1 else None
    if common is not None:
        return common, (0.0,) * model.groups
    return NO_MARGIN.get(model.objective, 0.0), wanted


def _with_a_round(model: Learner) -> Learner:
    """``model`` of no trees, with one of one leaf for each class."""
    leaf = Tree(
        nodes=1,
        left=[LEAF],
        right=[LEAF],
        parent=[HIGH_BIT - 1],
        split_index=[0],
        split_condition=[0.0],
        default_left=[0],
        base_weight=[0.0],
        loss_change=[0.0],
        sum_hessian=[0.0],
        categorical=False,
    )
    groups = model.groups
    drop = [1.0] * groups if model.booster == "dart" else []
    return replace(model, trees=(leaf,) * groups, tree_info=tuple(range(groups)), weight_drop=drop)


# --- parts of the file ----------------------------------------------------------------------


def _learner(model: Learner, base: float) -> bytes:
    return binary.LEARNER.pack(base, model.num_feature, model.num_class, 1, 0, *VERSION)


def _attributes(model: Learner) -> bytes:
    """The user's attributes and, among them, the objective's configuration; and, as 1.3.3 counts
    up to the best round, in trees, where a round has more than one for each class."""
    best, parallel = best_iteration(model.attributes), _parallel(model)
    counted = {} if best is None or parallel < 2 else {BEST_LIMIT: str((best + 1) * parallel)}
    stated = {
        **counted,
        **model.attributes,
        "objective": json.dumps(objective_of(model), separators=(",", ":")),
    }
    pairs = [_text(key) + _text(value) for key, value in sorted(stated.items())]
    return binary.COUNT.pack(len(pairs)) + b"".join(pairs)


def _parallel(model: Learner) -> int:
    """How many trees a round grows for each class."""
    return len(model.trees) // (model.rounds * model.groups) if model.rounds else 1


def objective_of(model: Learner) -> Json:
    """Only the parameters that 1.3.3 knows: it refuses to read others."""
    key, defaults = OBJECTIVES[model.objective]
    if not key:
        return {"name": model.objective}
    stated = model.objective_parameters.get(key)
    values = stated if isinstance(stated, Mapping) else {}
    parameters = {name: values.get(name, value) for name, value in defaults.items()}
    if model.objective in CLASSES:
        parameters["num_class"] = str(model.num_class)
    return {"name": model.objective, key: parameters}


def _linear(model: Learner, offsets: Sequence[float]) -> list[bytes]:
    """The weights of each column, then the biases, one for each class."""
    import numpy as np

    weights = numbers(model.weights, "<f4")
    if any(offsets):
        if len(weights) < model.groups:
            raise Malformed(f"{len(weights)} weights for {model.groups} outputs")
        weights[-model.groups :] += np.array(offsets, np.float32)
    return [
        binary.GBLINEAR_PARAM.pack(0, 0),
        binary.COUNT.pack(len(weights)),
        weights.tobytes(),
    ]


def _gbtree(model: Learner, offsets: Sequence[float]) -> list[bytes]:
    parts = [binary.GBTREE_PARAM.pack(len(model.trees), 1, 0, 0, 0, 0, 0)]
    drop = numbers(model.weight_drop, "<f4")
    parts += _trees(model, dict(_carriers(model, offsets, drop)))
    strange = [group for group in model.tree_info if not 0 <= group < model.groups]
    if strange:
        raise Malformed(f"tree_info names class {strange[0]} of {model.groups}")
    parts.append(struct.pack(f"<{len(model.tree_info)}i", *model.tree_info))
    if model.booster == "dart" and model.trees:
        parts += [binary.COUNT.pack(len(drop)), drop.tobytes()]
    return parts


def _trees(model: Learner, carried: Mapping[int, float]) -> Iterator[bytes]:
    """Every tree's parameters, nodes and statistics; all nodes are made as one array."""
    if not model.trees:
        return
    starts = [0, *accumulate(tree.nodes for tree in model.trees)]
    nodes, deleted = _nodes(model, starts)
    for index, offset in carried.items():
        own = nodes[starts[index] : starts[index + 1]]
        own["value"][own["left"] == LEAF] += offset
    node_bytes, stat_bytes = nodes.tobytes(), _stats(model).tobytes()
    for index, tree in enumerate(model.trees):
        first, end = starts[index], starts[index + 1]
        gone = int(deleted[first:end].sum())
        yield binary.TREE_PARAM.pack(1, tree.nodes, gone, 0, model.num_feature, 0)
        yield node_bytes[first * binary.NODE : end * binary.NODE]
        yield stat_bytes[first * binary.STAT : end * binary.STAT]


def _carriers(
    model: Learner, offsets: Sequence[float], drop: Array
) -> Iterator[tuple[int, float]]:
    """(tree, what to add to its leaves): the first tree of each class, or with DART, which
    weighs trees, the one that weighs most."""
    for group, offset in enumerate(offsets):
        if offset:
            heaviest = _heaviest(model, group, drop)
            yield heaviest, offset / (float(drop[heaviest]) if len(drop) else 1.0)


def _heaviest(model: Learner, group: int, drop: Array) -> int:
    trees = [index for index, of in enumerate(model.tree_info) if of == group]
    if not trees:
        raise SourceError(f"class {group} has a base score and no tree to carry it")
    heaviest = max(trees, key=lambda index: abs(drop[index])) if len(drop) else trees[0]
    if len(drop) and drop[heaviest] == 0.0:
        raise SourceError(f"class {group} has a base score and only trees that DART dropped")
    return heaviest


def _nodes(model: Learner, starts: Sequence[int]) -> tuple[Array, Array]:
    """(nodes of all trees, which of them were deleted by pruning)."""
    import numpy as np

    nodes = np.zeros(starts[-1], NODE_TYPE)
    sizes = [tree.nodes for tree in model.trees]
    left = nodes["left"] = _of_all(model, "left", "<i4")
    right = nodes["right"] = _of_all(model, "right", "<i4")
    most = np.repeat(sizes, sizes)
    if ((left < LEAF) | (left >= most) | (right < LEAF) | (right >= most)).any():
        raise Malformed("a node's child is not in its tree")
    nodes["value"] = _of_all(model, "split_condition", "<f4")
    internal = left != LEAF
    split = _of_all(model, "split_index", "<u4") & (HIGH_BIT - 1)
    default_left = _of_all(model, "default_left", "u1").astype(np.uint32)
    nodes["split"] = np.where(internal, split | default_left << 31, split)
    deleted = (split == HIGH_BIT - 1) & ~internal
    nodes["split"][deleted] = ROOT
    nodes["parent"] = _parents(model, left, internal, np.repeat(starts[:-1], sizes))
    return nodes, deleted


def _parents(model: Learner, left: Array, internal: Array, first: Array) -> Array:
    """A node's parent, with the top bit set where it is the left child; all ones for a root."""
    import numpy as np

    parents = _of_all(model, "parent", "<i4")
    marked = np.where(parents == HIGH_BIT - 1, np.uint32(ROOT), parents.astype(np.uint32))
    marked[(left + first)[internal]] |= np.uint32(HIGH_BIT)
    return marked


def _stats(model: Learner) -> Array:
    import numpy as np

    base_weight = _of_all(model, "base_weight", "<f4")
    stats = np.zeros(len(base_weight), STAT_TYPE)
    stats["loss_chg"] = _of_all(model, "loss_change", "<f4")
    stats["sum_hess"] = _of_all(model, "sum_hessian", "<f4")
    stats["base_weight"] = base_weight
    return stats


def _of_all(model: Learner, field: str, dtype: str) -> Array:
    """One field of all trees, one after the other."""
    import numpy as np

    arrays = [getattr(tree, field) for tree in model.trees]
    codes = {array.code if isinstance(array, Packed) else "" for array in arrays}
    if codes <= set(_NUMPY_TYPES) and len(codes) == 1:
        joined = b"".join(array.data for array in arrays)
        return np.frombuffer(joined, _NUMPY_TYPES[codes.pop()]).astype(dtype)
    return np.concatenate([numbers(array, dtype) for array in arrays])


NODE_TYPE = [
    ("parent", "<u4"), ("left", "<i4"), ("right", "<i4"), ("split", "<u4"), ("value", "<f4"),
]  # fmt: skip
STAT_TYPE = [("loss_chg", "<f4"), ("sum_hess", "<f4"), ("base_weight", "<f4"), ("leaves", "<i4")]


def numbers(values: Packed | Sequence[Any], dtype: str) -> Array:
    """A document's array as numpy's, from bytes where it is packed."""
    import numpy as np

    if isinstance(values, Packed):
        return np.frombuffer(values.data, _NUMPY_TYPES[values.code]).astype(dtype)
    try:
        return np.array(values, np.float64 if "f" in dtype else np.int64).astype(dtype)
    except (OverflowError, TypeError, ValueError):
        raise Malformed("an array holds something other than its numbers") from None


def _text(text: str) -> bytes:
    data = text.encode()
    return binary.COUNT.pack(len(data)) + data
