"""An XGBoost model as its JSON and UBJSON have it (doc/model.schema of dmlc/xgboost, 1.0 to 3.2).

Both are one document in two encodings; ``Learner`` is what of it a model needs, arrays as they
came. Every field is looked up with its path, so that a damaged model says where.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.json_text import read_json
from neopack.formats.source import ByteSource
from neopack.formats.ubjson import Packed, read_ubjson
from neopack.frameworks.xgboost.rounds import rounds
from neopack.values.json import AnyJson, Json

__all__ = ["CategorySets", "Learner", "Numbers", "Tree", "encoding", "learner", "load"]

Numbers: TypeAlias = Packed | Sequence[Any]
HEAD = 4096
WHITE = b" \t\r\n"

# of a 64-bit number in digits
LONGEST_NUMBER = 20
# what arrays have; older versions write booleans for the way of missing values
WHOLE = frozenset({int, bool})
REAL = WHOLE | {float}


@dataclass(frozen=True, slots=True, kw_only=True)
class CategorySets:
    """The sets of categories that go right: ``nodes`` split by them, each by ``sizes`` of
    ``categories`` from ``starts`` on. ``marks`` has a number for each node of the tree, which is
    not 0 where it splits by categories."""

    marks: Numbers
    nodes: Numbers
    starts: Numbers
    sizes: Numbers
    categories: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """One tree, an array a field, an element a node; a left child of -1 is a leaf, whose value
    is its split condition.

    A leaf that is a vector has its numbers in ``leaf_weights``, at the place that its right child
    says (3.1 and later), or else in ``base_weight``, which has a vector for every node (2.0).
    ``sets`` are of the nodes that split by categories."""

    nodes: int
    left: Numbers
    right: Numbers
    parent: Numbers
    split_index: Numbers
    split_condition: Numbers
    default_left: Numbers
    base_weight: Numbers
    loss_change: Numbers
    sum_hessian: Numbers
    categorical: bool
    sets: CategorySets | None = None
    leaf_weights: Numbers = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """``base_scores`` are as the document has them, before any link; one, or one a class.
    ``parallel`` is how many trees grow at once for each class, 0 where it is not said;
    ``starts`` the first tree of each round and the end, since 2.0. ``estimates`` says that
    training was to estimate the base score, which is what XGBoost does unless told one;
    ``linear_rounds`` how many rounds a linear model was trained."""

    version: tuple[int, ...]
    booster: str
    objective: str
    objective_parameters: Mapping[str, AnyJson]
    num_feature: int
    num_class: int
    num_target: int
    base_scores: tuple[float, ...]
    leaf_vector: int = 0
    trees: tuple[Tree, ...] = ()
    tree_info: tuple[int, ...] = ()
    weight_drop: Numbers = ()
    weights: Numbers = ()
    parallel: int = 0
    starts: tuple[int, ...] = ()
    estimates: bool = True
    linear_rounds: int = 0
    attributes: Mapping[str, str] = field(default_factory=dict)
    feature_names: tuple[str, ...] = ()
    feature_types: tuple[str, ...] = ()

    @property
    def groups(self) -> int:
        """How many trees one round has, and how many outputs a row."""
        return max(1, self.num_class, self.num_target)

    @property
    def fitted(self) -> bool:
        """Whether XGBoost takes the model for a trained one."""
        return bool(self.trees) or self.linear_rounds > 0

    @property
    def rounds(self) -> int:
        return rounds(self.attributes, len(self.trees), self.groups, self.parallel, self.starts)


def encoding(source: ByteSource) -> str | None:
    """``json`` or ``ubj`` where these bytes begin an XGBoost document, else None."""
    head = source.read(0, HEAD)
    if not head.lstrip(WHITE).startswith(b"{"):
        return None
    if b'"learner"' in head and head.lstrip(WHITE)[1:].lstrip(WHITE)[:1] == b'"':
        return "json"
    return "ubj" if head[1:2] in b"iUIlL" and b"learner" in head[:64] else None


def load(source: ByteSource, form: str, limits: Limits = DEFAULT_LIMITS) -> Learner:
    """The document in ``source``. Raises ``Malformed`` for bad bytes and for missing fields."""
    if form == "ubj":
        return learner(read_ubjson(source, limits), source.name)
    limits.hold("document_bytes", source.size, where=source.name)
    document = read_json(source.read(0, source.size), source.name, limits)
    return learner(document, source.name)


def learner(document: Json, where: str) -> Learner:
    at = _At(document, where, "")
    inner, version = at.into("learner"), at.get("version", [0])
    booster = inner.into("gradient_booster")
    parameters, objective = inner.into("learner_model_param"), inner.into("objective")
    name = booster.text("name")
    body = booster.into("gbtree") if name == "dart" else booster
    model = body.into("model")
    return Learner(
        version=_version(_listed(version), where),
        booster=name,
        objective=objective.text("name"),
        objective_parameters={k: v for k, v in objective.value.items() if k != "name"},
        num_feature=parameters.integer("num_feature"),
        num_class=parameters.integer("num_class"),
        num_target=parameters.integer("num_target", 1),
        base_scores=_scores(parameters.text("base_score"), where),
        estimates=parameters.integer("boost_from_average", 1) != 0,
        attributes=inner.texts("attributes"),
        feature_names=inner.names("feature_names"),
        feature_types=inner.names("feature_types"),
        **_booster(model, booster, name),
    )


def _booster(model: _At, booster: _At, name: str) -> dict[str, Any]:
    if name == "gblinear":
        rounds = model.integer("boosted_rounds", 0)
        return {"weights": model.numbers("weights"), "linear_rounds": rounds}
    trees = model.get("trees", None)
    if not isinstance(trees, list):
        raise model.missing("trees")
    read = tuple(
        _tree(_At(tree, model.where, f"{model.path}.trees[{i}]")) for i, tree in enumerate(trees)
    )
    info = model.integers("tree_info")
    drop = booster.numbers("weight_drop") if name == "dart" else ()
    counts = {"tree_info for": len(info), "num_trees": _parameter(model, "num_trees", len(read))}
    if name == "dart":
        counts["weight_drop for"] = _length(drop)
    for words, count in counts.items():
        if count != len(read):
            raise Malformed(f"{len(read)} trees and {words} {count}", where=model.where)
    return {
        "trees": tuple(tree for tree, _ in read),
        "tree_info": info,
        "leaf_vector": max((vector for _, vector in read), default=0),
        "weight_drop": drop,
        "parallel": _parameter(model, "num_parallel_tree", 0),
        "starts": _starts(model, len(read)),
    }


def _parameter(model: _At, name: str, default: int) -> int:
    """Return a parameter of the trees, or ``default`` where the document lacks it."""
    if "gbtree_model_param" not in model.value:
        return default
    return model.into("gbtree_model_param").integer(name, default)


def _starts(model: _At, trees: int) -> tuple[int, ...]:
    """``iteration_indptr``: ever larger, from 0 to the number of trees."""
    if "iteration_indptr" not in model.value:
        return ()
    starts = model.integers("iteration_indptr")
    if not starts or starts[0] != 0 or starts[-1] != trees or list(starts) != sorted(starts):
        raise Malformed(f"{model.path}.iteration_indptr is of other trees", where=model.where)
    return starts


def _tree(at: _At) -> tuple[Tree, int]:
    parameters = at.into("tree_param")
    left, default = at.whole("left_children"), at.flags("default_left")
    marks = at.flags("split_type") if "split_type" in at.value else ()
    categorical = _any(marks)
    tree = Tree(
        nodes=parameters.integer("num_nodes"),
        left=left,
        right=at.whole("right_children"),
        parent=at.whole("parents"),
        split_index=at.whole("split_indices"),
        split_condition=at.numbers("split_conditions"),
        default_left=default,
        base_weight=at.numbers("base_weights"),
        loss_change=at.numbers("loss_changes"),
        sum_hessian=at.numbers("sum_hessian"),
        categorical=categorical,
        sets=_sets(at) if categorical else None,
        leaf_weights=at.numbers("leaf_weights") if "leaf_weights" in at.value else (),
    )
    vector = parameters.integer("size_leaf_vector", 0)
    _refuse_lengths(tree, at, vector, marks)
    return tree, vector


def _sets(at: _At) -> CategorySets:
    return CategorySets(
        marks=at.whole("split_type"),
        nodes=at.whole("categories_nodes"),
        starts=at.whole("categories_segments"),
        sizes=at.whole("categories_sizes"),
        categories=at.whole("categories"),
    )


def _refuse_lengths(tree: Tree, at: _At, vector: int, marks: Numbers) -> None:
    arrays = [tree.left, tree.right, tree.parent, tree.split_index, tree.default_left]
    if _length(marks):
        arrays.append(marks)
    if vector <= 1:
        arrays += [tree.split_condition, tree.base_weight, tree.loss_change, tree.sum_hessian]
    for array in arrays:
        if _length(array) != tree.nodes:
            raise Malformed(
                f"{at.path} has {tree.nodes} nodes and an array of {_length(array)}",
                where=at.where,
            )


@dataclass(frozen=True, slots=True)
class _At:
    """A place in the document, with its path for messages."""

    value: Any
    where: str
    path: str

    def __post_init__(self) -> None:
        if not isinstance(self.value, dict):
            raise Malformed(f"{self.path or 'the document'} is not an object", where=self.where)

    def get(self, name: str, default: Any) -> Any:
        return self.value.get(name, default)

    def into(self, name: str) -> _At:
        if name not in self.value:
            raise self.missing(name)
        return _At(self.value[name], self.where, f"{self.path}.{name}".lstrip("."))

    def text(self, name: str) -> str:
        if name not in self.value:
            raise self.missing(name)
        return str(self.value[name])

    def integer(self, name: str, default: int | None = None) -> int:
        if name not in self.value and default is not None:
            return default
        text = self.text(name)
        if not text.lstrip("-").isdecimal() or len(text) > LONGEST_NUMBER:
            raise Malformed(f"{self.path}.{name} is {text!r:.40}", where=self.where)
        return int(text)

    def numbers(self, name: str) -> Numbers:
        return self._array(name, REAL, "numbers")

    def whole(self, name: str) -> Numbers:
        return self._array(name, WHOLE, "integers")

    def flags(self, name: str) -> Numbers:
        """Of 0 and 1."""
        value = self.whole(name)
        if not set(_listed(value)) <= {0, 1}:
            raise Malformed(f"{self.path}.{name} is not of 0 and 1", where=self.where)
        return value

    def integers(self, name: str) -> tuple[int, ...]:
        return tuple(map(int, _listed(self.whole(name))))

    def _array(self, name: str, kinds: frozenset[type], words: str) -> Numbers:
        value = self.value.get(name)
        if not isinstance(value, Packed | list):
            raise self.missing(name)
        if not _kinds(value) <= kinds:
            raise Malformed(f"{self.path}.{name} is not {words}", where=self.where)
        return value

    def texts(self, name: str) -> Mapping[str, str]:
        value = self.value.get(name, {})
        if not isinstance(value, dict):
            raise Malformed(f"{self.path}.{name} is not an object", where=self.where)
        return {key: str(text) for key, text in value.items()}

    def names(self, name: str) -> tuple[str, ...]:
        value = self.value.get(name, [])
        if not isinstance(value, list):
            raise Malformed(f"{self.path}.{name} is not a list", where=self.where)
        return tuple(map(str, value))

    def missing(self, name: str) -> Malformed:
        return Malformed(f"{self.path or 'the document'} has no {name}", where=self.where)


def _version(parts: Sequence[Any], where: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in parts)
    except (OverflowError, TypeError, ValueError):
        raise Malformed(f"version is {parts!r:.40}", where=where) from None


def _scores(text: str, where: str) -> tuple[float, ...]:
    """``5E-1``, or ``[4.8E-1]`` since 3.1."""
    try:
        scores = tuple(float(part) for part in text.strip("[]").split(","))
    except ValueError:
        scores = ()
    if not scores or not all(map(math.isfinite, scores)):
        raise Malformed(f"base_score is {text!r:.40}", where=where)
    return scores


def _listed(numbers: Numbers) -> Sequence[Any]:
    return numbers.values() if isinstance(numbers, Packed) else numbers


def _kinds(numbers: Numbers) -> set[type]:
    if isinstance(numbers, Packed):
        return {float if numbers.code in "dD" else int}
    return set(map(type, numbers))


def _length(numbers: Numbers) -> int:
    return numbers.length if isinstance(numbers, Packed) else len(numbers)


def _any(numbers: Numbers) -> bool:
    return any(numbers.data) if isinstance(numbers, Packed) else any(numbers)
