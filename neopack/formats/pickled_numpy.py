"""NumPy's numbers, texts and arrays as a pickle has them, and joblib's, whose arrays lie between
the opcodes: read without NumPy, as plain values (numpy/_core/multiarray, NumPy 1.11 to 2.3;
joblib/numpy_pickle.py, 0.10 to 1.6)."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace
from typing import Any

from neopack.formats.opcodes import Built, Global, PickledCall, PickleMachine
from neopack.formats.pickle import read_pickle

__all__ = ["JOBLIB", "PickledArray", "plain"]

_CORE = ("numpy.core.", "numpy._core.")
_NUMBERS = {
    "b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I",
    "u8": "Q", "f2": "e", "f4": "f", "f8": "d",
}  # fmt: skip
MOST = 100_000
UTF_32 = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PickledArray:
    """``dtype`` is NumPy's code without the order of bytes: ``f4``, ``U3``, ``O8``."""

    dtype: str
    order: str
    shape: tuple[int, ...]
    data: bytes | list[Any]

    def values(self) -> list[Any]:
        """The elements, flat. Raises ``ValueError`` for other dtypes, or for too many."""
        count = math.prod(self.shape)
        if count > MOST:
            raise ValueError(f"an array of {count} elements")
        if isinstance(self.data, list):
            return self.data
        if self.dtype in _NUMBERS:
            form = f"{self.order}{count}{_NUMBERS[self.dtype]}"
            return list(struct.unpack(form, self.data))
        if self.dtype[:1] not in ("U", "S"):
            raise ValueError(f"an array of dtype {self.dtype!r:.20}")
        width = _itemsize(self.dtype)
        return [_text(self, self.data[at * width : (at + 1) * width]) for at in range(count)]


def _text(array: PickledArray, data: bytes) -> str | bytes:
    if array.dtype[0] == "S":
        return data.rstrip(b"\0")
    text = data.decode("utf-32-be" if array.order == ">" else "utf-32-le")
    return text.rstrip("\0")


def plain(value: Any) -> Any:
    """A scalar of NumPy as Python's, an array as a list; any other value as it is.

    Raises ``ValueError`` for what is NumPy's and is not read.
    """
    array = value if isinstance(value, PickledArray) else _array(value)
    if array is None:
        return value
    try:
        values = array.values()
    except (struct.error, UnicodeError) as error:
        raise ValueError(str(error)) from None
    return values[0] if isinstance(value, PickledCall) and _is(value, "scalar") else values


def _is(value: PickledCall, name: str) -> bool:
    function = value.function
    return (
        isinstance(function, Global)
        and function.name == name
        and f"{function.module}.".startswith(_CORE)
    )


def _array(value: Any) -> PickledArray | None:
    if not isinstance(value, PickledCall) or not isinstance(value.arguments, tuple):
        return None
    try:
        if _is(value, "scalar"):
            dtype, data = value.arguments
            return _of(dtype, (1,), data if isinstance(data, bytes) else [data])
        if _is(value, "_frombuffer"):
            data, dtype, shape, _ = value.arguments
            return _of(dtype, shape, bytes(data))
        if _is(value, "_reconstruct"):
            _, shape, dtype, _, data = value.state
            return _of(dtype, shape, data)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"an array that is not NumPy's: {error}") from None
    return None


def _of(dtype: Any, shape: Any, data: Any) -> PickledArray:
    code, order = _dtype(dtype)
    sizes = tuple(shape) if isinstance(shape, tuple) else (shape,)
    if not all(isinstance(size, int) and size >= 0 for size in sizes):
        raise ValueError(f"a shape of {sizes!r:.40}")
    return PickledArray(dtype=code, order=order, shape=sizes, data=data)


def _dtype(dtype: Any) -> tuple[str, str]:
    """``numpy.dtype("f4", False, True)`` with a state whose second is the order of bytes."""
    if not (isinstance(dtype, PickledCall) and str(dtype.function) == "numpy.dtype"):
        raise ValueError("its dtype is not NumPy's")
    code, state = dtype.arguments[0], dtype.state
    order = state[1] if isinstance(state, tuple) and len(state) > 1 else "<"
    return str(code), ">" if order == ">" else "<"


def _raw_array(machine: PickleMachine, call: PickledCall) -> PickledArray:
    """The bytes after a ``NumpyArrayWrapper``: padding, whose length comes first, and elements; or
    a pickle of an array of objects."""
    state = call.state
    if _dtype(state["dtype"])[0].startswith("O"):
        inner = _array(read_pickle(machine.cursor, machine.limits).value)
        if inner is None:
            raise ValueError("an array of objects that is not one")
        return inner
    if state.get("numpy_array_alignment_bytes") is not None:
        machine.cursor.skip(machine.cursor.byte())
    array = _of(state["dtype"], tuple(map(plain, state["shape"])), b"")
    size = math.prod(array.shape) * _itemsize(array.dtype)
    machine.limits.hold("record_bytes", size, where=machine.cursor.name)
    return replace(array, data=machine.cursor.take(size))


def _itemsize(code: str) -> int:
    number = code[1:]
    if not number.isdecimal():
        raise ValueError(f"an array of dtype {code!r:.20}")
    return int(number) * (UTF_32 if code[0] == "U" else 1)


JOBLIB: Built = {Global("joblib.numpy_pickle", "NumpyArrayWrapper"): _raw_array}
