"""What the bytes of an XGBoost model tell beyond what every framework has.

``XGBoostFacts`` alone is of dumps, and of pickles whose model cannot be taken out.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LearnerFacts", "XGBoostFacts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class XGBoostFacts:
    """What every form of XGBoost's tells."""

    unread: str = ""
    """Why nothing more is known of a pickle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerFacts(XGBoostFacts):
    """Of a model in one of the three encodings."""

    booster: str
    objective: str
    num_feature: int
    """Columns that the model takes."""
    num_class: int
    """0 where there are no classes."""
    outputs: int
    """Numbers that the model gives for a row."""
    trees: int
    nodes: int
    """Nodes of all trees."""
    largest_tree: int
    """Nodes of the largest tree."""
    base_score: tuple[float, ...]
    """As written."""
    categorical: bool
    """Whether there are splits on categories."""
    leaf_vector: int
    """Numbers in a leaf, where there is more than one."""
    attributes: tuple[str, ...]
    """Names of the model's attributes: ``best_iteration``."""
    feature_names: int
    """How many columns have names."""
    rounds: int
    """Rounds of training."""
    best_iteration: int
    """The best round, from 0; -1 where the model names none."""
    in_turns: bool
    """Whether tree ``i`` is of class ``i`` modulo their number."""
    inexpressible: str
    """What XGBoost 1.3.3 cannot express, or ""."""
    pickled: str = ""
    """The class whose pickle the model lies in: ``Booster``, ``XGBClassifier``; or ""."""
