"""The compilation that runs in a child process: an engine can crash, and can fill the memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from neopack.engines import registry as engines
from neopack.engines.compare import compared
from neopack.formats.codec import from_json, to_json
from neopack.frameworks import registry as frameworks
from neopack.values.artifact import CompilationRequest
from neopack.values.json import AnyJson
from neopack.values.log import Log

__all__ = ["TASKS"]


def compile_model(data: AnyJson, log: Log) -> AnyJson:
    """Compile a model with the engine named, into ``out``, and compare it with its goldens."""
    request, out = from_json(CompilationRequest, data["request"]), Path(data["out"])
    engine = engines.get(data["engine"])
    if not engines.takes_original(engine.name):
        model = frameworks.get(request.framework).lifted(request.model, out)
        request = replace(request, model=model)
    artifact = engine.compile(request, out, log)
    with log.step("comparing with the golden outputs"):
        return to_json(compared(engine, artifact, request, out, log))


TASKS: Mapping[str, Callable[[AnyJson, Log], AnyJson]] = {"compile": compile_model}
