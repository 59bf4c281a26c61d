"""Any number of rows through a model of a fixed batch."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from neopack.artifacts.batches import in_batches
from neopack.errors import UsageError
from neopack.values.artifact import Array
from neopack.values.signature import Signature, TensorSpec


def signature(*shapes: tuple[int | None, ...]) -> Signature:
    names = [f"x{at}" for at in range(len(shapes))]
    return Signature(
        inputs=tuple(
            TensorSpec(name=name, dtype="float32", shape=shape)
            for name, shape in zip(names, shapes, strict=True)
        )
    )


def double(inputs: Any) -> dict[str, Array]:
    assert len(inputs["x0"]) == 2, "the packaged batch"
    return {"y": 2 * inputs["x0"]}


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_each_row_is_answered_once_in_order(rows: int) -> None:
    x = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3)
    assert np.array_equal(in_batches(signature((2, 3)), {"x0": x}, double, 2)["y"], 2 * x)


def test_a_model_of_any_number_of_rows_gets_all_at_once() -> None:
    x = np.arange(21, dtype=np.float32).reshape(7, 3)
    calls = []

    def once(inputs: Any) -> dict[str, Array]:
        calls.append(len(inputs["x0"]))
        return {"y": 2 * inputs["x0"]}

    assert np.array_equal(in_batches(signature((None, 3)), {"x0": x}, once, 2)["y"], 2 * x)
    assert calls == [7]


def test_as_many_calls_at_once_as_streams() -> None:
    meeting = threading.Barrier(3, timeout=30)

    def meet(inputs: Any) -> dict[str, Array]:
        meeting.wait()
        return double(inputs)

    x = np.ones((6, 3), np.float32)
    assert len(in_batches(signature((2, 3)), {"x0": x}, meet, 3)["y"]) == 6


@pytest.mark.parametrize(
    ("shapes", "inputs", "words"),
    [
        (((2, 3), (3, 2)), {}, r"not have a batch in common: x0 \[2, 3\], x1 \[3, 2\]"),
        (((None, 3), (2, 3)), {}, "not have a batch in common"),
        (((None, 3), ()), {}, "not have a batch in common"),
        (((),), {"x0": np.ones(())}, "not have a batch in common"),
        (((2, 3), (2, 3)), {"x0": np.ones((4, 3)), "x1": np.ones((2, 3))}, "x0 4, x1 2"),
        (((2, 3),), {"x0": np.ones((0, 3))}, "at least one: x0 0"),
        (((2, 3),), {}, "there are none"),
    ],
)
def test_what_has_no_rows(shapes: Any, inputs: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        in_batches(signature(*shapes), inputs, double, 1)


def test_outputs_that_are_not_of_rows() -> None:
    with pytest.raises(UsageError, match="its rows are not those"):
        in_batches(signature((2, 3)), {"x0": np.ones((4, 3))}, lambda _: {"sum": np.ones(3)}, 1)
