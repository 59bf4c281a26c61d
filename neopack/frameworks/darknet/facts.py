"""What a .cfg and its .weights tell beyond what every framework has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["DarknetFacts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DarknetFacts:
    """Of a network, whose layers are named by TVM's words for them. A place is ``line 12``."""

    layers: int
    imported: Mapping[str, str]
    """Type of layer to the first place."""
    numbers: int | None
    """How many the layers have; None where one of an unknown type may have some."""
    weights: int | None
    """How many are in the .weights; None where that is not there."""
    activations: Mapping[str, str]
    """Activation to the first place."""
    options_of_forks: Mapping[str, str]
    """What only other Darknets read, such as ``groups of [route]``, to the first place."""
    joins: Mapping[str, int]
    """Place of each route to how many layers it joins."""
    uneven_means: tuple[str, ...]
    """Places where the mean is taken of an image that is not square."""
    reorganized: tuple[str, ...]
    """Places where pixels become channels."""
    detectors: tuple[str, ...]
    """Places of the layers that give boxes of YOLO."""
