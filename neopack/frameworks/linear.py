"""A linear model apart from its framework: one framework reads it out of a file, another one
writes it in operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from neopack.goldens.directed import Compute
from neopack.values.artifact import Array

__all__ = ["INPUT", "OUTPUT", "LinearModel", "Transform"]

INPUT, OUTPUT = "data", "prediction"
Transform: TypeAlias = Literal["", "argmax", "exp", "sigmoid", "softmax", "step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearModel:
    """``weights`` are float32 [columns, outputs], ``offsets`` [outputs]: what a row of zeros
    gives, before ``transform``. NaN and ``missing`` count as zero. ``predict`` is the model
    itself, for rows named ``INPUT``, with one output of the name ``OUTPUT``."""

    title: str
    weights: Array
    offsets: Array
    transform: Transform
    missing: float
    predict: Compute
    versions: Mapping[str, str]
