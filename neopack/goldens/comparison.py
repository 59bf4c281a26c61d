"""The difference between computed and golden outputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from neopack.errors import UsageError
from neopack.values.artifact import Array

if TYPE_CHECKING:
    from neopack.goldens.cases import GoldenCase

__all__ = [
    "ZEROS",
    "Told",
    "Worst",
    "check_max_difference",
    "difference",
    "difference_beside",
    "differs_beside",
    "unlike",
    "worst",
]

ZEROS = "zeros"
# the outputs of a case, as computed, that may differ
Told: TypeAlias = "Callable[[GoldenCase, Mapping[str, Array]], frozenset[str]]"


def check_max_difference(allowed: float | None) -> None:
    """Raise ``UsageError`` for a ``--max-difference`` that is negative or not finite."""
    if allowed is not None and not (math.isfinite(allowed) and allowed >= 0):
        raise UsageError(
            f"--max-difference must be 0 or more, not {allowed:g}", hint="such as 1e-3"
        )


@dataclass(frozen=True, slots=True)
class Worst:
    """The largest difference of all cases that decide, and the case that has it."""

    difference: float
    case: str

    def __str__(self) -> str:
        where = f"for the golden case {self.case!r}"
        if self.difference == float("inf"):
            return f"what may not differ (integers, shapes, numbers that are not finite) {where}"
        return f"{self.difference:.2g} of the largest number, {where}"


def worst(
    cases: Iterable[GoldenCase],
    compute: Callable[[Mapping[str, Array]], Mapping[str, Array]],
    told: Told | None = None,
) -> Worst:
    """Return how far ``compute`` is from the cases that decide, in the outputs that are not
    ``told``: without it, what jumps at zeros, where a rewritten model may round otherwise."""
    largest = Worst(0.0, "")  # of a random model too: nothing can be said of it
    for case in cases:
        if case.decides and not case.varies:
            apart = difference_beside(case, compute(case.inputs), told or _jumps_at_zeros)
            largest = largest if apart <= largest.difference else Worst(apart, case.name)
    return largest


def difference_beside(case: GoldenCase, computed: Mapping[str, Array], told: Told) -> float:
    """Return the ``difference`` of the outputs that are not ``told``."""
    aside = told(case, computed)
    golden = {name: array for name, array in case.outputs.items() if name not in aside}
    return difference(golden, computed)


def _jumps_at_zeros(case: GoldenCase, _: Mapping[str, Array]) -> frozenset[str]:
    return case.edges if case.name == ZEROS else frozenset()


def unlike(golden: Mapping[str, Array], computed: Mapping[str, Array]) -> str:
    """Return what differs in the outputs' count, names, dtypes or shapes, in words; "" if nothing
    does."""
    for name, array in golden.items():
        other = computed.get(name)
        if other is None:
            return f"output {name!r} is missing"
        if other.dtype != array.dtype:
            return f"output {name!r} is {other.dtype}, not {array.dtype}"
        if other.shape != array.shape:
            return f"output {name!r} has shape {list(other.shape)}, not {list(array.shape)}"
    extra = [name for name in computed if name not in golden]
    return f"there are {len(computed)} outputs, not {len(golden)}" if extra else ""


def difference(
    golden: Mapping[str, Array], computed: Mapping[str, Array], *, exact_integers: bool = True
) -> float:
    """Return the largest absolute difference divided by the largest absolute golden value.

    The result is infinite if an output is missing, differs in shape, or has NaN or infinity where
    the golden output is finite; and, with ``exact_integers``, if integers or booleans differ at
    all. Where the golden output itself is NaN or infinite, ``differs_beside`` tells.
    """
    return max(
        (_difference(golden[name], computed.get(name), exact_integers) for name in golden),
        default=0.0,
    )


def _difference(golden: Array, computed: Array | None, exact_integers: bool) -> float:
    import numpy as np

    if computed is None or golden.shape != computed.shape:
        return float("inf")
    if golden.dtype.kind in "biu" and exact_integers:
        return 0.0 if np.array_equal(golden, computed) else float("inf")
    wide, other = golden.astype(np.float64), computed.astype(np.float64)
    finite = np.isfinite(wide)
    with np.errstate(invalid="ignore"):  # inf - inf, if both have it
        gaps = np.where(finite, np.abs(wide - other), 0.0)
    scale = float(np.max(np.abs(wide), initial=0.0, where=finite))
    largest = float(np.max(gaps, initial=0.0))
    if largest == 0.0:
        return 0.0
    return largest / scale if scale and np.isfinite(largest) else float("inf")


def differs_beside(golden: Mapping[str, Array], computed: Mapping[str, Array]) -> bool:
    """Return whether an output differs where the golden one is NaN or infinite."""
    return any(_differs_beside(array, computed.get(name)) for name, array in golden.items())


def _differs_beside(golden: Array, computed: Array | None) -> bool:
    import numpy as np

    if golden.dtype.kind != "f" or computed is None or computed.shape != golden.shape:
        return False
    odd = ~np.isfinite(golden)
    return not np.array_equal(golden[odd], computed[odd], equal_nan=computed.dtype.kind == "f")
