"""Write the binary model that XGBoost 1.3.3 reads, from any newer XGBoost's JSON or UBJSON.

XGBoost itself writes it no more since 3.1. Trees are written as whole arrays. What 1.3.3 has no
words for is refused by name; what it has other words for is rewritten, and the rewrite is named:

- a base score for each class (3.1 and later) goes into the leaves of one tree of the class, and
  the one base score becomes 0;
- feature names and types, which the format has no place for, are left out.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from neopack.errors import Malformed, SourceError
from neopack.formats.ubjson import Packed
from neopack.frameworks.xgboost import binary
from neopack.frameworks.xgboost.document import Learner
from neopack.frameworks.xgboost.lowering.objectives import (
    CLASSES,
    LINKED,
    OBJECTIVES,
    inexpressible,
)
from neopack.frameworks.xgboost.rounds import BEST_LIMIT, best_iteration
from neopack.values.artifact import Array
from neopack.values.json import Json

__all__ = ["LoweredBooster", "lower"]

VERSION = (1, 3)
HIGH_BIT = 1 << 31
LEAF = -1
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
    parts = [binary.MAGIC, _learner(model, base), _text(model.objective), _text(model.booster)]
    parts += _linear(model) if model.booster == "gblinear" else _gbtree(model, offsets)
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
        yield "the base score of each class went into the leaves of one of its trees"
    if model.feature_names or model.feature_types:
        yield "feature names and types were left out: the binary format has no place for them"


# --- the base score -------------------------------------------------------------------------


def _base_scores(model: Learner, where: str) -> tuple[float, list[float]]:
    """(base score, what each class's margin lacks then). 1.3.3 has one base score for all."""
    scores, groups = model.base_scores, model.groups
    if len(scores) == 1 or model.booster == "gblinear":
        # xgboost 3.2.0 adds the first class's base score to every class of a linear model
        return scores[0], [0.0] * groups
    if len(scores) != groups:
        raise SourceError(f"has {len(scores)} base scores for {groups} outputs", where=where)
    if model.objective in LINKED:
        raise SourceError(f"has several base scores for {model.objective}", where=where)
    if set(range(groups)) - set(model.tree_info):
        raise SourceError("a class has a base score and no tree to carry it", where=where)
    return 0.0, list(scores)


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
        "objective": json.dumps(_objective(model), separators=(",", ":")),
    }
    pairs = [_text(key) + _text(value) for key, value in sorted(stated.items())]
    return binary.COUNT.pack(len(pairs)) + b"".join(pairs)


def _parallel(model: Learner) -> int:
    """How many trees a round grows for each class."""
    return len(model.trees) // (model.rounds * model.groups) if model.rounds else 1


def _objective(model: Learner) -> Json:
    """Only the parameters that 1.3.3 knows: it refuses to read others."""
    key, defaults = OBJECTIVES[model.objective]
    if not key:
        return {"name": model.objective}
    values = model.objective_parameters.get(key, {})
    parameters = {name: values.get(name, value) for name, value in defaults.items()}
    if model.objective in CLASSES:
        parameters["num_class"] = str(model.num_class)
    return {"name": model.objective, key: parameters}


def _linear(model: Learner) -> list[bytes]:
    weights = numbers(model.weights, "<f4")
    return [
        binary.GBLINEAR_PARAM.pack(0, 0),
        binary.COUNT.pack(len(weights)),
        weights.tobytes(),
    ]


def _gbtree(model: Learner, offsets: Sequence[float]) -> list[bytes]:
    parts = [binary.GBTREE_PARAM.pack(len(model.trees), 1, 0, 0, 0, 0, 0)]
    drop = numbers(model.weight_drop, "<f4")
    parts += _trees(model, dict(_carriers(model, offsets, drop)))
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
        if not offset:
            continue
        trees = [i for i, of in enumerate(model.tree_info) if of == group]
        if not len(drop):
            yield trees[0], offset
            continue
        heaviest = max(trees, key=lambda index: abs(drop[index]))
        if drop[heaviest] == 0.0:
            raise SourceError(f"class {group} has a base score and only trees that DART dropped")
        yield heaviest, offset / float(drop[heaviest])


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
    marked = np.where(parents == HIGH_BIT - 1, ROOT, parents).astype(np.uint32)
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
    return np.array(values, np.float64 if "f" in dtype else np.int64).astype(dtype)


def _text(text: str) -> bytes:
    data = text.encode()
    return binary.COUNT.pack(len(data)) + data
