"""Save TorchScript files of torch 1.0 to 1.3 again, in an exact version that reads them: today's
PyTorch does not. That version computes the golden numbers from the file itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from neopack import facts, runtimes, versions
from neopack.errors import ExportFailed, UsageError
from neopack.frameworks import ExportTask, binding
from neopack.frameworks.binding import Parameter, Parameters
from neopack.frameworks.pytorch.facts import TorchScriptFacts
from neopack.frameworks.pytorch.input_binding import CALLEE
from neopack.frameworks.pytorch.layout import MODEL_FILE
from neopack.frameworks.pytorch.lowering import canonical
from neopack.frameworks.pytorch.options import PyTorchOptions
from neopack.frameworks.task import options_of
from neopack.goldens import inputs
from neopack.runtimes import Runtime
from neopack.values.artifact import Array
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.model import ExportedModel, Member, ModelInfo
from neopack.values.signature import Signature

__all__ = ["export", "is_legacy", "reader_for"]


def is_legacy(info: ModelInfo) -> bool:
    return isinstance(info.facts, TorchScriptFacts) and info.facts.legacy


def reader_for(version: str) -> Runtime:
    """The runtime of ``version``, or else the newest older one, of those that read the format."""
    before = facts.torch_legacy_refused_from()
    named = [runtimes.get(name) for name in runtimes.names()]
    readers = sorted(
        (
            each
            for each in named
            if each.framework == "PYTORCH" and not each.compiler and _reads(each, before)
        ),
        key=lambda each: versions.order(each.version),
    )
    fitting = [each for each in readers if versions.at_most(each.version, version)]
    return (fitting or readers[:1])[-1]


def _reads(runtime: Runtime, before: str) -> bool:
    return not versions.at_least(runtime.version, before)


def export(info: ModelInfo, task: ExportTask, log: Log) -> ExportedModel:
    """The file as that version saves it, readable for it and all later ones."""
    where, runtime = task.source.where, reader_for(task.options.framework_version)
    if not task.inputs:
        raise UsageError(
            f"{Path(where).name} does not tell its input shapes",
            hint="give --input NAME=1,3,224,224",
        )
    bound = binding.bind(_takes(info), task.inputs, where, options_of(task, PyTorchOptions).bind)
    examples, saved = task.examples(bound.requests), task.staging / "saved.pth"
    with runtimes.worker(runtime.name, log=log, failure=ExportFailed, subject=where) as worker:
        order: Json = {"path": where, "to": str(saved), "inputs": list(examples), "outputs": None}
        reported, _ = worker.call("resave", order)
        handle, _ = worker.call("load", order)

        def compute(given: Mapping[str, Array]) -> dict[str, Array]:
            return worker.call("predict", handle, arrays=dict(given))[1]

        outputs = compute(examples)
        cases = task.golden_cases(bound.requests, examples, outputs, compute)
    canonical.rewrite(saved, task.staging / MODEL_FILE, runtime.version)
    saved.unlink()
    remark = f"saved again by torch {runtime.version}: the format is that of torch 1.0 to 1.3"
    log.note(remark)
    return ExportedModel(
        framework="PYTORCH",
        members=(Member(name=MODEL_FILE, path=task.staging / MODEL_FILE),),
        signature=Signature(inputs=inputs.specs(examples), outputs=inputs.specs(outputs)),
        goldens=task.save_goldens(cases),
        versions={"torch": reported["torch"], "python": reported["python"]},
        rewrites=(remark,),
    )


def _takes(info: ModelInfo) -> Parameters:
    names = info.facts.input_names if isinstance(info.facts, TorchScriptFacts) else ()
    parameters = tuple(Parameter(name=name) for name in names)
    return Parameters(callee=CALLEE, parameters=parameters)
