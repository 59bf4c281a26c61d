"""The operators that releases of ONNX and TensorFlow read: ``onnx.toml``,
``onnx_operators.toml``, ``tensorflow.toml``, ``operators.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from neopack.facts.rows import facts_file

__all__ = [
    "OnnxRelease",
    "branch_operators",
    "onnx_operators",
    "onnx_releases",
    "operators_2020",
    "random_operators",
    "tensorflow_operators",
    "training_operators",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxRelease:
    release: str
    ir: int
    opset: int


@cache
def onnx_releases() -> tuple[OnnxRelease, ...]:
    """Return each release of ONNX with its IR version and opset, oldest first."""
    rows = facts_file("onnx").table("release")
    return tuple(
        OnnxRelease(
            release=name, ir=rows.table(name).number("ir"), opset=rows.table(name).number("opset")
        )
        for name in rows
    )


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
def training_operators(name: str) -> frozenset[str]:
    """Return the operators of a framework that only training needs; empty without a list."""
    return frozenset(facts_file("operators").table("training").texts(name))


def branch_operators(name: str) -> frozenset[str]:
    """Return the operators of a framework that choose which others compute."""
    return frozenset(facts_file("operators").table("branches").texts(name))


@cache
def onnx_operators() -> Mapping[str, tuple[int, ...]]:
    """Return the opsets in which an operator of ONNX changed; negative where it was removed."""
    words = facts_file("onnx_operators").words("operators")
    return {name: tuple(int(opset) for opset in opsets.split()) for name, opsets in words.items()}
