"""Golden rows of classifiers that average: without those for which two classes are even.

There the order of the additions decides which class has more, and it is not the same in
scikit-learn, XGBoost and Treelite.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from neopack.frameworks.xgboost.answers import MARGIN
from neopack.goldens.cases import GoldenCase
from neopack.values.artifact import Array

__all__ = ["without_even_rows"]

# of probabilities that are means in float32
EVEN = 1e-5


def without_even_rows(cases: Iterable[GoldenCase]) -> Iterator[GoldenCase]:
    """The cases, with other rows of their own in place of those rows. The first case stays as it
    is where it has no other rows, and any further one is left out."""
    import numpy as np

    for at, case in enumerate(cases):
        even = _is_even(case.outputs[MARGIN])
        if even.all():
            if at == 0:
                yield case
            continue
        rows = np.arange(len(even))
        rows[even] = np.resize(rows[~even], even.sum())
        yield replace(
            case,
            inputs={name: array[rows] for name, array in case.inputs.items()},
            outputs={name: array[rows] for name, array in case.outputs.items()},
        )


def _is_even(margins: Array) -> Array:
    """Of each row, whether the two largest are."""
    import numpy as np

    second, first = np.sort(margins, axis=1)[:, -2:].T
    even: Array = first - second <= EVEN
    return even
