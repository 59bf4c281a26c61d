"""Write a symbol for TVM, which compiles it on Neo's path of that name, in the runtime of MXNet:
``runtimes/inside/mxnet_for_tvm.py`` has the rewrites."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neopack.errors import ExportFailed
from neopack.goldens.cases import GoldenCase
from neopack.goldens.comparison import unlike, worst
from neopack.runtimes import Worker
from neopack.values.artifact import Array
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.signature import InputRequest

__all__ = ["LoweredSymbol", "float32_of", "in_float32", "lower"]

Compute = Callable[[Mapping[str, Array]], dict[str, Array]]
# beyond this what was written and its source are not the same function
REWRITE_DIFFERENCE = 1e-4
PATIENCE = 1800.0
# beside the files that are rewritten
WRITTEN = "written"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoweredSymbol:
    """``cases`` have the names of the symbol's outputs as it is now; ``rewrites`` are in words."""

    cases: tuple[GoldenCase, ...]
    rewrites: tuple[str, ...]


def in_float32(request: InputRequest) -> InputRequest:
    """The input in float32, where only the parameters ask for double precision."""
    return replace(request, dtype="float32") if request.dtype == "float64" else request


def float32_of(compute: Compute, dtypes: Mapping[str, str]) -> Compute:
    """``compute``, whose inputs are of ``dtypes``, with float32 in place of float64, which TVM's
    importer does not take."""

    def computed(given: Mapping[str, Array]) -> dict[str, Array]:
        wide = {name: array.astype(dtypes.get(name, array.dtype)) for name, array in given.items()}
        return {
            name: array.astype("float32") if array.dtype == "float64" else array
            for name, array in compute(wide).items()
        }

    return computed


def lower(
    worker: Worker, files: tuple[Path, Path], cases: Sequence[GoldenCase], subject: str, log: Log
) -> LoweredSymbol:
    """Rewrite the symbol and the parameters in ``files`` where TVM's importer wants others.

    ``cases`` are inputs and what the source gave for them: what is written must give the same, or
    ``ExportFailed`` is raised.
    """
    symbol, parameters = files
    prefix = symbol.with_name(WRITTEN)
    shapes = {name: list(array.shape) for name, array in cases[0].inputs.items()}
    task: Json = {
        "path": str(symbol),
        "parts": [str(parameters)],
        "shapes": shapes,
        "prefix": str(prefix),
    }
    answer, _ = worker.call("lower", task, timeout=PATIENCE)
    rewrites = _told(answer["rewrites"], answer["cast"])
    if not rewrites:
        return LoweredSymbol(cases=tuple(cases), rewrites=())
    prefix.with_name(f"{WRITTEN}-symbol.json").replace(symbol)
    prefix.with_name(f"{WRITTEN}-0000.params").replace(parameters)
    for rewrite in rewrites:
        log.note(f"rewritten for TVM, which compiles it: {rewrite}")
    return LoweredSymbol(cases=_renamed(worker, files, cases, subject), rewrites=rewrites)


def _told(operators: Sequence[str], cast: Sequence[str]) -> tuple[str, ...]:
    casts = [f"parameters of {', '.join(cast)} cast to float32"] * bool(cast)
    return (*casts, *(f"{name} in operators that TVM converts" for name in operators))


def _renamed(
    worker: Worker, files: tuple[Path, Path], cases: Sequence[GoldenCase], subject: str
) -> tuple[GoldenCase, ...]:
    """The cases, held against what was written; an output is called by its last operator."""
    symbol, parameters = files
    task = {"path": str(symbol), "parts": [str(parameters)]}
    loaded, _ = worker.call("load", task, timeout=PATIENCE)
    names = dict(zip(cases[0].outputs, loaded["outputs"], strict=True))
    written = tuple(
        replace(case, inputs={n: a for n, a in case.inputs.items() if n in loaded["inputs"]})
        for case in (each.renamed(outputs=names) for each in cases)
    )
    handle = {"handle": loaded["handle"]}

    def compute(given: Mapping[str, Array]) -> dict[str, Array]:
        return worker.call("predict", handle, arrays=dict(given), timeout=PATIENCE)[1]

    first = written[0]
    other = "" if first.varies else unlike(first.outputs, compute(first.inputs))
    off = worst(written, compute)
    worker.call("release", handle)
    if other or not off.difference <= REWRITE_DIFFERENCE:
        raise ExportFailed(
            f"rewriting it for TVM changed its outputs by {other or off}", where=subject
        )
    return written
