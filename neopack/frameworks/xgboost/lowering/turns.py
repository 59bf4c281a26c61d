"""The trees of several classes, in turns.

A model of XGBoost says of each tree which class it adds to. Where a round grows several trees for
each class (``num_parallel_tree``), those of a class come together. Treelite 1.1.0, with which
Neo's public loader compiles, takes tree ``i`` for class ``i`` modulo their number instead
(src/frontend/xgboost.cc), and computes other numbers without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from neopack.errors import SourceError
from neopack.frameworks.xgboost.document import Learner
from neopack.frameworks.xgboost.lowering.lower import numbers

__all__ = ["are_in_turns", "in_turns"]


def are_in_turns(tree_info: Sequence[int], groups: int) -> bool:
    return all(group == index % groups for index, group in enumerate(tree_info))


def in_turns(model: Learner, where: str) -> Learner:
    """``model`` with the trees of its classes in turns: each class adds up the same trees in the
    same order, and the first rounds stay first. Raises ``SourceError`` where one class has more.
    """
    if are_in_turns(model.tree_info, model.groups):
        return model
    of_class = [
        [index for index, group in enumerate(model.tree_info) if group == each]
        for each in range(model.groups)
    ]
    if len({len(trees) for trees in of_class}) != 1:
        raise SourceError("has more trees for one class than for another", where=where)
    order = list(chain.from_iterable(zip(*of_class, strict=True)))
    drop = numbers(model.weight_drop, "<f4")
    return replace(
        model,
        trees=tuple(model.trees[index] for index in order),
        tree_info=tuple(model.tree_info[index] for index in order),
        weight_drop=drop[order].tolist() if len(drop) else model.weight_drop,
    )
