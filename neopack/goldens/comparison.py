"""How far computed outputs are from golden ones."""

from __future__ import annotations

import math
from collections.abc import Mapping

from neopack.errors import UsageError
from neopack.values.artifact import Array

__all__ = [
    "difference",
    "refuse_no_distance",
]


def refuse_no_distance(allowed: float | None) -> None:
    """``UsageError`` for a ``--max-difference`` that nothing, or anything, would pass."""
    if allowed is not None and not (math.isfinite(allowed) and allowed >= 0):
        raise UsageError(f"--max-difference {allowed} is no distance", hint="such as 1e-3")


def difference(golden: Mapping[str, Array], computed: Mapping[str, Array]) -> float:
    """The largest absolute difference over the largest absolute golden value, over all outputs.

    Infinite where an output is missing, differs in shape, or has numbers where golden has none.
    """
    return max((_difference(golden[name], computed.get(name)) for name in golden), default=0.0)


def _difference(golden: Array, computed: Array | None) -> float:
    import numpy as np

    if computed is None or golden.shape != computed.shape:
        return float("inf")
    if golden.size == 0:
        return 0.0
    wide, other = golden.astype(np.float64), computed.astype(np.float64)
    same = (wide == other) | (np.isnan(wide) & np.isnan(other))
    with np.errstate(invalid="ignore"):  # an infinity less itself, where both have it
        gaps = np.where(same, 0.0, np.abs(wide - other))
    scale = float(np.max(np.abs(wide), initial=0.0, where=np.isfinite(wide)))
    largest = float(np.max(gaps))
    if largest == 0.0:
        return 0.0
    return largest / scale if scale and np.isfinite(largest) else float("inf")
