"""Rows of numbers as text: CSV and libsvm, as the containers of XGBoost take and give them."""

from __future__ import annotations

from neopack.values.artifact import Array
from neopack.values.signature import Signature

__all__ = ["cell_rows", "csv_rows", "libsvm_rows"]


def libsvm_rows(data: bytes, signature: Signature) -> Array:
    """Dense float32 rows [N, columns of the only input]; what a line leaves out is nan, as XGBoost
    has it. Columns count from 0, and a label before them is skipped.

    Raises ``ValueError`` for what is not libsvm, and for a column that the model lacks.
    """
    import numpy as np

    columns = signature.inputs[0].shape[-1] if signature.inputs[0].shape else None
    if columns is None or len(signature.inputs) != 1:
        raise ValueError("the model does not take one table of columns")
    lines = [line.split() for line in data.decode("utf-8").splitlines() if line.strip()]
    if not lines:
        raise ValueError("it has no row")
    rows = np.full((len(lines), columns), np.nan, np.float32)
    for row, words in zip(rows, lines, strict=True):
        for word in words if ":" in words[0] else words[1:]:
            column, _, value = word.partition(":")
            row[_within(int(column), columns)] = float(value)
    return rows


def _within(column: int, columns: int) -> int:
    if not 0 <= column < columns:
        raise ValueError(f"column {column} is not one of the model's {columns}")
    return column


def cell_rows(data: bytes, _: Signature) -> list[list[float]]:
    """The cells of CSV; an empty one is nan, as in the containers of XGBoost and in NumPy's
    ``genfromtxt``. Raises ``ValueError`` for what is not numbers."""
    lines = [line for line in data.decode("utf-8").splitlines() if line.strip()]
    return [[float(cell.strip() or "nan") for cell in line.split(",")] for line in lines]


def csv_rows(array: Array) -> str:
    rows = array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1)
    return "\n".join(",".join(str(value) for value in row.tolist()) for row in rows)
