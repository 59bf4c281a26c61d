"""The export that runs in a child process: the user's own code runs here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from neopack.formats.codec import from_json, to_json
from neopack.frameworks import ExportSettings, registry
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.model import ModelSource
from neopack.values.signature import InputRequest

__all__ = ["TASKS"]


def export(data: Json, log: Log) -> Json:
    """Export a model into ``staging``."""
    source = from_json(ModelSource, data["source"])
    exported = registry.get(source.framework).export(
        source,
        from_json(tuple[InputRequest, ...], data["inputs"]),
        Path(data["staging"]),
        from_json(ExportSettings, data["settings"]),
        log,
    )
    return to_json(exported)


TASKS: Mapping[str, Callable[[Json, Log], Json]] = {"export": export}
