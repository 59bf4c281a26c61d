"""Seeded numbers that stand in for real inputs: golden inputs, examples to trace with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import index
from pathlib import Path

from neopack.errors import UsageError
from neopack.goldens.arrays import load_arrays
from neopack.values.artifact import Array
from neopack.values.signature import InputRequest, TensorSpec

__all__ = ["DTYPES", "examples", "from_file", "random_inputs", "request_of", "shape_of", "specs"]

FLOATS = ("float16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
DTYPES = frozenset((*FLOATS, *INTEGERS, "bool"))
# 0 and 1 are valid token ids, mask bits and class numbers alike
SAFE_BELOW = 2
# torch and numpy both take it, and the next one
LARGEST_SEED = 2**63


def examples(
    requests: Sequence[InputRequest], *, seed: int, example: Path | None
) -> dict[str, Array]:
    """The user's own inputs, of the .npz ``example``, where there are any; else seeded ones."""
    return random_inputs(requests, seed) if example is None else from_file(example, requests)


def specs(arrays: Mapping[str, Array]) -> tuple[TensorSpec, ...]:
    """What a signature says of these arrays."""
    return tuple(
        TensorSpec(name=name, dtype=str(array.dtype), shape=tuple(array.shape))
        for name, array in arrays.items()
    )


def random_inputs(requests: Sequence[InputRequest], seed: int) -> dict[str, Array]:
    """Normal floats, and integers from 0 up to ``below`` (2 where none was given)."""
    import numpy as np

    refuse_seed(seed)
    generator = np.random.default_rng(seed)
    return {request.name: _random(request, generator) for request in requests}


def refuse_seed(seed: int) -> None:
    if not 0 <= seed < LARGEST_SEED:
        raise UsageError(f"--seed {seed} is not between 0 and {LARGEST_SEED - 1}")


def _random(request: InputRequest, generator: object) -> Array:
    import numpy as np

    assert isinstance(generator, np.random.Generator)  # noqa: S101
    dtype = np.dtype(request.dtype or "float32")
    if dtype.kind == "f":
        return generator.standard_normal(request.shape, dtype=np.float32).astype(dtype)
    below = request.below or SAFE_BELOW
    return generator.integers(0, below, request.shape).astype(dtype)


def from_file(path: Path, requests: Sequence[InputRequest]) -> dict[str, Array]:
    """The arrays of ``--example FILE.npz``, checked against the inputs asked for."""
    arrays = load_arrays(path)
    for request in requests:
        array = arrays.get(request.name)
        if array is None or tuple(array.shape) != request.shape:
            found = "missing" if array is None else f"{list(array.shape)}"
            raise UsageError(
                f"input {request.name!r} is {found}, not {list(request.shape)}", where=str(path)
            )
    return {r.name: arrays[r.name].astype(r.dtype or "float32") for r in requests}


def shape_of(name: str, given: object) -> tuple[int, ...]:
    """A shape as Python code gives one. ``UsageError`` for what is none, such as the tensor."""
    dims = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else None
    if dims is None:
        shape = getattr(given, "shape", (1, 3, 224, 224))
        raise UsageError(f"input {name!r} is no shape", hint=f"give {{{name!r}: {tuple(shape)}}}")
    try:
        known = tuple(index(dim) for dim in dims)
    except TypeError:
        known = (0,)
    if any(dim < 1 for dim in known):
        raise UsageError(
            f"input {name!r}: {dims} is not all positive whole numbers",
            hint="Neo freezes every dim, the batch too",
        )
    return known


def request_of(spec: TensorSpec) -> InputRequest:
    """The request that asks for just what a signature says; its shape must be known."""
    if any(dim is None for dim in spec.shape):
        free = ", ".join("?" if dim is None else str(dim) for dim in spec.shape)
        filled = ",".join("1" if dim is None else str(dim) for dim in spec.shape)
        raise UsageError(
            f"input {spec.name!r} has free dims [{free}]",
            hint=f"fix them, as in --input {spec.name}={filled}",
        )
    shape = tuple(dim for dim in spec.shape if dim is not None)
    return InputRequest(name=spec.name, shape=shape, dtype=spec.dtype)
