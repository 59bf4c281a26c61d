"""Have a framework export a model, in a process of its own: that runs the user's code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from neopack.errors import ExportFailed, NeopackError
from neopack.formats.codec import from_json, to_json
from neopack.formats.files import PlacedFiles
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.frameworks import ExportOptions, ExportTask, Framework, registry
from neopack.outputs.staging import staging_directory
from neopack.processes.child import Child
from neopack.values.json import AnyJson
from neopack.values.log import Log
from neopack.values.model import ExportedModel, ModelInfo, ModelSource
from neopack.values.signature import InputRequest

__all__ = ["TASKS", "exported"]

TASKS = "neopack.packaging.export_task"


@contextmanager
def exported(
    source: ModelSource,
    requests: Sequence[InputRequest],
    options: ExportOptions,
    log: Log,
    *,
    own: object = None,
) -> Iterator[tuple[ExportedModel, ModelInfo]]:
    """The exported model, in a staging directory that is gone when the block ends.

    ``own`` are the options of the source's framework, where any were given. Exporting runs the
    user's code, so it happens in a child process; only a live object whose class the child could
    not import is exported here.
    """
    with staging_directory() as staging:
        framework = registry.get(source.framework)
        task = ExportTask(
            source=source, inputs=tuple(requests), staging=staging, options=options, own=own
        )
        handed = source if source.kind != "object" else framework.hand_over(source.model, staging)
        if handed is None:
            with log.step("exporting"):
                model = framework.export(task, log)
            yield model, _read(framework, model)
            return
        source_of_child = replace(handed, weights=source.weights) if source.weights else handed
        environment = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        live = environment if source.kind == "object" else None
        with Child(
            TASKS,
            failure=ExportFailed,
            subject=source.where,
            owns=staging,
            log=log,
            environment=live,
            preload=(TASKS, *registry.preload(source.framework)),
        ) as child:
            with log.step("exporting"):
                answer = _answer(child, replace(task, source=source_of_child), source)
            model = from_json(ExportedModel, answer)
            yield model, _read(framework, model)


def _answer(child: Child, task: ExportTask, source: ModelSource) -> AnyJson:
    """What the child exported; its errors are about the object, not the file it was handed in."""
    try:
        return child.call("export", to_json(task))
    except NeopackError as error:
        if source.kind == "object" and error.where.startswith(str(task.staging)):
            error.where = source.where
        raise


def _read(framework: Framework, model: ExportedModel) -> ModelInfo:
    """What our own reader says of the export: the archive is judged by its bytes alone."""
    models = framework.models([member.name for member in model.members])
    files = PlacedFiles("the export", {member.name: member.path for member in model.members})
    return framework.read(files, models[0], DEFAULT_LIMITS)
