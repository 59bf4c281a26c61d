"""The options of exports from TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neopack.frameworks.task import option

__all__ = ["TensorFlowOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorFlowOptions:
    """``signature`` and ``tags`` choose in a SavedModel, ``form`` says which of the two forms Neo
    is to get, and ``outputs`` names those of a frozen graph. ``constants`` are NAME=VALUE, of
    inputs of a file that are to be none. ``bind`` asks for inputs of a live model given in the
    order written, whatever their names."""

    signature: str | None = option("--signature", default=None)
    tags: tuple[str, ...] = option("--tag", default=())
    form: Literal["saved-model", "frozen"] | None = option("--form", default=None)
    outputs: tuple[str, ...] = option("--output-name", default=())
    constants: tuple[str, ...] = option("--constant", default=())
    bind: Literal["name", "positional"] | None = option("--bind", default=None)
