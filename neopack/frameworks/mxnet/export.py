"""Symbol and parameters for MXNet 1.8.0, which Neo runs, with golden numbers. MXNet itself is in
a runtime of its own: what is packaged has been loaded and run by that very version.

A symbol that was saved already is kept byte for byte, whichever version wrote it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from neopack import runtimes
from neopack.errors import ExportFailed, UsageError
from neopack.frameworks import ExportTask
from neopack.frameworks.binding import unknown_input
from neopack.frameworks.mxnet import file_names, for_tvm, source
from neopack.frameworks.mxnet.facts import SymbolFacts
from neopack.frameworks.mxnet.for_tvm import LoweredSymbol
from neopack.frameworks.mxnet.source import PARAMETERS_NAME, PREFIX, SYMBOL_NAME, SymbolFiles
from neopack.goldens import inputs
from neopack.goldens.cases import GoldenCase
from neopack.runtimes import Worker
from neopack.values.artifact import Array
from neopack.values.log import Log
from neopack.values.model import ExportedModel, Member, facts_of
from neopack.values.signature import InputRequest, Shape, Signature

__all__ = ["RUNTIME", "export"]

RUNTIME = "mxnet-1.8.0"
# an image network of today takes seconds; a large one on a slow machine minutes
PATIENCE = 1800.0


def export(task: ExportTask, log: Log) -> ExportedModel:
    """``staging/model-symbol.json`` and ``staging/model-0000.params``.

    Raises ``SourceError`` where the model is incomplete, ``UsageError`` where the inputs asked
    for are not the model's, ``ExportFailed`` with what MXNet said.
    """
    if task.source.kind == "callable":
        return _build(task, log)
    return _keep(source.pair(task.source, log), task, log)


# --- a symbol that is there -----------------------------------------------------------------


def _keep(pair: SymbolFiles, task: ExportTask, log: Log) -> ExportedModel:
    shapes = _known_shapes(pair, task.inputs)
    where = {"path": str(pair.symbol), "parts": [str(pair.parameters)]}
    subject = str(pair.symbol)
    with runtimes.worker(RUNTIME, log=log, failure=ExportFailed, subject=subject) as worker:
        described, _ = worker.call("describe", {**where, "shapes": shapes}, timeout=PATIENCE)
        requests = [
            _request(described_input, task.inputs, subject)
            for described_input in described["inputs"]
        ]
        if _for_tvm(task):
            requests = [for_tvm.in_float32(request) for request in requests]
        examples = task.examples(requests)
        loaded, _ = worker.call("load", where, timeout=PATIENCE)
        handle = {"handle": loaded["handle"]}

        def answer(given: Mapping[str, Array]) -> dict[str, Array]:
            return worker.call("predict", handle, arrays=dict(given), timeout=PATIENCE)[1]

        dtypes = {each["name"]: each["dtype"] for each in described["inputs"]}
        compute = for_tvm.float32_of(answer, dtypes) if _for_tvm(task) else answer
        cases = task.golden_cases(requests, examples, compute(examples), compute)
        paths = {SYMBOL_NAME: pair.symbol, PARAMETERS_NAME: pair.parameters}
        if pair.shapes:
            paths[file_names.SHAPES] = pair.shapes
        for name, path in paths.items():
            shutil.copyfile(path, task.staging / name)
        lowered = _lowered(worker, task, cases, log)
    return _exported(task, tuple(paths), lowered, described["mxnet"])


def _for_tvm(task: ExportTask) -> bool:
    return task.options.compiler_path == "tvm"


def _lowered(
    worker: Worker, task: ExportTask, cases: Sequence[GoldenCase], log: Log
) -> LoweredSymbol:
    """What is in ``staging``, written anew where TVM compiles it and wants that."""
    if not _for_tvm(task):
        return LoweredSymbol(cases=tuple(cases), rewrites=())
    files = (task.staging / SYMBOL_NAME, task.staging / PARAMETERS_NAME)
    return for_tvm.lower(worker, files, cases, task.source.where, log)


def _known_shapes(pair: SymbolFiles, requests: Sequence[InputRequest]) -> dict[str, list[int]]:
    """Shapes of all inputs but labels, which follow from them; refused before MXNet is started."""
    assert pair.info.signature is not None  # noqa: S101 - a symbol always has one
    specs = {spec.name: spec.shape for spec in pair.info.signature.inputs}
    shapes = {request.name: list(request.shape) for request in requests}
    for request in requests:
        if request.name not in specs:
            raise unknown_input(request.name, list(specs), str(pair.symbol), callee="the symbol")
        _refuse_misfit(request, specs[request.name], str(pair.symbol))
    for name, shape in specs.items():
        whole = [dim for dim in shape if dim is not None]
        if name in shapes or (name in facts_of(pair.info, SymbolFacts).labels and not whole):
            continue
        if not shape or len(whole) < len(shape):
            raise _shape_wanted(name, shape, str(pair.symbol))
        shapes[name] = whole
    return shapes


def _refuse_misfit(request: InputRequest, spec: Shape, where: str) -> None:
    pairs = zip(request.shape, spec, strict=False)
    if spec and (len(spec) != len(request.shape) or any(w not in (None, a) for a, w in pairs)):
        raise UsageError(
            f"input {request.name!r} is {_shown(spec)}, not {list(request.shape)}", where=where
        )


def _shape_wanted(name: str, shape: Shape, where: str) -> UsageError:
    filled = ",".join("1" if place == 0 else str(dim or 224) for place, dim in enumerate(shape))
    return UsageError(
        f"the symbol does not tell the shape of its input {name!r}",
        where=where,
        hint=f"give it, as in --input {name}={filled or '1,3,224,224'}",
    )


def _shown(shape: Shape) -> str:
    return "[" + ", ".join("?" if dim is None else str(dim) for dim in shape) + "]"


def _request(
    described: Mapping[str, Any], requests: Sequence[InputRequest], where: str
) -> InputRequest:
    """What to make up for one input, of the shape and dtype that MXNet infers."""
    name, shape = described["name"], tuple(described["shape"])
    if not shape or 0 in shape:
        raise _shape_wanted(name, tuple(dim or None for dim in shape), where)
    asked = next((request for request in requests if request.name == name), None)
    dtype = (asked.dtype if asked else None) or described["dtype"]
    return InputRequest(name=name, shape=shape, dtype=dtype, below=asked.below if asked else None)


# --- code that builds a model ---------------------------------------------------------------


def _build(task: ExportTask, log: Log) -> ExportedModel:
    origin = task.source
    requests = _in_order(task.inputs, origin.where)
    examples = task.examples(requests)
    order = {
        "callable": origin.where,
        "arguments": dict(origin.arguments),
        "weights": str(origin.weights) if origin.weights else None,
        "seed": task.options.seed,
        "prefix": str(task.staging / PREFIX),
        "folder": str(Path.cwd()),
    }
    with runtimes.worker(RUNTIME, log=log, failure=ExportFailed, subject=origin.where) as worker:
        answer, outputs = worker.call("export", order, arrays=examples, timeout=PATIENCE)
        source_of = {"prefix": order["prefix"], "outputs": answer["outputs"]}

        def compute(given: Mapping[str, Array]) -> dict[str, Array]:
            return worker.call("answer", source_of, arrays=dict(given), timeout=PATIENCE)[1]

        cases = task.golden_cases(requests, examples, outputs, compute)
        lowered = _lowered(worker, task, cases, log)
    for remark in answer["remarks"]:
        log.warn(remark)
    members = (SYMBOL_NAME, PARAMETERS_NAME)
    exported = _exported(task, members, lowered, answer["mxnet"])
    return replace(exported, warnings=tuple(answer["remarks"]))


def _in_order(requests: Sequence[InputRequest], where: str) -> list[InputRequest]:
    """Gluon calls what a block takes data, or data0, data1 and so on, by their places."""
    names = [request.name for request in requests]
    if not names:
        raise UsageError(
            "a block does not tell its input shapes",
            where=where,
            hint="give --input data=1,3,224,224",
        )
    expected = ["data"] if len(names) == 1 else [f"data{place}" for place in range(len(names))]
    if sorted(names) != sorted(expected):
        raise UsageError(
            f"inputs are named {', '.join(names)}; Gluon exports them as {', '.join(expected)}",
            where=where,
        )
    return sorted(requests, key=lambda request: expected.index(request.name))


def _exported(
    task: ExportTask,
    members: Sequence[str],
    lowered: LoweredSymbol,
    version: str,
) -> ExportedModel:
    cases = lowered.cases
    return ExportedModel(
        framework="MXNET",
        members=tuple(Member(name=name, path=task.staging / name) for name in members),
        signature=Signature(
            inputs=inputs.specs(cases[0].inputs), outputs=inputs.specs(cases[0].outputs)
        ),
        goldens=task.save_goldens(cases),
        versions={"mxnet": version},
        rewrites=lowered.rewrites,
    )
