"""What releases of ONNX and TensorFlow can read: ``onnx.toml``, ``tensorflow.toml``; and
``operators.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from neopack.facts.rows import facts_file

__all__ = [
    "OnnxRelease",
    "onnx_releases",
    "operators_2020",
    "tensorflow_operators",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxRelease:
    release: str
    ir: int
    opset: int


@cache
def onnx_releases() -> tuple[OnnxRelease, ...]:
    """Each release of ONNX with the IR version and opset it came with, oldest first."""
    rows = facts_file("onnx").table("release")
    return tuple(
        OnnxRelease(
            release=name, ir=rows.table(name).number("ir"), opset=rows.table(name).number("opset")
        )
        for name in rows
    )


@cache
def tensorflow_operators() -> Mapping[str, frozenset[str]]:
    """The attributes of each operator that TensorFlow 1.15.0 has: newer ones are not loaded."""
    words = facts_file("tensorflow").words("operators")
    return {name: frozenset(attributes.split()) for name, attributes in words.items()}


def operators_2020(name: str) -> frozenset[str]:
    """The operators that the guide listed until 2020: a hint; empty where none is kept."""
    return frozenset(facts_file("operators").table("operators").texts(name))
