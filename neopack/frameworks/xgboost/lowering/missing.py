"""A number that stands for a missing value, written into the trees.

A wrapper has ``missing=-999``, or 0, and gives XGBoost rows without these numbers. No model file
holds that: the archive's model gets -999 as a number. So each split that would send it elsewhere
than a missing value becomes three: is the row's value below, at or above it? Where the answer
does not matter any more, splits stay as they are. NaN is missing as before.

The subtrees on both sides of such a split are needed twice. What is known of a column on the way
down keeps that in bounds: only the first split on a column asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from neopack.errors import Malformed, SourceError
from neopack.frameworks.xgboost.document import Learner, Tree
from neopack.frameworks.xgboost.lowering.lower import HIGH_BIT, LEAF, numbers

__all__ = ["with_missing"]

# of all trees together
MOST_NODES = 2_000_000
# what is known of a column: it is not the number (but may be NaN), or it is
OTHER, MISSING = "other", "missing"
ARRAYS: Mapping[str, str] = {
    "left": "<i4", "right": "<i4", "split_index": "<u4", "split_condition": "<f4",
    "default_left": "u1", "base_weight": "<f4", "loss_change": "<f4", "sum_hessian": "<f4",
}  # fmt: skip
Known = Mapping[int, str]


def with_missing(model: Learner, missing: float, where: str) -> Learner:
    """``model``, for which ``missing`` is a missing value, as one for which only NaN is. Raises
    ``SourceError`` where that cannot be written."""
    import numpy as np

    value = float(np.float32(missing))
    if np.isnan(value) or (value == 0 and model.booster == "gblinear"):
        # a column of 0 adds nothing to a linear model, as a missing one
        return model
    if model.booster == "gblinear" or not np.isfinite(value):
        what = "a linear model" if model.booster == "gblinear" else "trees"
        raise _refused(f"{what} cannot take {missing:g} for a missing value", where)
    trees, room = [], MOST_NODES
    for tree in model.trees:
        rewritten = _Rewriting(tree, value, room).tree()
        if rewritten is None:
            raise _refused(
                f"taking {missing:g} for a missing value needs more than {MOST_NODES} nodes", where
            )
        room -= rewritten.nodes
        trees.append(rewritten)
    return replace(model, trees=tuple(trees))


def _refused(what: str, where: str) -> SourceError:
    return SourceError(
        what,
        where=where,
        hint="send NaN for a missing value, and say so with --missing nan",
    )


@dataclass(frozen=True, slots=True)
class _Branch:
    """A subtree of the old tree, and the index of the new node that becomes its root."""

    old: int
    known: Known
    new: int


@dataclass(slots=True)
class _Rewriting:
    """One tree, written again node by node, about ``room`` of them at most."""

    old: Tree
    value: float
    room: int
    arrays: dict[str, Any] = field(init=False)
    written: dict[str, list[Any]] = field(init=False)
    parents: list[int] = field(init=False, default_factory=lambda: [HIGH_BIT - 1])
    branches: list[_Branch] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.arrays = {
            name: numbers(getattr(self.old, name), dtype).tolist()
            for name, dtype in ARRAYS.items()
        }
        self.written = {name: [0] for name in ARRAYS}
        self._refuse_damage()

    def _refuse_damage(self) -> None:
        """A walk over all nodes, which ends in a tree."""
        branches, nodes = [0], 0
        while branches:
            old, nodes = branches.pop(), nodes + 1
            if not 0 <= old < self.old.nodes:
                raise Malformed("a node's child is not in its tree")
            if nodes > self.old.nodes:
                raise Malformed("the nodes of a tree go round in a circle")
            if not self._is_leaf(old):
                branches += (self.arrays["left"][old], self.arrays["right"][old])

    def tree(self) -> Tree | None:
        """None where there is no room for it."""
        self.branches.append(_Branch(0, {}, 0))
        while self.branches:
            if len(self.parents) > self.room:
                return None
            self._write(self.branches.pop())
        arrays: dict[str, Any] = {**self.written, "parent": self.parents}
        return replace(self.old, nodes=len(self.parents), **arrays)

    def _write(self, branch: _Branch) -> None:
        old = self._settled(branch)
        self._fill(branch.new, old)
        if not self._is_leaf(old):
            self._split(replace(branch, old=old))

    def _settled(self, branch: _Branch) -> int:
        """Past the splits on a column that is known to be missing."""
        old = branch.old
        while not self._is_leaf(old) and branch.known.get(self._column(old)) == MISSING:
            old = self._child(old, default=True)
        return old

    def _split(self, branch: _Branch) -> None:
        """The children of a split whose column may hold the number."""
        old, column = branch.old, self._column(branch.old)
        default_left = bool(self.arrays["default_left"][old])
        number_left = self.value < self.arrays["split_condition"][old]
        other = {**branch.known, column: OTHER}
        missing, own = self._child(old, default=True), self._child(old, default=False)
        left, right = self._pair(branch.new)
        default, opposite = (left, right) if default_left else (right, left)
        if column in branch.known or number_left == default_left:
            self._later(missing, branch.known, default)
            self._later(own, other, opposite)
            return
        self._later(missing, other, default)
        self._fill(opposite, old, self.value)
        below, at_least = self._pair(opposite)
        self._fill(at_least, old, _above(self.value))
        at, above = self._pair(at_least)
        self._later(own, other, below)
        self._later(missing, {**branch.known, column: MISSING}, at)
        self._later(own, other, above)

    def _later(self, old: int, known: Known, new: int) -> None:
        self.branches.append(_Branch(old, known, new))

    def _pair(self, parent: int) -> tuple[int, int]:
        """Two new nodes, side by side: today's XGBoost finds the right child beside the left."""
        left = len(self.parents)
        for values in self.written.values():
            values += [0, 0]
        self.parents += [parent, parent]
        self.written["left"][parent], self.written["right"][parent] = left, left + 1
        return left, left + 1

    def _fill(self, new: int, old: int, threshold: float | None = None) -> None:
        """Make the new node what ``old`` is, or a split at another threshold."""
        for name, values in self.written.items():
            values[new] = self.arrays[name][old]
        if threshold is not None:
            self.written["split_condition"][new] = threshold

    def _is_leaf(self, old: int) -> bool:
        return bool(self.arrays["left"][old] == LEAF)

    def _column(self, old: int) -> int:
        return int(self.arrays["split_index"][old])

    def _child(self, old: int, *, default: bool) -> int:
        left = bool(self.arrays["default_left"][old]) == default
        return int(self.arrays["left" if left else "right"][old])


def _above(value: float) -> float:
    """The next number of float32, past those so near to 0 that some processors take them for 0."""
    import numpy as np

    above = float(np.nextafter(np.float32(value), np.float32(np.inf)))
    smallest = float(np.finfo(np.float32).tiny)
    return smallest if 0 <= value < smallest else above
