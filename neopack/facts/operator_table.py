"""The operators that releases of TensorFlow read, and the kinds of operators of each framework:
``tensorflow.toml``, ``operators.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from neopack.facts.rows import facts_file

__all__ = [
    "branch_operators",
    "operators_2020",
    "random_operators",
    "ranking_operators",
    "tensorflow_operators",
    "training_operators",
]


@cache
def tensorflow_operators() -> Mapping[str, frozenset[str]]:
    """Return the attributes of each operator of TensorFlow 1.15.0, which refuses newer ones."""
    words = facts_file("tensorflow").words("operators")
    return {name: frozenset(attributes.split()) for name, attributes in words.items()}


def operators_2020(name: str) -> frozenset[str]:
    """Return the operators that the guide listed until 2020, as a hint; empty without a list."""
    return frozenset(facts_file("operators").table("operators").texts(name))


@cache
def random_operators(name: str) -> frozenset[str]:
    """Return the operators of a framework that draw random numbers; empty without a list."""
    return frozenset(facts_file("operators").table("random").texts(name))


@cache
def ranking_operators(name: str) -> frozenset[str]:
    """Return the operators of a framework whose answer depends on the order of equal values; empty
    for frameworks that have none."""
    return frozenset(facts_file("operators").table("ranking").texts(name))


@cache
def training_operators(name: str) -> frozenset[str]:
    """Return the operators of a framework that only training needs; empty without a list."""
    return frozenset(facts_file("operators").table("training").texts(name))


def branch_operators(name: str) -> frozenset[str]:
    """Return the operators of a framework that choose which others compute."""
    return frozenset(facts_file("operators").table("branches").texts(name))
