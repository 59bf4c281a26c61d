"""The compilation that runs in a child process: an engine can crash, and can fill the memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from neopack.engines import registry as engines
from neopack.formats.codec import from_json, to_json
from neopack.frameworks import registry as frameworks
from neopack.values.artifact import CompilationRequest
from neopack.values.json import Json
from neopack.values.log import Log

__all__ = ["TASKS"]


def compile_model(data: Json, log: Log) -> Json:
    """Compile a model with the engine named, into ``out``."""
    request, out = from_json(CompilationRequest, data["request"]), Path(data["out"])
    model = frameworks.get(request.framework).lifted(request.model, out)
    return to_json(engines.get(data["engine"]).compile(replace(request, model=model), out, log))


TASKS: Mapping[str, Callable[[Json, Log], Json]] = {"compile": compile_model}
