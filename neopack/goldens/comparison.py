"""The difference between computed and golden outputs."""

from __future__ import annotations

import math
from collections.abc import Mapping

from neopack.errors import UsageError
from neopack.values.artifact import Array

__all__ = [
    "check_max_difference",
    "difference",
]


def check_max_difference(allowed: float | None) -> None:
    """Raise ``UsageError`` for a ``--max-difference`` that is negative or not finite."""
    if allowed is not None and not (math.isfinite(allowed) and allowed >= 0):
        raise UsageError(
            f"--max-difference must be 0 or more, not {allowed:g}", hint="such as 1e-3"
        )


def difference(golden: Mapping[str, Array], computed: Mapping[str, Array]) -> float:
    """Return the largest absolute difference divided by the largest absolute golden value.

    The result is infinite if an output is missing, differs in shape, or has numbers where the
    golden output has none.
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
    with np.errstate(invalid="ignore"):  # inf - inf, if both have it
        gaps = np.where(same, 0.0, np.abs(wide - other))
    scale = float(np.max(np.abs(wide), initial=0.0, where=np.isfinite(wide)))
    largest = float(np.max(gaps))
    if largest == 0.0:
        return 0.0
    return largest / scale if scale and np.isfinite(largest) else float("inf")
