"""A model that code gives, for an exact old version: today's export where that version loads it
and computes alike, else one that it builds and traces itself.

The weights are read here, without executing code, and go over as plain arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from neopack import runtimes
from neopack.errors import ExportFailed, NeopackError, UsageError
from neopack.frameworks import ExportSettings
from neopack.frameworks.pytorch import bind, canonical, source, weights
from neopack.frameworks.pytorch.layout import MODEL_FILE
from neopack.goldens import inputs
from neopack.goldens.arrays import load_goldens, save_goldens
from neopack.goldens.comparison import difference
from neopack.runtimes import Worker
from neopack.values.artifact import Array
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.model import ExportedModel, Member, ModelSource
from neopack.values.signature import InputRequest, Signature

__all__ = ["export"]

# rounding of another version's kernels
ALLOWED = 1e-4
# an image network of today takes seconds; a large one on a slow machine minutes
PATIENCE = 1800.0


def export(
    today: Callable[[], ExportedModel],
    given: ModelSource,
    requests: Sequence[InputRequest],
    staging: Path,
    settings: ExportSettings,
    log: Log,
) -> ExportedModel:
    """What ``today`` makes where ``settings.runtime`` takes it or no code is given, else what that
    makes. Raises ``SourceError`` with what the model's code said in that version."""
    if given.kind != "callable":
        return today()
    try:
        made = today()
        problem = _misfit(made, given, settings, log)
        if not problem:
            log.note(f"{settings.runtime} takes today's export: nothing was built anew")
            return made
    except UsageError:
        raise
    except NeopackError as error:
        problem = error.message
    done = f"built and traced in {settings.runtime}, since today's export was refused: {problem}"
    log.note(done)
    return replace(_remade(given, requests, staging, settings, log), rewrites=(done,))


def _worker(
    given: ModelSource, settings: ExportSettings, log: Log
) -> AbstractContextManager[Worker]:
    return runtimes.worker(settings.runtime, log=log, failure=ExportFailed, subject=given.where)


def _misfit(made: ExportedModel, given: ModelSource, settings: ExportSettings, log: Log) -> str:
    """What keeps the runtime from taking the export, in words; "" where it does."""
    examples, golden = load_goldens(made.goldens.path)
    task = {
        "path": str(made.members[0].path),
        "inputs": [spec.name for spec in made.signature.inputs],
        "outputs": [spec.name for spec in made.signature.outputs],
    }
    with _worker(given, settings, log) as worker:
        try:
            handle, _ = worker.call("load", task, timeout=PATIENCE)
            _, computed = worker.call("predict", handle, arrays=examples, timeout=PATIENCE)
        except NeopackError as error:
            return error.message
    off = difference(golden, computed)
    return "" if off <= ALLOWED else f"it computes otherwise there, by {off:.2g} of the largest"


def _remade(
    given: ModelSource,
    requests: Sequence[InputRequest],
    staging: Path,
    settings: ExportSettings,
    log: Log,
) -> ExportedModel:
    if not requests:
        raise UsageError(
            "its input shapes are not known",
            where=given.where,
            hint="give --input NAME=1,3,224,224 for each input of forward",
        )
    saved = staging / "saved.pth"
    with _worker(given, settings, log) as worker:
        versions, _ = worker.call("versions")
        takes, state = _built(worker, given, settings, log)
        ordered, by_name = bind.order(takes, requests, given.where)
        examples = inputs.examples(ordered, seed=settings.seed, example=settings.example)
        other = inputs.random_inputs(ordered, settings.seed + 1)
        task = {
            "callable": given.where,
            "by_name": by_name,
            "script": settings.script,
            "path": str(saved),
        }
        arrays = {**_named("state", state), **_named("input", examples), **_named("other", other)}
        answer, outputs = worker.call("trace", task, arrays=arrays, timeout=PATIENCE)
    canonical.rewrite(saved, staging / MODEL_FILE, versions["torch"])
    saved.unlink()
    for remark in answer["remarks"]:
        log.warn(remark)
    return ExportedModel(
        framework="PYTORCH",
        members=(Member(name=MODEL_FILE, path=staging / MODEL_FILE),),
        signature=Signature(inputs=inputs.specs(examples), outputs=inputs.specs(outputs)),
        goldens=save_goldens(staging / "golden.npz", examples, outputs, seed=settings.seed),
        versions={"torch": versions["torch"], "python": versions["python"]},
        warnings=tuple(answer["remarks"]),
    )


def _built(
    worker: Worker, given: ModelSource, settings: ExportSettings, log: Log
) -> tuple[bind.Parameters, dict[str, Array]]:
    """What its forward takes, and the state it is to have; none where no weights are given."""
    task: dict[str, Json] = {
        "callable": given.where,
        "arguments": dict(given.arguments),
        "seed": settings.seed,
        "folder": str(Path.cwd()),
    }
    answer, _ = worker.call("build", task, timeout=PATIENCE)
    takes = bind.Parameters(
        names=tuple(answer["names"]), required=tuple(answer["required"]), variadic=answer["any"]
    )
    if given.weights is None:
        return takes, {}
    form = source.weights_form(given)
    return takes, weights.arrays(given.weights, form, set(answer["state"]), log)


def _named(kind: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{kind}:{name}": array for name, array in arrays.items()}
