"""Calibration data: read from what a user names, judged by the signature, cut into calls.

All of this runs in a child process: a callable is the user's own code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from neopack.compiling.images import Preprocess, image_files, pixels
from neopack.errors import ExportFailed, UsageError, first_line
from neopack.frameworks.callables import import_callable, looks_like_callable
from neopack.goldens.arrays import load_array, load_arrays
from neopack.goldens.inputs import random_inputs, request_of
from neopack.goldens.samples import LABELS, calls_by_name, in_dtype_of, refuse_other_names
from neopack.values.artifact import Array
from neopack.values.log import Log
from neopack.values.quantization import Calibration
from neopack.values.signature import Signature, TensorSpec

__all__ = ["FORMS", "Sample", "read_samples", "refuse_constant", "split"]

FORMS = "an .npz or .npy (samples first), a folder of images, module:callable, or random"
# NNCF calibrates with 300 unless told otherwise; twice as many are held back
MOST = 900
RANDOM_SAMPLES = 32
LEAST = 2
# the squares of larger numbers, as norms and variances take them, are beyond float32
LARGEST = 1e19


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The inputs of one call, in the packaged shape, and the labels of its rows, if known.
    ``where`` names it in messages."""

    inputs: Mapping[str, Array]
    labels: Array | None = None
    where: str = ""


def read_samples(calibration: Calibration, signature: Signature, log: Log) -> tuple[Sample, ...]:
    """The calls that ``calibration`` names, in its order.

    Raises ``UsageError`` for data that does not fit the signature, for numbers that nothing can be
    calibrated with, and for fewer than two calls; ``Malformed`` for a damaged file;
    ``ExportFailed`` where the user's callable raises.
    """
    if calibration.is_random:
        return _random(signature)
    samples = _read(calibration, signature)
    for sample in samples:
        _refuse_too_large(sample)
    if len(samples) < LEAST:
        raise UsageError(
            f"there is {len(samples) or 'not one'} sample: at least {LEAST} are needed, since "
            "accuracy is measured on others than those that calibrate",
            where=calibration.data,
            hint="a few hundred are usual",
        )
    if len(samples) > MOST:
        log.note(f"of {len(samples)} samples, {MOST} are used, evenly spaced")
        samples = tuple(samples[i * len(samples) // MOST] for i in range(MOST))
    return samples


def split(samples: Sequence[Sample]) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """Those that calibrate, every third one, and those held back: data is often sorted."""
    calibrating = samples[::3]
    return calibrating, [sample for at, sample in enumerate(samples) if at % 3]


def refuse_constant(calibrating: Sequence[Sample], where: str, log: Log) -> None:
    """Raise ``UsageError`` where every input has one number everywhere: ranges would be of that
    alone. Of several inputs one may be so, such as a mask or a first state: a warning, if floats.
    """
    inputs = calibrating[0].inputs
    constant = {name: array.flat[0] for name, array in inputs.items() if array.size}
    for sample in calibrating:
        constant = {
            name: value for name, value in constant.items() if (sample.inputs[name] == value).all()
        }
    said = [f"input {name!r} is {value.item():g} everywhere" for name, value in constant.items()]
    if len(constant) == len(inputs):
        raise UsageError(
            f"{said[0]}, in all samples that calibrate: no range follows from that",
            where=where,
            hint="give what the model takes in use",
        )
    for text, value in zip(said, constant.values(), strict=True):
        if value.dtype.kind == "f":
            log.warn(f"{where}: {text}, in all samples that calibrate: is it so in use?")


def _refuse_too_large(sample: Sample) -> None:
    for name, array in sample.inputs.items():
        largest = max(abs(float(array.max())), abs(float(array.min()))) if array.size else 0.0
        if largest > LARGEST:
            raise UsageError(
                f"input {name!r} has a number as large as {largest:.2g}, too large to calibrate "
                "with",
                where=sample.where,
                hint="give what the model takes, after its preprocessing",
            )


def _read(calibration: Calibration, signature: Signature) -> tuple[Sample, ...]:
    data, path = calibration.data, Path(calibration.data)
    if path.is_dir():
        return _of_images(path, calibration.preprocess, signature)
    if calibration.preprocess is not None:
        raise UsageError("--preprocess is for a folder of images", where=data)
    if looks_like_callable(data):
        return _labelled_alike(tuple(_of_callable(data, signature)), data)
    if path.suffix == ".npy":
        return _of_arrays({_only(signature, data).name: load_array(path)}, signature, data)
    if path.suffix == ".npz":
        return _of_arrays(load_arrays(path), signature, data)
    raise UsageError("is not calibration data", where=data, hint=f"give {FORMS}")


def _random(signature: Signature) -> tuple[Sample, ...]:
    requests = [request_of(spec) for spec in signature.inputs]
    return tuple(
        Sample(inputs=random_inputs(requests, seed), where=f"random, sample {seed}")
        for seed in range(RANDOM_SAMPLES)
    )


def _only(signature: Signature, where: str) -> TensorSpec:
    if len(signature.inputs) != 1:
        names = ", ".join(spec.name for spec in signature.inputs)
        raise UsageError(
            f"is for one input, and the model has {names}",
            where=where,
            hint="give an .npz with an array for each",
        )
    return signature.inputs[0]


# --- arrays -----------------------------------------------------------------------------------


def _of_arrays(
    arrays: Mapping[str, Array], signature: Signature, where: str
) -> tuple[Sample, ...]:
    named = dict(arrays)
    own = any(spec.name == LABELS for spec in signature.inputs)
    labels = None if own else named.pop(LABELS, None)
    calls = calls_by_name(named, signature, where)
    rows = None if labels is None else _labels(labels, named, signature, len(calls), where)
    return tuple(
        Sample(
            inputs=inputs,
            labels=None if rows is None else rows[at],
            where=f"{where}, sample {at}",
        )
        for at, inputs in enumerate(calls)
    )


def _labels(
    labels: Array, arrays: Mapping[str, Array], signature: Signature, calls: int, where: str
) -> Array:
    """One row of labels for each call."""
    spec = signature.inputs[0]
    batch = (spec.shape[0] if spec.shape else 1) or 1
    samples = len(arrays[spec.name])
    rows = samples * (batch if arrays[spec.name].ndim > len(spec.shape) else 1)
    if labels.dtype.kind not in "iu" or labels.size != rows:
        raise UsageError(
            f"{LABELS} has {labels.size} numbers of {labels.dtype}: give an integer for each of "
            f"{rows} rows",
            where=where,
        )
    return labels.ravel()[: calls * batch].reshape(calls, batch)


# --- images and callables ---------------------------------------------------------------------


def _of_images(folder: Path, text: str | None, signature: Signature) -> tuple[Sample, ...]:
    spec = _only(signature, str(folder))
    preprocess = Preprocess.parse(text, spec)
    files = image_files(folder)
    if len(files) > MOST:
        files = [files[i * len(files) // MOST] for i in range(MOST)]
    import numpy as np

    rows = np.stack([pixels(path, preprocess) for path in files])
    return _of_arrays({spec.name: rows}, signature, str(folder))


def _of_callable(text: str, signature: Signature) -> Iterable[Sample]:
    """What the callable yields: an array, arrays by name, or either with its labels."""
    for at, value in enumerate(islice(_yielded(text), MOST)):
        inputs, labels = value if isinstance(value, tuple) and len(value) == 2 else (value, None)
        if not isinstance(inputs, Mapping):
            inputs = {_only(signature, text).name: inputs}
        yield _sample(inputs, labels, signature, f"{text}, sample {at}")


def _labelled_alike(samples: tuple[Sample, ...], where: str) -> tuple[Sample, ...]:
    """Refuse labels of some samples alone, and of unlike shapes: a metric compares them all."""
    labels = [sample.labels for sample in samples if sample.labels is not None]
    if len(labels) not in (0, len(samples)):
        raise UsageError(
            f"{len(labels)} of {len(samples)} samples have labels",
            where=where,
            hint="yield labels with every sample, or with none",
        )
    shapes = sorted({each.shape for each in labels})
    if len(shapes) > 1:
        said = " and ".join(str(list(shape)) for shape in shapes[:2])
        raise UsageError(f"labels have different shapes: {said}", where=where)
    return samples


def _yielded(text: str) -> Iterable[Any]:
    function = import_callable(text)
    try:
        yield from function()
    except (Exception, SystemExit) as error:
        raise ExportFailed(
            f"raised {type(error).__name__}: {first_line(error)}",
            where=text,
            hint="it is called without arguments and yields the inputs of one call at a time",
        ) from error


def _sample(inputs: Mapping[str, Any], labels: Any, signature: Signature, where: str) -> Sample:
    specs = {spec.name: spec for spec in signature.inputs}
    refuse_other_names(inputs, specs, where)
    arrays = {}
    for name, spec in specs.items():
        array = _own_array(inputs[name], f"input {name!r}", where)
        if array.shape != tuple(spec.shape):
            raise UsageError(
                f"input {name!r} has shape {list(array.shape)}, not {list(spec.shape)}",
                where=where,
            )
        arrays[name] = in_dtype_of(array, spec, where)
    own = (
        None if labels is None else _own_array(labels, "the value of labels", where, least_dims=1)
    )
    return Sample(inputs=arrays, labels=own, where=where)


def _own_array(value: Any, what: str, where: str, *, least_dims: int = 0) -> Array:
    """A copy: the callable may fill the same array again for the next sample."""
    import numpy as np

    try:
        return np.array(value, ndmin=least_dims)
    except (TypeError, ValueError, RuntimeError) as error:  # tensors raise what they like
        raise UsageError(f"{what} is not an array: {first_line(error)}", where=where) from None
