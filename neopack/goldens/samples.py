"""Real inputs as samples: arrays whose first dim is the samples, cut into calls of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from neopack.errors import UsageError
from neopack.values.artifact import Array
from neopack.values.signature import Signature, TensorSpec

__all__ = ["LABELS", "calls_by_name", "in_dtype_of", "refuse_other_names"]

# an array beside the inputs
LABELS = "labels"


def calls_by_name(
    arrays: Mapping[str, Array], signature: Signature, where: str
) -> tuple[dict[str, Array], ...]:
    """The inputs of each call, of arrays by the names of all inputs.

    Raises ``UsageError`` for names, shapes and dtypes that are not the signature's, for NaN, and
    for inputs of different numbers of samples.
    """
    specs = {spec.name: spec for spec in signature.inputs}
    refuse_other_names(arrays, specs, where)
    calls = {name: _calls_of(arrays[name], specs[name], where) for name in specs}
    counts = {name: len(each) for name, each in calls.items()}
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise UsageError(f"the inputs have different numbers of samples: {said}", where=where)
    count = next(iter(counts.values()))
    return tuple({name: calls[name][at] for name in specs} for at in range(count))


def refuse_other_names(given: Iterable[str], wanted: Iterable[str], where: str) -> None:
    missing = sorted(set(wanted) - set(given))
    unknown = sorted(set(given) - set(wanted), key=str)
    if missing or unknown:
        said = f"lacks input {missing[0]!r}" if missing else f"has {unknown[0]!r}"
        hint = f"the model takes {', '.join(wanted)}; {LABELS} may be beside them"
        raise UsageError(said, where=where, hint=hint)


def _calls_of(array: Array, spec: TensorSpec, where: str) -> list[Array]:
    """Cut samples into calls of the packaged shape: each sample is a call, or a row of one."""
    shape = tuple(spec.shape)
    if array.ndim == len(shape) + 1 and array.shape[1:] == shape:
        calls = list(array)
    elif shape and array.ndim == len(shape) and array.shape[1:] == shape[1:]:
        batch = shape[0] or 1
        calls = [array[at : at + batch] for at in range(0, len(array) - batch + 1, batch)]
    else:
        rows = ["N", *shape[1:]]
        raise UsageError(
            f"input {spec.name!r} has shape {list(array.shape)}: give samples first, "
            f"[{', '.join(map(str, rows))}]",
            where=where,
        )
    return [in_dtype_of(call, spec, f"{where}, sample {at}") for at, call in enumerate(calls)]


def in_dtype_of(array: Array, spec: TensorSpec, where: str) -> Array:
    """In the dtype of the input, where the kind is the same: integers for floats are raw pixels
    more often than not."""
    import numpy as np

    dtype = np.dtype(spec.dtype or "float32")
    kinds = "iu" if dtype.kind in "iu" else dtype.kind
    if array.dtype.kind not in kinds:
        raise UsageError(
            f"input {spec.name!r} is {array.dtype}, not {dtype}",
            where=where,
            hint="give what the model takes, after its preprocessing",
        )
    if dtype.kind == "f" and not np.isfinite(array).all():
        raise UsageError(f"input {spec.name!r} has NaN or infinity", where=where)
    with np.errstate(over="ignore"):  # which is refused
        cast = np.ascontiguousarray(array, dtype)
    if dtype.kind == "f" and not np.isfinite(cast).all():
        raise UsageError(f"input {spec.name!r} has numbers beyond {dtype}", where=where)
    if dtype.kind in "iu" and not np.array_equal(cast, array):
        raise UsageError(f"input {spec.name!r} has integers beyond {dtype}", where=where)
    return cast
