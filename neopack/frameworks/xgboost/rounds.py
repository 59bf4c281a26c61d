"""Rounds of training, as the attributes and trees of a model tell them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["BEST_LIMIT", "best_iteration", "rounds"]

BEST = "best_iteration"
# XGBoost 1.3 to 1.7: how many trees of each class there are up to the best round
BEST_LIMIT = "best_ntree_limit"
# longer numbers are damage
DIGITS = 9


def best_iteration(attributes: Mapping[str, str]) -> int | None:
    """The best round, counted from 0, where training named one."""
    return _number(attributes.get(BEST, ""))


def rounds(
    attributes: Mapping[str, str], trees: int, groups: int, parallel: int, starts: Sequence[int]
) -> int:
    """How many rounds ``trees`` come to. ``starts`` is the first tree of each and the end, where
    the model says so; ``parallel`` how many trees grew at once for each class, 0 unknown."""
    if starts:
        return len(starts) - 1
    best, limit = best_iteration(attributes), _number(attributes.get(BEST_LIMIT, ""))
    if best is not None and limit is not None:
        parallel = limit // (best + 1)
    return trees // (max(parallel, 1) * groups)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= DIGITS else None
