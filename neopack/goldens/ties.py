"""Which outputs of a golden case are told and refuse nothing: those of equal values, whose order
no framework defines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from neopack import facts
from neopack.goldens.cases import GoldenCase
from neopack.values.artifact import Array
from neopack.values.model import ModelInfo

__all__ = ["ranks", "settled", "told"]


def settled(cases: Sequence[GoldenCase], *, ranks: bool) -> tuple[GoldenCase, ...]:
    """The cases of a packaged model. What jumps has an order of equal values to blame only in a
    model that ``ranks`` values; in any other it decides."""
    if ranks:
        return tuple(cases)
    return tuple(replace(case, edges=frozenset()) for case in cases)


def ranks(info: ModelInfo) -> bool:
    """Whether an operator ranks values, or may where the model does not tell its operators."""
    ranking = facts.ranking_operators(info.framework)
    return bool(ranking and (not info.operators or ranking & info.operators.keys()))


def told(case: GoldenCase, computed: Mapping[str, Array]) -> frozenset[str]:
    """The outputs of ``case`` that may differ: all where it does not decide, its edges, and places
    of equal values that another output has the values of."""
    if not case.decides:
        return frozenset(case.outputs)
    return case.edges | frozenset(_tied_places(case.outputs, computed))


def _tied_places(golden: Mapping[str, Array], computed: Mapping[str, Array]) -> Iterator[str]:
    import numpy as np

    same = [a for n, a in golden.items() if n in computed and np.array_equal(a, computed[n])]
    for name, places in golden.items():
        other = computed.get(name)
        if places.dtype.kind in "iu" and other is not None and other.shape == places.shape:
            values = [array for array in same if array.shape == places.shape]
            if any(_are_of_equals(places, other, array) for array in values):
                yield name


def _are_of_equals(places: Array, other: Array, values: Array) -> bool:
    """Whether ``places`` and ``other`` name the same places in another order among equal
    ``values`` along some axis, in which these are sorted."""
    return any(
        _is_sorted(values, axis) and _rows_agree(places, other, values, axis)
        for axis in range(values.ndim)
    )


def _is_sorted(values: Array, axis: int) -> bool:
    import numpy as np

    count = values.shape[axis]
    before = np.take(values, range(count - 1), axis)
    after = np.take(values, range(1, count), axis)
    return count > 1 and bool((before >= after).all() or (before <= after).all())


def _rows_agree(places: Array, other: Array, values: Array, axis: int) -> bool:
    import numpy as np

    rows = [
        np.moveaxis(array, axis, -1).reshape(-1, array.shape[axis])
        for array in (places, other, values)
    ]
    return all(map(_row_agrees, *rows))


def _row_agrees(places: Array, other: Array, values: Array) -> bool:
    """The last of the values may be equal to some that were left out: there, any places will do
    that are not named twice."""
    import numpy as np

    last = values == values[-1]
    if not last.any() or len(np.unique(other)) != len(other):
        return False
    order, order_of_other = np.lexsort((places, values)), np.lexsort((other, values))
    inside = ~last[order]
    return np.array_equal(places[order][inside], other[order_of_other][inside])
