"""``run``: compute once, and summarize the outputs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neopack.artifacts.load import load_opened, open_archive
from neopack.artifacts.loaded_model import checked_inputs
from neopack.goldens.arrays import load_arrays, save_arrays
from neopack.goldens.cases import load_goldens
from neopack.goldens.inputs import random_inputs, stand_ins
from neopack.outputs.atomic import AtomicOutputs, refuse_unwritable
from neopack.values.artifact import Array
from neopack.values.log import Log
from neopack.values.signature import Signature

__all__ = ["Answer", "OutputSummary", "answer"]

TOP = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSummary:
    """``top`` are the indexes of the largest values of the first row, largest first."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    minimum: float | None
    mean: float | None
    maximum: float | None
    top: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One computation. ``milliseconds`` is the time of the first call, which includes warm-up."""

    archive: str
    engine: str
    precision: str
    milliseconds: float
    outputs: tuple[OutputSummary, ...]


def answer(
    path: Path,
    *,
    inputs: Path | None,
    seed: int,
    threads: int | None,
    output: Path | None,
    force: bool,
    log: Log,
) -> Answer:
    """Compute with the arrays in ``inputs``, or seeded ones; write the outputs to ``output``.

    ``inputs`` may also be the golden file beside an archive; only its inputs are used.
    """
    if output is not None:
        refuse_unwritable(output, force=force)
    opened = open_archive(path)
    raw = _from_file(inputs, opened.signature) if inputs else _seeded(opened.signature, seed)
    arrays = checked_inputs(opened.signature, raw)
    with log.step("loading"):
        runner = load_opened(opened, threads=threads)
    start = time.perf_counter()
    outputs = runner.predict(arrays)
    seconds = time.perf_counter() - start
    if output is not None:
        _save(output, outputs, force=force)
    return Answer(
        archive=path.name,
        engine=opened.engine,
        precision=opened.precision,
        milliseconds=1e3 * seconds,
        outputs=tuple(_summary(name, array) for name, array in outputs.items()),
    )


def _from_file(path: Path, signature: Signature) -> dict[str, Array]:
    arrays = load_arrays(path)
    names = {spec.name for spec in signature.inputs}
    if names.isdisjoint(arrays) and any(name.startswith("input/") for name in arrays):
        return load_goldens(path)[0]
    return arrays


def _seeded(signature: Signature, seed: int) -> dict[str, Array]:
    return random_inputs(stand_ins(signature), seed)


def _save(path: Path, outputs: Mapping[str, Array], *, force: bool) -> None:
    with AtomicOutputs(force=force) as files:
        save_arrays(files.open(path), outputs)


def _summary(name: str, array: Array) -> OutputSummary:
    import numpy as np

    numbers = array.astype(np.float64).ravel() if array.dtype.kind in "fiub" else None
    finite = numbers is not None and numbers.size > 0 and bool(np.isfinite(numbers).all())
    first = array.reshape(-1, array.shape[-1])[0] if array.ndim > 1 and array.size else array[:0]
    return OutputSummary(
        name=name,
        dtype=str(array.dtype),
        shape=tuple(array.shape),
        minimum=float(numbers.min()) if finite and numbers is not None else None,
        mean=float(numbers.mean()) if finite and numbers is not None else None,
        maximum=float(numbers.max()) if finite and numbers is not None else None,
        top=tuple(int(i) for i in np.argsort(first)[::-1][:TOP]),
    )
