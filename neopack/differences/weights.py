"""Compare the arrays of two model files: in pieces, so that memory does not grow with the file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neopack.differences.arrays import StoredArray, StoredArrays
from neopack.differences.result import ArrayChange, FileWeights
from neopack.formats.source import ByteSource

if TYPE_CHECKING:
    import numpy as np

__all__ = ["OpenModel", "compare_arrays"]

# holds a whole number of elements of each dtype
CHUNK = 1 << 20
NUMERIC = frozenset(
    {
        *("float64", "float32", "float16", "bfloat16", "bool"),
        *("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenModel:
    """A model file, its name in the archive, and where its arrays are."""

    name: str
    source: ByteSource
    stored: StoredArrays


def compare_arrays(first: OpenModel, second: OpenModel) -> FileWeights:
    """Compare arrays of the same name. Bytes that are equal are alike, NaN too."""
    before, after = first.stored.arrays, second.stored.arrays
    changes, alike = [], 0
    for name in dict.fromkeys([*before, *after]):
        change = _change(name, first, second)
        alike += change is None
        changes += [change] if change else []
    return FileWeights(
        first=first.name,
        second=second.name,
        read_as=first.stored.read_as,
        alike=alike,
        changes=tuple(changes),
    )


def _change(name: str, first: OpenModel, second: OpenModel) -> ArrayChange | None:
    before, after = first.stored.arrays.get(name), second.stored.arrays.get(name)
    if before is None or after is None:
        return ArrayChange(name=name, first=_form(before), second=_form(after))
    comparable = _comparable(before, after)
    distance = _Distance()
    same = (before.dtype, before.shape, before.bytes) == (after.dtype, after.shape, after.bytes)
    for one, other in _pieces(first.source, before, second.source, after):
        same = same and one == other
        if not comparable and not same:
            break
        if comparable:
            distance.add(_numbers(one, before.dtype), _numbers(other, after.dtype), one != other)
    if same:
        return None
    return ArrayChange(
        name=name,
        first=str(before),
        second=str(after),
        differing=distance.differing if comparable else None,
        largest=distance.largest if comparable else None,
        relative=distance.relative if comparable else None,
    )


def _form(array: StoredArray | None) -> str:
    return "" if array is None else str(array)


def _comparable(first: StoredArray, second: StoredArray) -> bool:
    """Whether both are plain numbers of one dtype and shape, and there is NumPy to read them."""
    one, other = ((array.dtype, array.shape, array.bytes) for array in (first, second))
    return one == other and first.dtype in NUMERIC and _has_numpy()


def _has_numpy() -> bool:
    from importlib.util import find_spec

    return find_spec("numpy") is not None


def _pieces(
    first: ByteSource, before: StoredArray, second: ByteSource, after: StoredArray
) -> Iterator[tuple[bytes, bytes]]:
    for start in range(0, max(before.bytes, after.bytes), CHUNK):
        yield (
            first.read(before.offset + start, max(0, min(CHUNK, before.bytes - start))),
            second.read(after.offset + start, max(0, min(CHUNK, after.bytes - start))),
        )


def _numbers(data: bytes, dtype: str) -> np.ndarray[Any, Any]:
    """As float64; bfloat16 is the upper half of a float32."""
    import numpy as np

    if dtype == "bfloat16":
        wide = np.frombuffer(data, "<u2").astype("<u4") << 16
        return wide.view("<f4").astype(np.float64)
    kind = np.dtype(dtype).newbyteorder("<")
    return np.frombuffer(data[: len(data) // kind.itemsize * kind.itemsize], kind).astype(
        np.float64
    )


class _Distance:
    """How far apart the numbers so far are. Those that are not finite count as differing, and
    leave the largest difference as it is."""

    def __init__(self) -> None:
        self.differing = 0
        self.largest = 0.0
        self._scale = 0.0

    def add(
        self, first: np.ndarray[Any, Any], second: np.ndarray[Any, Any], differs: bool
    ) -> None:
        import numpy as np

        self._scale = max(self._scale, _largest(first))
        if differs:
            with np.errstate(invalid="ignore", over="ignore"):
                apart = np.abs(first - second)
            unequal = (first != second) & ~(np.isnan(first) & np.isnan(second))
            self.differing += int(np.count_nonzero(unequal))
            self.largest = max(self.largest, _largest(apart))

    @property
    def relative(self) -> float | None:
        return self.largest / self._scale if self._scale else None


def _largest(numbers: np.ndarray[Any, Any]) -> float:
    import numpy as np

    finite = numbers[np.isfinite(numbers)]
    largest = float(np.abs(finite).max()) if finite.size else 0.0
    return largest if math.isfinite(largest) else 0.0
