"""Both files of a Darknet network, byte for byte, with golden numbers by OpenCV."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping, Sequence

from neopack.errors import ExportFailed, SourceError, UsageError, first_line
from neopack.frameworks import ExportTask
from neopack.frameworks.binding import unknown_input
from neopack.frameworks.darknet.facts import DarknetFacts
from neopack.frameworks.darknet.read import DATA, read
from neopack.frameworks.darknet.run import opencv, runner
from neopack.frameworks.darknet.source import NetworkFiles, network_files
from neopack.goldens import inputs
from neopack.values.artifact import Array
from neopack.values.log import Log
from neopack.values.model import ExportedModel, Member, ModelInfo, facts_of
from neopack.values.signature import InputRequest, Signature

__all__ = ["export"]

CFG, WEIGHTS = "model.cfg", "model.weights"


def export(task: ExportTask, log: Log) -> ExportedModel:  # noqa: ARG001
    """``staging/model.cfg`` and ``staging/model.weights``.

    Raises ``SourceError`` where one of the files is missing or they do not belong together,
    ``UsageError`` for another shape than the .cfg's, ``Missing`` without OpenCV.
    """
    where = task.source.where
    files = network_files(task.source)
    info = read(files.placed(), CFG)
    _refuse_other_weights(info, files)
    request = _request(info, task.inputs, where)
    for name, path in ((CFG, files.cfg), (WEIGHTS, files.weights)):
        shutil.copyfile(path, task.staging / name)
    signature = info.signature or Signature(inputs=())
    network = runner(files.placed(), CFG, signature, None)

    def compute(arrays: Mapping[str, Array]) -> dict[str, Array]:
        try:
            return network.predict(arrays)
        except opencv().error as error:
            raise ExportFailed(
                f"OpenCV cannot compute it: {first_line(error)}",
                where=where,
                hint=f"it was given {inputs.shapes_text(arrays)}",
            ) from error

    examples = task.examples((request,))
    outputs = compute(examples)
    cases = task.golden_cases((request,), examples, outputs, compute)
    return ExportedModel(
        framework="DARKNET",
        members=tuple(Member(name=name, path=task.staging / name) for name in (CFG, WEIGHTS)),
        signature=Signature(inputs=inputs.specs(examples), outputs=inputs.specs(outputs)),
        goldens=task.save_goldens(cases),
        versions={"opencv": opencv().__version__, "python": platform.python_version()},
    )


def _refuse_other_weights(info: ModelInfo, files: NetworkFiles) -> None:
    facts = facts_of(info, DarknetFacts)
    if facts.numbers is not None and facts.weights is not None and facts.numbers > facts.weights:
        raise SourceError(
            f"has {facts.weights:,} numbers, and the layers of {files.cfg.name} need "
            f"{facts.numbers:,}",
            where=str(files.weights),
            hint="it is cut short, or of another network: take two files of the same training",
        )


def _request(info: ModelInfo, requests: Sequence[InputRequest], where: str) -> InputRequest:
    """The one input, of any number of images: its size is the .cfg's."""
    (spec,) = info.signature.inputs if info.signature else ()
    for request in requests:
        if request.name != DATA:
            raise unknown_input(request.name, [DATA], where, callee="the network")
        if request.shape[1:] != spec.shape[1:] or request.dtype not in (None, "float32"):
            size = ", ".join(map(str, spec.shape[1:]))
            raise UsageError(
                f"the network takes images of [{size}], not {list(request.shape[1:])}",
                where=where,
                hint="width, height and channels are in [net] of the .cfg",
            )
    shape = requests[0].shape if requests else tuple(dim or 1 for dim in spec.shape)
    return InputRequest(name=DATA, shape=shape, dtype="float32")
