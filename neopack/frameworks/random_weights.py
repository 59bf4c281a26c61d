"""Whether a callable gives random weights: built again with other seeds, random ones are others,
and trained ones are the same.

Seeds that the callable sets itself are changed too: untrained weights of a fixed seed are
untrained. Generators of its own, such as ``torch.Generator().manual_seed(0)``, keep theirs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from neopack.errors import first_line
from neopack.values.artifact import Array
from neopack.values.log import Log

__all__ = ["Seeded", "State", "other_seeds", "remarks", "same_arrays"]

# a module or an object, and the name of its function that takes a seed
Seeded: TypeAlias = tuple[Any, str]
State: TypeAlias = Mapping[str, Any]

OTHER = 0x5EED
FIX = "give trained ones with --weights, or load them in the callable"


@contextmanager
def other_seeds(*functions: Seeded) -> Iterator[None]:
    """Python, NumPy and what ``functions`` seed are seeded otherwise in the block."""
    import numpy as np

    seeded = [(random, "seed"), (np.random, "seed"), (np.random, "default_rng"), *functions]
    originals = [(owner, name, getattr(owner, name)) for owner, name in seeded]
    for owner, name, original in originals:
        setattr(owner, name, _shifted(original))
    try:
        random.seed(OTHER)
        np.random.seed(OTHER)
        yield
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


def _shifted(function: Callable[..., Any]) -> Callable[..., Any]:
    def seed(value: Any = None, *arguments: Any, **named: Any) -> Any:
        shifted = (value + OTHER) % 2**32 if isinstance(value, int) else value
        return function(shifted, *arguments, **named)

    return seed


def remarks(
    first: State, again: Callable[[], State], same: Callable[[Any, Any], bool], log: Log
) -> list[str]:
    """A warning for the weights ``first`` that differ in a second model, which ``again`` builds in
    a block of ``other_seeds``. Where it cannot, a note says that nothing is known."""
    try:
        second = again()
    except Exception as error:  # noqa: BLE001 - the user's own code ran
        log.note(f"whether its weights are random is not known: built again, {first_line(error)}")
        return []
    other = [name for name in first if name in second and not same(first[name], second[name])]
    if not other:
        return []
    differ = f" and {len(other) - 1} more differ" if len(other) > 1 else " differs"
    remark = (
        f"its weights are random: {other[0]}{differ} when it is built with another seed ({FIX})"
    )
    log.warn(remark)
    return [remark]


def same_arrays(first: Array, second: Array) -> bool:
    import numpy as np

    return np.array_equal(first, second, equal_nan=first.dtype.kind == "f")
