"""A loaded model as a user holds it: arrays in by name, arrays out by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from neopack.artifacts.batches import in_batches
from neopack.artifacts.load import Loading, load_cached, load_opened, open_archive, require_file
from neopack.artifacts.model_cache import CachePlace, place_of
from neopack.engines import registry as engines
from neopack.errors import EngineFailed, UsageError, first_line
from neopack.values.artifact import Array, Runner
from neopack.values.signature import Signature, TensorSpec

__all__ = ["LoadedModel", "checked_inputs", "load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A loaded model. ``predict`` takes and returns arrays by the signature's names; any number of
    threads may call it, and ``streams`` of them compute at once."""

    archive: str
    engine: str
    precision: str
    signature: Signature
    runner: Runner = field(repr=False)
    streams: int = 1

    def predict(self, inputs: Mapping[str, Any]) -> dict[str, Array]:
        """Compute the outputs by name; inputs are cast to the signature's dtypes.

        Raises ``UsageError`` for inputs that do not fit the signature.
        """
        return self.runner.predict(checked_inputs(self.signature, inputs))

    def predict_batch(self, inputs: Mapping[str, Any]) -> dict[str, Array]:
        """Compute any number of rows, the first dim of every input: in calls of the packaged
        batch, or of batches in the range that the model is compiled for, ``streams`` at once. A
        call of fewer rows than that is filled up with copies of the last row. A model that takes
        any number of rows, as trees do, gets all of them in one call.

        Raises ``UsageError`` for inputs that do not fit, and for a model whose inputs or outputs
        do not have the rows first.
        """
        _refuse_unnamed(self.signature, inputs)
        return in_batches(self.signature, inputs, self.predict, self.streams)


def load(
    archive: str | PathLike[str],
    *,
    threads: int | None = None,
    streams: int | None = None,
    cache: bool = True,
) -> LoadedModel:
    """An archive, compiled or not, to compute with: ``neopack.load(path).predict({"x": array})``.
    This needs only the archive and its engine.

    ``predict`` raises ``UsageError`` for inputs that do not fit its ``signature``. Threads may
    share the model: ``streams`` of their calls compute at once, where its engine has streams.
    ``cache`` lets a large artifact keep unpacked files beside it, so that it loads fast again.
    """
    path = Path(archive)
    require_file(path)
    place = place_of(path, engines.keepers) if cache else None
    loading = Loading(threads=threads, streams=streams, cache=place)
    loaded = _cached(path, place, loading) if place else None
    if loaded is not None:
        return loaded
    opened = open_archive(path)
    return LoadedModel(
        archive=path.name,
        engine=opened.engine,
        precision=opened.precision,
        signature=opened.signature,
        runner=load_opened(opened, threads=threads, streams=streams, cache=place),
        streams=streams or 1,
    )


def _cached(path: Path, place: CachePlace, loading: Loading) -> LoadedModel | None:
    """The model from what was kept; None where that is not there, or damaged, and removed."""
    manifest = place.manifest()
    if manifest is None:
        return None
    try:
        runner = load_cached(manifest, path.name, loading)
    except EngineFailed:
        place.remove()
        return None
    return LoadedModel(
        archive=path.name,
        engine=manifest.engine,
        precision=manifest.precision,
        signature=manifest.signature,
        runner=runner,
        streams=loading.streams or 1,
    )


def checked_inputs(signature: Signature, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Return ``inputs`` in the signature's dtypes.

    Raises ``UsageError`` for a missing or unknown name, for another shape, and for values that an
    integer input cannot hold.
    """
    _refuse_unnamed(signature, inputs)
    specs = {spec.name: spec for spec in signature.inputs}
    for name in (*inputs, *specs):
        if name not in specs or name not in inputs:
            reason = "is missing" if name in specs else "is not an input of the model"
            raise UsageError(f"input {name!r} {reason}", hint=f"it takes {', '.join(specs)}")
    arrays = {name: _in_dtype(inputs[name], spec) for name, spec in specs.items()}
    for name, array in arrays.items():
        fits = len(array.shape) == len(specs[name].shape) and all(
            dim in (None, size) for dim, size in zip(specs[name].shape, array.shape, strict=True)
        )
        if not fits:
            raise UsageError(
                f"input {name!r} has shape {list(array.shape)}, not {list(specs[name].shape)}"
            )
        _refuse_batch(signature, name, array)
    return arrays


def _refuse_unnamed(signature: Signature, inputs: object) -> None:
    if not isinstance(inputs, Mapping):
        raise UsageError(f"inputs are a {type(inputs).__name__}", hint=_how(signature))


def _in_dtype(value: Any, spec: TensorSpec) -> Array:
    """Return ``value`` in the dtype of the input, which must hold it: 1.7 is not an id, and 300 is
    not a pixel."""
    import numpy as np

    try:
        array, dtype = np.asarray(value), np.dtype(spec.dtype or "float32")
        # of NaN as an integer, and of what is too large: both are refused
        with np.errstate(invalid="ignore", over="ignore"):
            cast = np.ascontiguousarray(array.real, dtype)
    except (OverflowError, TypeError, ValueError) as error:
        raise UsageError(f"an input is not an array of numbers: {first_line(error)}") from None
    if array.dtype.kind == "c" or not _holds(cast, array):
        raise UsageError(
            f"input {spec.name!r} has {array.dtype} values that {dtype} cannot hold",
            hint="pass what the model takes, after preprocessing",
        )
    return cast


def _holds(cast: Array, array: Array) -> bool:
    """Whether the numbers of ``array`` are in ``cast``: as floats they may be rounded, but not
    become infinite."""
    import numpy as np

    if cast.dtype == array.dtype or array.dtype.kind not in "fiu":
        return True
    if cast.dtype.kind in "iu":
        return np.array_equal(cast, array)
    return bool((np.isfinite(cast) | ~np.isfinite(array)).all())


def _refuse_batch(signature: Signature, name: str, array: Array) -> None:
    if signature.batches is None:
        return
    least, most = signature.batches
    if not least <= len(array) <= most:
        raise UsageError(
            f"input {name!r} has {len(array)} rows: the model is compiled for {least} to {most}",
            hint="predict_batch takes any number",
        )


def _how(signature: Signature) -> str:
    inputs = ", ".join(f"{spec.name!r}: array of {list(spec.shape)}" for spec in signature.inputs)
    return f"give {{{inputs}}}"
