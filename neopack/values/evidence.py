"""Proof that a model was loaded and computed in an exact framework version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neopack.values.signature import Shape

__all__ = [
    "Evidence",
    "OutputEvidence",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputEvidence:
    """One output as an exact version gave it. ``absolute`` is the largest absolute difference
    from the golden one, ``relative`` that over the largest golden number."""

    name: str
    dtype: str
    shape: Shape
    absolute: float
    relative: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """That a packaged model was loaded and computed in an exact version.

    ``exact`` is whether that is the version Neo compiles with; where none such can be had it is
    the nearest older one. ``versions`` are as the runtime reports them, ``load_seconds`` the
    time it took to load the model. ``stood_in`` are libraries that the runtime was built for and
    has empty ones in place of, CUDA's: then the proof is of the CPU alone.
    """

    runtime: str
    exact: bool
    versions: Mapping[str, str]
    load_seconds: float
    difference: float
    allowed: float
    outputs: tuple[OutputEvidence, ...]
    stood_in: tuple[str, ...] = ()
