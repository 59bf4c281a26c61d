"""Any number of rows through a model of a fixed batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from neopack.errors import UsageError, first_line
from neopack.values.artifact import Array
from neopack.values.signature import Signature

__all__ = ["in_batches"]

Predict = Callable[[Mapping[str, Any]], dict[str, Array]]


def in_batches(
    signature: Signature, inputs: Mapping[str, Any], predict: Predict, streams: int
) -> dict[str, Array]:
    """The outputs for all rows of ``inputs``, by calls of the signature's batch, or of batches in
    its range, ``streams`` at once."""
    import numpy as np

    batch = None if signature.batches else _batch(signature)
    try:
        arrays = {name: np.asarray(value) for name, value in inputs.items()}
    except (TypeError, ValueError) as error:
        raise UsageError(f"an input is not an array of numbers: {first_line(error)}") from None
    rows = _rows(arrays)
    least, most = signature.batches or (batch or rows,) * 2
    # so that each stream has a call
    batch = max(least, min(most, -(-rows // streams)))
    calls = [_filled(arrays, at, batch, least) for at in range(0, rows, batch)]
    with ThreadPoolExecutor(streams) as pool:
        answers = list(pool.map(predict, calls))
    sent = max(min(rows, batch), least)
    for name, array in answers[0].items():
        if array.ndim == 0 or len(array) != sent:
            raise UsageError(
                f"output {name!r} has shape {list(array.shape)}: its rows are not those of the "
                "inputs",
                hint="call predict for each batch",
            )
    return {name: _joined(answers, name)[:rows] for name in answers[0]}


def _batch(signature: Signature) -> int | None:
    """The packaged one; None for a model that takes any number of rows, as trees do."""
    firsts = {spec.shape[0] if spec.shape else None for spec in signature.inputs}
    free = all(spec.shape and spec.shape[0] is None for spec in signature.inputs)
    first = firsts.pop() if len(firsts) == 1 else None
    if not first and not free:
        shapes = ", ".join(f"{spec.name} {list(spec.shape)}" for spec in signature.inputs)
        raise UsageError(
            f"the inputs do not have a batch in common: {shapes}", hint="call predict instead"
        )
    return first


def _rows(arrays: Mapping[str, Array]) -> int:
    counts = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
    if len(set(counts.values())) != 1 or not min(counts.values()):
        said = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise UsageError(
            f"the inputs need the same number of rows, at least one: {said or 'there are none'}"
        )
    return next(iter(counts.values()))


def _filled(arrays: Mapping[str, Array], at: int, batch: int, least: int) -> dict[str, Array]:
    import numpy as np

    def rows(array: Array) -> Array:
        part = array[at : at + batch]
        lacking = max(least - len(part), 0)
        return np.concatenate([part, np.repeat(part[-1:], lacking, axis=0)]) if lacking else part

    return {name: rows(array) for name, array in arrays.items()}


def _joined(answers: Sequence[Mapping[str, Array]], name: str) -> Array:
    import numpy as np

    return np.concatenate([answer[name] for answer in answers])
