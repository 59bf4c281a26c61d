"""Golden rows of trees: missing values, and numbers at the thresholds of splits."""

from __future__ import annotations

import math
from collections.abc import Iterator

from neopack.errors import UsageError
from neopack.frameworks import ExportTask
from neopack.frameworks.xgboost.document import Learner
from neopack.frameworks.xgboost.lowering.lower import LEAF, numbers
from neopack.values.artifact import Array
from neopack.values.signature import InputRequest

__all__ = ["INPUT", "directed_rows", "first_rows", "request"]

INPUT = "data"
ROWS = 16
# every eighth golden number is missing, for trees send missing values their own way
MISSING_EVERY = 8


def request(task: ExportTask, features: int) -> InputRequest:
    """The one input. Raises ``UsageError`` where the user asks for another."""
    chosen = task.inputs or (InputRequest(name=INPUT, shape=(ROWS, features)),)
    (first, *more) = chosen
    fits = len(first.shape) == 2 and first.shape[1] == features
    if more or not fits or first.dtype not in (None, "float32"):
        raise UsageError(
            f"the model takes one input of float32 [rows, {features}]",
            hint=f"leave --input out, or give --input {INPUT}=16,{features}",
        )
    return first


def first_rows(
    task: ExportTask, data: InputRequest, missing: float, *, takes_nan: bool = True
) -> dict[str, Array]:
    """The user's own, or seeded ones of which some are missing, where the model ``takes_nan``:
    NaN, and ``missing``."""
    examples = task.examples((data,))
    if task.options.example is None and takes_nan:
        flat = examples[data.name].ravel()
        flat[::MISSING_EVERY] = math.nan
        flat[MISSING_EVERY // 2 :: MISSING_EVERY] = (
            flat[MISSING_EVERY // 2 :: MISSING_EVERY] if math.isnan(missing) else missing
        )
    return examples


def directed_rows(model: Learner, rows: Array, missing: float) -> Iterator[tuple[str, Array]]:
    """Named rows of the same shape as ``rows``."""
    import numpy as np

    yield "all-missing", np.full_like(rows, math.nan)
    if not math.isnan(missing):
        number = np.float32(missing)
        beside = (number, np.nextafter(number, np.float32(-np.inf)))
        yield "all-" + f"{missing:g}", np.full_like(rows, number)
        yield "beside-" + f"{missing:g}", np.resize(np.array(beside, np.float32), rows.shape)
    if model.trees:
        at = _at_thresholds(model, rows.shape)
        yield "at-thresholds", at
        yield "below-thresholds", np.nextafter(at, np.float32(-np.inf))
        yield "extreme", np.resize(np.array([1e30, -1e30, 1e-30], np.float32), rows.shape)


def _at_thresholds(model: Learner, shape: tuple[int, ...]) -> Array:
    """In each column the thresholds of its splits, from the least to the largest, over and over;
    0 where there are none."""
    import numpy as np

    left, column, threshold = (
        np.concatenate([numbers(getattr(tree, name), dtype) for tree in model.trees])
        for name, dtype in (("left", "<i4"), ("split_index", "<u4"), ("split_condition", "<f4"))
    )
    rows = np.zeros(shape, np.float32)
    for each in range(shape[1]):
        own = np.unique(threshold[(left != LEAF) & (column == each)])
        if len(own):
            chosen = np.linspace(0, len(own) - 1, shape[0]).astype(int)
            rows[:, each] = np.roll(own[chosen], each)
    return rows
