"""Export a callable's model for an exact old version: today's export where that version loads it
and computes alike, else a model that it builds and traces itself.

The weights are read here, without executing code, and go over as plain arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from neopack import runtimes
from neopack.errors import ExportFailed, NeopackError, UsageError
from neopack.frameworks import ExportTask, binding
from neopack.frameworks.binding import Parameter, Parameters
from neopack.frameworks.pytorch import source, weights
from neopack.frameworks.pytorch.input_binding import CALLEE
from neopack.frameworks.pytorch.layout import MODEL_FILE
from neopack.frameworks.pytorch.lowering import canonical
from neopack.frameworks.pytorch.options import PyTorchOptions
from neopack.frameworks.task import options_of
from neopack.goldens import inputs, ties
from neopack.goldens.cases import load_cases
from neopack.goldens.comparison import worst
from neopack.runtimes import Worker
from neopack.values.artifact import Array
from neopack.values.json import AnyJson, Json
from neopack.values.log import Log
from neopack.values.model import ExportedModel, Member
from neopack.values.signature import Signature

__all__ = ["export"]

# rounding of another version's kernels
ALLOWED = 1e-4
# an image network of today takes seconds; a large one on a slow machine minutes
PATIENCE = 1800.0


def export(today: Callable[[], ExportedModel], task: ExportTask, log: Log) -> ExportedModel:
    """What ``today`` makes where the exact version takes it or no code is given, else what that
    version makes. Raises ``SourceError`` with what the model's code said in that version."""
    if task.source.kind != "callable":
        return today()
    runtime = options_of(task, PyTorchOptions).runtime
    try:
        model = today()
        problem = _misfit(model, task, log)
        if not problem:
            log.note(f"{runtime} takes today's export: nothing was built anew")
            return model
    except UsageError:
        raise
    except NeopackError as error:
        problem = error.message
    remark = f"built and traced in {runtime}, since today's export was refused: {problem}"
    log.note(remark)
    return replace(_remade(task, log), rewrites=(remark,))


def _worker(task: ExportTask, log: Log) -> AbstractContextManager[Worker]:
    runtime = options_of(task, PyTorchOptions).runtime
    return runtimes.worker(runtime, log=log, failure=ExportFailed, subject=task.source.where)


def _misfit(model: ExportedModel, task: ExportTask, log: Log) -> str:
    """What keeps the runtime from taking the export, in words; "" where it does."""
    order = {
        "path": str(model.members[0].path),
        "inputs": [spec.name for spec in model.signature.inputs],
        "outputs": [spec.name for spec in model.signature.outputs],
    }
    with _worker(task, log) as worker:
        try:
            handle, _ = worker.call("load", order, timeout=PATIENCE)

            def compute(given: Mapping[str, Array]) -> dict[str, Array]:
                return worker.call("predict", handle, arrays=dict(given), timeout=PATIENCE)[1]

            off = worst(load_cases(model.goldens.path), compute, ties.told)
        except NeopackError as error:
            return error.message
    return "" if off.difference <= ALLOWED else f"it computes otherwise there, by {off}"


def _remade(task: ExportTask, log: Log) -> ExportedModel:
    origin, staging, options = task.source, task.staging, options_of(task, PyTorchOptions)
    if not task.inputs:
        raise UsageError(
            "its input shapes are not known",
            where=origin.where,
            hint="give --input NAME=1,3,224,224 for each input of forward",
        )
    saved = staging / "saved.pth"
    with _worker(task, log) as worker:
        versions, _ = worker.call("versions")
        built, state = _built(worker, task, log)
        takes = _takes(built)
        bound = binding.bind(takes, task.inputs, origin.where, options.bind)
        examples = task.examples(bound.requests)
        other = inputs.random_inputs(bound.requests, task.options.seed + 1)
        order: Json = {
            "callable": origin.where,
            "paths": [list(path) for path in bound.paths],
            "plain": bound.plain,
            "script": options.script,
            "path": str(saved),
        }
        arrays = {**_named("state", state), **_named("input", examples), **_named("other", other)}
        answer, outputs = worker.call("trace", order, arrays=arrays, timeout=PATIENCE)

        def compute(given: Mapping[str, Array]) -> dict[str, Array]:
            named = _named("input", given)
            return worker.call("answer", order, arrays=named, timeout=PATIENCE)[1]

        cases = task.golden_cases(bound.requests, examples, outputs, compute)
    canonical.rewrite(saved, staging / MODEL_FILE, versions["torch"])
    saved.unlink()
    remarks = (*built["random"], *answer["remarks"])
    for remark in remarks:
        log.warn(remark)
    return ExportedModel(
        framework="PYTORCH",
        members=(Member(name=MODEL_FILE, path=staging / MODEL_FILE),),
        signature=Signature(inputs=inputs.specs(examples), outputs=inputs.specs(outputs)),
        goldens=task.save_goldens(cases),
        versions={"torch": versions["torch"], "python": versions["python"]},
        warnings=remarks,
    )


def _built(worker: Worker, task: ExportTask, log: Log) -> tuple[AnyJson, dict[str, Array]]:
    """What was built, in words, and the state it is to have; none where no weights are given."""
    origin = task.source
    order: dict[str, Json] = {
        "callable": origin.where,
        "arguments": dict(origin.arguments),
        "seed": task.options.seed,
        "folder": str(Path.cwd()),
        "trained": origin.weights is not None,
    }
    answer, _ = worker.call("build", order, timeout=PATIENCE)
    if origin.weights is None:
        return answer, {}
    form = source.weights_form(origin)
    return answer, weights.arrays(origin.weights, form, set(answer["state"]), log)


def _takes(described: AnyJson) -> Parameters:
    return Parameters(
        callee=CALLEE,
        parameters=tuple(
            Parameter(
                name=each["name"],
                required=each["required"],
                keyword_only=each["keyword_only"],
                annotation=dict if each["keyed"] else None,
            )
            for each in described["parameters"]
        ),
        variadic=described["any"],
        keywords=described["keywords"],
    )


def _named(kind: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{kind}:{name}": array for name, array in arrays.items()}
