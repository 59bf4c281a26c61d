"""Write a TorchScript module as the PyTorch that it is for reads it, held to its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neopack.errors import ExportFailed
from neopack.frameworks import ExportTask
from neopack.frameworks.pytorch import flat_outputs
from neopack.frameworks.pytorch.layout import MODEL_FILE
from neopack.frameworks.pytorch.lowering import canonical, lower
from neopack.frameworks.pytorch.module_calls import arrays, call
from neopack.frameworks.pytorch.torchvision_ops import load_script
from neopack.goldens.comparison import difference
from neopack.outputs.atomic import refuse_full
from neopack.values.artifact import Array
from neopack.values.log import Log

__all__ = ["TRACE_DIFFERENCE", "save"]

# beyond this a trace and its model are not the same function
TRACE_DIFFERENCE = 1e-4


def save(
    module: Any,
    answers: Sequence[tuple[Mapping[str, Array], Any]],
    task: ExportTask,
    log: Log,
) -> tuple[str, ...]:
    """Write ``module`` for the version asked for; what was rewritten, in words.

    ``answers`` are inputs and what the model gave for them: the file must give the same.
    """
    version = task.options.framework_version
    rewritten = lower.lower(module, version)
    for lack, place in lower.places(module, version).items():
        log.warn(f"PyTorch {version} has no {lack}: used by {place}")
    _write(module, task.staging, version)
    if not rewritten:
        return ()
    _refuse_changed(rewritten, answers, task)
    return _told(rewritten, version, log)


def _refuse_changed(
    rewritten: Sequence[str],
    answers: Sequence[tuple[Mapping[str, Array], Any]],
    task: ExportTask,
) -> None:
    """What was rewritten for an older PyTorch computes the same. The file is asked: a module that
    ran before it was rewritten goes on with what it was compiled to then."""
    where, version = task.source.where, task.options.framework_version
    saved = load_script(lambda: str(task.staging / MODEL_FILE))
    for examples, output in answers:
        names = flat_outputs.names(output)
        off = difference(arrays(output, names), arrays(call(saved, examples, where), names))
        if not off <= TRACE_DIFFERENCE:
            raise ExportFailed(
                f"rewriting {', '.join(rewritten)} for PyTorch {version} "
                f"changed its outputs by {off:.2g} of the largest",
                where=where,
            )


def _told(rewritten: Sequence[str], version: str, log: Log) -> tuple[str, ...]:
    for name in rewritten:
        log.note(f"lowered to PyTorch {version}: {name}")
    return tuple(f"{name} in operators of PyTorch {version}" for name in rewritten)


def _write(traced: Any, staging: Path, version: str) -> None:
    saved, to = staging / "saved.pth", staging / MODEL_FILE
    tensors = (*traced.parameters(), *traced.buffers())
    refuse_full(saved, to, size=sum(t.numel() * t.element_size() for t in tensors))
    traced.save(str(saved))
    canonical.rewrite(saved, to, version)
    saved.unlink()
