"""The export that runs in a child process: the user's own code runs here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from neopack.formats.codec import from_json, to_json
from neopack.frameworks import ExportTask, registry
from neopack.processes.recording import Recorder
from neopack.values.json import AnyJson
from neopack.values.log import Log

__all__ = ["TASKS"]


def export(data: AnyJson, log: Log) -> AnyJson:
    """Export a model into ``staging``; ``data`` is an ``ExportTask``. What it read is recorded."""
    task = from_json(ExportTask, data)
    recorder = Recorder(task.staging)
    framework = registry.get(task.source.framework)
    if task.source.loader:
        model = registry.get(task.source.loader).live(Path(task.source.where))
        task = replace(task, source=replace(task.source, kind="object", model=model))
    if task.own is not None:
        task = replace(task, own=from_json(framework.options, task.own))
    return to_json(replace(framework.export(task, log), reads=recorder.reads()))


TASKS: Mapping[str, Callable[[AnyJson, Log], AnyJson]] = {"export": export}
