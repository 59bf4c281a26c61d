"""Seeded numbers in place of real inputs: golden inputs, examples to trace with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import index
from pathlib import Path

from neopack.errors import UsageError
from neopack.goldens.arrays import load_arrays
from neopack.goldens.batch_ranges import BatchRange
from neopack.values.artifact import Array
from neopack.values.signature import InputRequest, Signature, TensorSpec

__all__ = [
    "DTYPES",
    "at_batch",
    "examples",
    "from_file",
    "random_inputs",
    "request_of",
    "requests_of",
    "shape_of",
    "shapes_text",
    "specs",
    "stand_ins",
]

FLOATS = ("float16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
DTYPES = frozenset((*FLOATS, *INTEGERS, "bool"))
# 0 and 1 are valid as token ids, as mask bits and as class numbers
SAFE_BELOW = 2
# torch and NumPy both take smaller seeds
LARGEST_SEED = 2**63


def examples(
    requests: Sequence[InputRequest], *, seed: int, example: Path | None
) -> dict[str, Array]:
    """Return the user's inputs from the .npz ``example``, or else seeded ones."""
    return random_inputs(requests, seed) if example is None else from_file(example, requests)


def specs(arrays: Mapping[str, Array]) -> tuple[TensorSpec, ...]:
    """Return the specs of these arrays for a signature."""
    return tuple(
        TensorSpec(name=name, dtype=str(array.dtype), shape=tuple(array.shape))
        for name, array in arrays.items()
    )


def shapes_text(arrays: Mapping[str, Array]) -> str:
    """The shapes that a model was called with, in words: ``x=[1, 3], mask=[1]``."""
    return ", ".join(f"{name}={list(array.shape)}" for name, array in arrays.items())


def random_inputs(requests: Sequence[InputRequest], seed: int) -> dict[str, Array]:
    """Return normal floats, and integers from 0 up to ``below`` (2 by default)."""
    import numpy as np

    check_seed(seed)
    generator = np.random.default_rng(seed)
    return {request.name: _random(request, generator) for request in requests}


def check_seed(seed: int) -> None:
    if not 0 <= seed < LARGEST_SEED:
        raise UsageError(f"--seed must be between 0 and {LARGEST_SEED - 1}, not {seed}")


def _random(request: InputRequest, generator: object) -> Array:
    import numpy as np

    assert isinstance(generator, np.random.Generator)  # noqa: S101
    dtype = np.dtype(request.dtype or "float32")
    if dtype.kind == "f":
        return generator.standard_normal(request.shape, dtype=np.float32).astype(dtype)
    below = request.below or SAFE_BELOW
    return generator.integers(0, below, request.shape).astype(dtype)


def from_file(path: Path, requests: Sequence[InputRequest]) -> dict[str, Array]:
    """Return the arrays of ``--example FILE.npz``, checked against the requested inputs."""
    arrays = load_arrays(path)
    for request in requests:
        array = arrays.get(request.name)
        if array is None or tuple(array.shape) != request.shape:
            shape = "missing" if array is None else f"{list(array.shape)}"
            raise UsageError(
                f"input {request.name!r} is {shape}, not {list(request.shape)}", where=str(path)
            )
    return {r.name: arrays[r.name].astype(r.dtype or "float32") for r in requests}


def shape_of(name: str, value: object) -> tuple[int, ...]:
    """Return a shape from Python code as integers. Raises ``UsageError`` if it is something else,
    such as a tensor."""
    dims = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else None
    if dims is None:
        example = tuple(getattr(value, "shape", (1, 3, 224, 224)))
        raise UsageError(f"input {name!r} is not a shape", hint=f"give {{{name!r}: {example}}}")
    try:
        shape = tuple(index(dim) for dim in dims)
    except TypeError:
        shape = (0,)
    if any(dim < 1 for dim in shape):
        raise UsageError(
            f"input {name!r}: the dims {dims} must be positive integers",
            hint="Neo freezes every dim, the batch too",
        )
    return shape


def requests_of(
    inputs: Mapping[str, Sequence[int | str]] | Sequence[InputRequest],
) -> tuple[InputRequest, ...]:
    """Return the inputs that a call of Python names. Raises ``UsageError`` for other forms."""
    if isinstance(inputs, Mapping):
        return tuple(_request(name, shape) for name, shape in inputs.items())
    if not isinstance(inputs, Sequence) or not all(isinstance(i, InputRequest) for i in inputs):
        raise UsageError("inputs is not a mapping", hint='such as {"input0": (1, 3, 224, 224)}')
    return tuple(inputs)


def _request(name: str, shape: Sequence[int | str]) -> InputRequest:
    if isinstance(shape, list | tuple) and shape and isinstance(shape[0], str):
        each = BatchRange.of(name, shape)
        return InputRequest(name=name, shape=(each.least, *each.rest), most=each.most)
    return InputRequest(name=name, shape=shape_of(name, shape))


def stand_ins(signature: Signature) -> list[InputRequest]:
    """Return requests for these inputs, the fewest rows of those whose number of rows is free."""
    least = signature.batches[0] if signature.batches else 1
    return at_batch(signature, least)


def at_batch(signature: Signature, batch: int) -> list[InputRequest]:
    """Return requests for these inputs, with ``batch`` rows of those whose number is free."""
    return [
        request_of(
            replace(spec, shape=(*(dim or batch for dim in spec.shape[:1]), *spec.shape[1:]))
        )
        for spec in signature.inputs
    ]


def request_of(spec: TensorSpec) -> InputRequest:
    """Return the request for exactly this input. Raises ``UsageError`` if a dim is unknown."""
    if any(dim is None for dim in spec.shape):
        free = ", ".join("?" if dim is None else str(dim) for dim in spec.shape)
        filled = ",".join("1" if dim is None else str(dim) for dim in spec.shape)
        raise UsageError(
            f"input {spec.name!r} has free dims [{free}]",
            hint=f"fix them, as in --input {spec.name}={filled}",
        )
    shape = tuple(dim for dim in spec.shape if dim is not None)
    return InputRequest(name=spec.name, shape=shape, dtype=spec.dtype)
