"""What ``predict`` takes for an input: numbers that its dtype has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neopack.artifacts.loaded_model import LoadedModel, checked_inputs
from neopack.errors import UsageError
from neopack.values.signature import Signature, TensorSpec

IDS = Signature(inputs=(TensorSpec(name="ids", dtype="int32", shape=(2,)),))
PIXELS = Signature(inputs=(TensorSpec(name="ids", dtype="uint8", shape=(2,)),))
FLOATS = Signature(inputs=(TensorSpec(name="ids", dtype="float32", shape=(2,)),))
HALVES = Signature(inputs=(TensorSpec(name="ids", dtype="float16", shape=(2,)),))


@pytest.mark.parametrize("value", [[1.0, 2.0], np.array([1, 2]), (True, False), ["1", "2"]])
def test_the_same_numbers_in_another_dtype(value: Any) -> None:
    (array,) = checked_inputs(IDS, {"ids": value}).values()
    assert array.dtype == np.int32
    assert array.tolist() == [int(each) for each in value]


@pytest.mark.parametrize(
    ("signature", "value"),
    [
        (IDS, [1.7, 2.0]),
        (IDS, [np.nan, 2.0]),
        (IDS, [2**40, 1]),
        (IDS, [2**80, 1]),
        (PIXELS, [300, 1]),
        (PIXELS, [-1, 1]),
        (PIXELS, [0.5, 0.25]),
        (FLOATS, [1j, 0]),
        (FLOATS, [1e39, 0.0]),
        (FLOATS, [-1e300, 0.0]),
        (HALVES, [70000.0, 0.0]),
        (HALVES, np.array([70000, 0])),
        (FLOATS, [[1], [2, 3]]),
    ],
)
@pytest.mark.filterwarnings("error")
def test_numbers_that_the_dtype_does_not_have(signature: Signature, value: Any) -> None:
    with pytest.raises(
        UsageError, match=r"input 'ids' has .* values that .* cannot hold|is not an array"
    ):
        checked_inputs(signature, {"ids": value})


@pytest.mark.filterwarnings("error")
def test_floats_are_rounded_and_may_be_infinite_or_missing() -> None:
    values: list[Any] = [[0.1, 1e-300], [np.inf, -np.inf], [np.nan, 2**60], np.array([None, 1])]
    for value in values:
        (array,) = checked_inputs(FLOATS, {"ids": value}).values()
        assert np.array_equal(array, np.array(value, np.float32), equal_nan=True)


@pytest.mark.parametrize("inputs", [np.zeros(2), {"ids": [[1], [2, 3]]}])
def test_rows_that_are_not_arrays_by_name(inputs: Any) -> None:
    model = LoadedModel(archive="", engine="", precision="", signature=FLOATS, runner=None)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"inputs are a ndarray|is not an array"):
        model.predict_batch(inputs)
