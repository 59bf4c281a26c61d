"""The binary model format of XGBoost, from 0.4 to 3.0: its layout, read.

Little-endian: ``binf``, which may be missing before 1.0; a learner of 136 bytes; objective and
booster as counted strings; the booster; counted attributes, of which ``objective`` is the
objective's own configuration as JSON, since 1.0 (dmlc/xgboost v0.60, v0.90, v1.3.3 and v2.1.4:
src/learner.cc, src/gbm/gbtree_model.h, include/xgboost/tree_model.h). A tree is 148 bytes of
parameters, then 20 bytes for each node, then 16 of statistics for each.

Neo reads it with XGBoost 1.3.3. XGBoost dropped the format in 3.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource, Cursor

__all__ = [
    "BOOSTERS",
    "GBLINEAR_PARAM",
    "GBTREE_PARAM",
    "LEARNER",
    "MAGIC",
    "NODE",
    "STAT",
    "TREE_PARAM",
    "BinaryModel",
    "TreePlace",
    "looks_binary",
    "read_binary",
]

MAGIC = b"binf"
# base_score, num_feature, num_class, has attributes, has metrics, major, minor, 27 reserved
LEARNER = struct.Struct("<fIiiiII108x")
# num_trees, num_roots, num_feature, padding, num_pbuffer, output groups, leaf vector, reserved
GBTREE_PARAM = struct.Struct("<iiiiqii128x")
# num_roots, num_nodes, num_deleted, max_depth, num_feature, leaf vector, 31 reserved
TREE_PARAM = struct.Struct("<iiiiii124x")
GBLINEAR_PARAM = struct.Struct("<Ii128x")
NODE, STAT = 20, 16
COUNT = struct.Struct("<Q")
BOOSTERS = ("gbtree", "dart", "gblinear")
LONGEST_NAME = 64
# the first version that writes itself into the file; before, both numbers are 0
FIRST_STATED = (1, 0)
# since this version a leaf of one number counts as a vector of one
LEAF_VECTORS = (2, 0)
POISSON = "count:poisson"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreePlace:
    """Where a tree's nodes begin, and how many there are; its statistics follow them."""

    offset: int
    nodes: int
    deleted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryModel:
    """All but the nodes, which stay in the file."""

    objective: str
    booster: str
    base_score: float
    num_feature: int
    num_class: int
    version: tuple[int, int]
    trees: tuple[TreePlace, ...] = ()
    tree_info: tuple[int, ...] = ()
    weight_drop: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()


def looks_binary(source: ByteSource) -> bool:
    """By a learner's parameters followed by the names of an objective and a booster."""
    head = source.read(0, len(MAGIC) + LEARNER.size + 2 * (COUNT.size + LONGEST_NAME))
    at = len(MAGIC) if head.startswith(MAGIC) else 0
    names = _peek_names(head[at + LEARNER.size :])
    return len(names) == 2 and names[1] in BOOSTERS


def _peek_names(data: bytes) -> list[str]:
    names: list[str] = []
    while len(names) < 2 and len(data) >= COUNT.size:
        (length,) = COUNT.unpack_from(data)
        text = data[COUNT.size : COUNT.size + length]
        if not 0 < length <= LONGEST_NAME or len(text) < length or not text.isascii():
            break
        names.append(text.decode())
        data = data[COUNT.size + length :]
    return names


def read_binary(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> BinaryModel:
    """The model's layout, checked to its end. Raises ``Malformed`` with the offset."""
    cursor = Cursor(source)
    if source.read(0, len(MAGIC)) == MAGIC:
        cursor.skip(len(MAGIC))
    base_score, features, classes, attributes, metrics, major, minor = LEARNER.unpack(
        cursor.take(LEARNER.size)
    )
    objective, booster = _text(cursor, limits), _text(cursor, limits)
    if booster not in BOOSTERS:
        raise _broken(cursor, f"{booster!r} is not a booster of XGBoost")
    version = (major, minor)
    linear = booster == "gblinear"
    body = _linear(cursor, limits) if linear else _trees(cursor, booster, version, limits)
    pairs = list(_attributes(cursor, limits)) if attributes else []
    return BinaryModel(
        objective=objective,
        booster=booster,
        base_score=base_score,
        num_feature=features,
        num_class=classes,
        version=version,
        trees=body.trees,
        tree_info=body.tree_info,
        weight_drop=body.weight_drop,
        weights=body.weights,
        attributes=dict(pairs),
        metrics=_metrics(cursor, objective, version, limits) if metrics else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    trees: tuple[TreePlace, ...] = ()
    tree_info: tuple[int, ...] = ()
    weight_drop: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()


def _linear(cursor: Cursor, limits: Limits) -> _Body:
    cursor.skip(GBLINEAR_PARAM.size)
    return _Body(weights=_floats(cursor, limits))


def _trees(cursor: Cursor, booster: str, version: tuple[int, int], limits: Limits) -> _Body:
    count = GBTREE_PARAM.unpack(cursor.take(GBTREE_PARAM.size))[0]
    if not 0 <= count <= cursor.left // (TREE_PARAM.size + NODE + STAT):
        raise _broken(cursor, f"{count} trees do not fit into what is left")
    limits.hold("records", count, where=cursor.name)
    trees = tuple(_tree(cursor, version) for _ in range(count))
    info = struct.unpack(f"<{count}i", cursor.take(4 * count))
    drop = _floats(cursor, limits) if booster == "dart" and count else ()
    return _Body(trees=trees, tree_info=info, weight_drop=drop)


def _tree(cursor: Cursor, version: tuple[int, int]) -> TreePlace:
    _, nodes, deleted, _, _, vector = TREE_PARAM.unpack(cursor.take(TREE_PARAM.size))
    if nodes < 1 or vector not in ((0, 1) if version >= LEAF_VECTORS else (0,)):
        raise _broken(cursor, f"a tree of {nodes} nodes with leaf vectors of {vector}")
    place = TreePlace(offset=cursor.position, nodes=nodes, deleted=deleted)
    cursor.skip(nodes * (NODE + STAT))
    return place


def _floats(cursor: Cursor, limits: Limits) -> tuple[float, ...]:
    count = _count(cursor)
    limits.hold("record_bytes", 4 * count, where=cursor.name)
    return struct.unpack(f"<{count}f", cursor.take(4 * count))


def _attributes(cursor: Cursor, limits: Limits) -> Iterator[tuple[str, str]]:
    for _ in range(_bounded(cursor, 2 * COUNT.size)):
        yield _text(cursor, limits), _text(cursor, limits)


def _metrics(
    cursor: Cursor, objective: str, version: tuple[int, int], limits: Limits
) -> tuple[str, ...]:
    """The names of metrics after the attributes, which they are one of since 1.0. Poisson's
    ``max_delta_step`` comes between, which the attributes have too."""
    if version >= FIRST_STATED:
        return ()
    if objective == POISSON:
        _text(cursor, limits)
    return tuple(_texts(cursor, limits))


def _texts(cursor: Cursor, limits: Limits) -> Iterator[str]:
    for _ in range(_bounded(cursor, COUNT.size)):
        yield _text(cursor, limits)


def _bounded(cursor: Cursor, least: int) -> int:
    count = _count(cursor)
    if count > cursor.left // least:
        raise _broken(cursor, f"{count} items do not fit into what is left")
    return count


def _text(cursor: Cursor, limits: Limits) -> str:
    length = _count(cursor)
    limits.hold("record_bytes", min(length, cursor.left + 1), where=cursor.name)
    return cursor.take(length).decode("utf-8", "replace")


def _count(cursor: Cursor) -> int:
    count: int = COUNT.unpack(cursor.take(COUNT.size))[0]
    return count


def _broken(cursor: Cursor, what: str) -> Malformed:
    return Malformed(f"not an XGBoost model: {what}", offset=cursor.position, where=cursor.name)
