"""Prepare rows for a compiled model, as the scikit-learn pipeline does that the model is of.

``prepared`` and ``predicted`` are for programs that call the model; ``neo_preprocess`` and
``neo_postprocess`` are what containers call with the body of a request and with the answer of the
model. It needs NumPy alone. Written for Python 3.6.
"""

import csv
import io
import json
import math
from typing import Any

import numpy as np

# how many values a row has
WIDTH = 0
# their names, in order; none where the pipeline was fitted without names
COLUMNS: Any = []
# those that the steps use: a row by name may lack the others
NEEDED: Any = []
# what is done to the rows, one step after another
STEPS: Any = []
# what the numbers of the classes stand for; none of a regressor
LABELS: Any = []
# the probability above which the second of two classes is predicted
THRESHOLD = 0.5

JSON, CSV = "application/json", "text/csv"
# as pandas writes them into CSV
TRUTH = {"True": True, "False": False}
# what scikit-learn takes for a scale of 0
SMALLEST = 10 * np.finfo(float).eps


def prepared(rows: Any) -> Any:
    """An array of float32 for the model, of rows that are lists in the order of the columns, or
    dicts by name. Raises ValueError for a row that lacks a column."""
    table = np.empty((len(rows), WIDTH), object)
    for at, row in enumerate(rows):
        table[at] = _in_order(row, at)
    return _numbers(_done(STEPS, table)).astype(np.float32)


def predicted(answer: Any) -> Any:
    """What the pipeline's ``predict`` gives, of the model's prediction for each row: a label, or
    a number."""
    numbers = np.asarray(answer)
    if not LABELS:
        return numbers.tolist()
    if numbers.ndim == 2:
        classes = numbers.argmax(axis=1)
    else:
        classes = numbers.astype(int) if len(LABELS) > 2 else (numbers > THRESHOLD).astype(int)
    return [LABELS[each] for each in classes]


def neo_preprocess(payload: Any, content_type: str) -> Any:
    """The array for the model, of a body in JSON, rows or {"instances": rows}, or in CSV, whose
    first line may be the names of the columns, in any order."""
    kind = content_type.split(";", 1)[0].strip().lower()
    text = payload if isinstance(payload, str) else bytes(payload).decode("utf-8")
    if kind == JSON:
        rows = json.loads(text)
        return prepared(rows["instances"] if isinstance(rows, dict) else rows)
    if kind == CSV:
        return prepared(_of_csv([line for line in csv.reader(io.StringIO(text)) if line]))
    raise ValueError(f"content type {kind} is not one of {JSON}, {CSV}")


def neo_postprocess(result: Any) -> Any:
    """The body and its content type; the first of several outputs is the prediction."""
    first = result[0] if isinstance(result, (list, tuple)) else result
    return json.dumps(predicted(first)), JSON


def _of_csv(lines: Any) -> Any:
    rows = [[each or None for each in line] for line in lines]
    names = set(lines[0]) if lines else set()
    if COLUMNS and (names <= set(COLUMNS) or names >= set(NEEDED)):
        return [dict(zip(lines[0], row)) for row in rows[1:]]  # noqa: B905 - Python 3.6
    return rows


def _in_order(row: Any, at: int) -> Any:
    if not isinstance(row, dict):
        if len(row) != WIDTH:
            raise ValueError(f"row {at} has {len(row)} values, not {WIDTH}")
        return row
    if not COLUMNS:
        raise ValueError(f"row {at} has names: the pipeline knows its {WIDTH} columns by place")
    lacking = [name for name in NEEDED if name not in row]
    if lacking:
        raise ValueError(f"row {at} lacks {', '.join(lacking)}: a missing value is null")
    return [row.get(name) for name in COLUMNS]


def _done(steps: Any, table: Any) -> Any:
    for step in steps:
        table = _DOING[step["do"]](step, table)
    return table


# --- numbers ----------------------------------------------------------------------------------


def _numbers(table: Any) -> Any:
    """float64, with NaN for None."""
    if table.dtype == object:
        numbers = [[_number(each) for each in row] for row in table]
        table = np.array(numbers, object).reshape(table.shape)
    return table.astype(np.float64)


def _number(value: Any) -> Any:
    if value is None:
        return math.nan
    return TRUTH.get(value, value) if isinstance(value, str) else value


def _scaled(step: Any, table: Any) -> Any:
    table = _numbers(table)
    if "minus" in step:
        table = table - np.array(step["minus"])
    if "divide" in step:
        table = table / np.array(step["divide"])
    if "times" in step:
        table = table * np.array(step["times"])
    if "plus" in step:
        table = table + np.array(step["plus"])
    return np.clip(table, *step["clip"]) if "clip" in step else table


def _normalized(step: Any, table: Any) -> Any:
    table = _numbers(table)
    if step["norm"] == "l2":
        norms = np.sqrt(np.einsum("ij,ij->i", table, table))
    else:
        sizes = np.abs(table)
        norms = sizes.sum(axis=1) if step["norm"] == "l1" else sizes.max(axis=1)
    return table / np.where(norms < SMALLEST, 1.0, norms)[:, None]


def _binarized(step: Any, table: Any) -> Any:
    return (_numbers(table) > step["above"]).astype(np.float64)


def _selected(step: Any, table: Any) -> Any:
    return table[:, step["columns"]]


# --- missing values and words -----------------------------------------------------------------


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _equal(value: Any, word: Any) -> bool:
    """Whether a value of a row is ``word``; a number may be text, as CSV has it."""
    if _is_missing(value) or _is_missing(word):
        return _is_missing(value) and _is_missing(word)
    if isinstance(word, str) or not isinstance(value, str):
        return bool(value == word)
    if isinstance(word, bool) and value in TRUTH:
        return TRUTH[value] == word
    try:
        return bool(float(value) == word)
    except ValueError:
        return False


def _imputed(step: Any, table: Any) -> Any:
    missing = np.array([[_equal(value, step["missing"]) for value in row] for row in table], bool)
    missing = missing.reshape(table.shape)
    filled = np.array(table, object)
    for at, fill in zip(step["columns"], step["with"]):  # noqa: B905 - Python 3.6
        filled[missing[:, at], at] = fill
    marks = missing[:, step["marks"]].astype(np.float64)
    return np.concatenate([filled[:, step["columns"]], marks], axis=1)


def _place(value: Any, categories: Any) -> Any:
    same = [at for at, each in enumerate(categories) if _equal(value, each)]
    return same[0] if same else None


def _places(step: Any, table: Any, column: int) -> Any:
    """Of each value the place among the categories of its column; None for an unknown one."""
    categories = step["categories"][column]
    known: Any = {}
    places = []
    for value in table[:, column]:
        key = (type(value), None if _is_missing(value) else value)
        if key not in known:
            known[key] = _place(value, categories)
        places.append(known[key])
    return places


def _refuse_unknown(step: Any, places: Any, table: Any, column: int) -> None:
    if None in places:
        value = table[places.index(None), column]
        name = step["names"][column] if step["names"] else f"column {column} of an encoder"
        raise ValueError(f"{name} has {value!r}, an unknown category")


def _one_hot(step: Any, table: Any) -> Any:
    parts = []
    for column, categories in enumerate(step["categories"]):
        places = _places(step, table, column)
        if step["unknown"] == "error":
            _refuse_unknown(step, places, table, column)
        marks = np.array([[at == each for each in range(len(categories))] for at in places], float)
        drop = step["drop"][column] if step["drop"] else None
        parts.append(marks if drop is None else np.delete(marks, drop, axis=1))
    return np.concatenate(parts, axis=1)


def _ordinal(step: Any, table: Any) -> Any:
    parts = []
    for column, categories in enumerate(step["categories"]):
        places = _places(step, table, column)
        if step["unknown"] is None:
            _refuse_unknown(step, places, table, column)
        codes = [
            step["missing"] if _is_missing(each) else float(at)
            for at, each in enumerate(categories)
        ]
        parts.append([step["unknown"] if at is None else codes[at] for at in places])
    return np.array(parts, np.float64).T


def _by_columns(step: Any, table: Any) -> Any:
    parts = [_done(inner, table[:, columns]) for columns, inner in step["parts"]]
    return np.concatenate(parts, axis=1)


_DOING = {
    "binarize": _binarized,
    "columns": _by_columns,
    "impute": _imputed,
    "normalize": _normalized,
    "one-hot": _one_hot,
    "ordinal": _ordinal,
    "scale": _scaled,
    "select": _selected,
}
