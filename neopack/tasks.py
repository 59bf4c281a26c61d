"""What runs in a child process, by name: JSON in, JSON out (``neopack.child`` calls these)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from neopack.codec import from_json, to_json
from neopack.frameworks import ExportSettings
from neopack.frameworks import catalogue as frameworks
from neopack.types import (
    CompilationRequest,
    InputRequest,
    Json,
    Log,
    ModelSource,
)

__all__ = ["TASKS"]


def export(data: Json, log: Log) -> Json:
    """Export a model into ``staging``: the user's own code runs here."""
    source = from_json(ModelSource, data["source"])
    made = frameworks.get(source.framework).export(
        source,
        from_json(tuple[InputRequest, ...], data["inputs"]),
        Path(data["staging"]),
        from_json(ExportSettings, data["settings"]),
        log,
    )
    return to_json(made)


def compile_model(data: Json, log: Log) -> Json:
    """Compile a model with the engine named, into ``out``."""
    from neopack.engines import catalogue as engines

    request, out = from_json(CompilationRequest, data["request"]), Path(data["out"])
    model = frameworks.get(request.framework).lifted(request.model, out)
    return to_json(engines.get(data["engine"]).compile(replace(request, model=model), out, log))


def _of_the_worker(task: str) -> Callable[[Json, Log], Json]:
    def run(data: Json, log: Log) -> Json:
        return getattr(_worker(), task)(data, log)

    return run


@cache
def _worker() -> object:
    """A child measures one artifact over many calls, and so keeps it between them."""
    from neopack.measure.worker import Worker

    return Worker()


def _of_the_endpoint(task: str) -> Callable[[Json, Log], Json]:
    def run(data: Json, log: Log) -> Json:
        return getattr(_serving(), task)(data, log)

    return run


@cache
def _serving() -> object:
    from neopack.artifacts.serving import Serving

    return Serving()


TASKS: Mapping[str, Callable[[Json, Log], Json]] = {
    "export": export,
    "compile": compile_model,
    "load": _of_the_worker("load"),
    "measure": _of_the_worker("measure"),
    "outputs": _of_the_worker("outputs"),
    "difference": _of_the_worker("difference"),
    "open": _of_the_endpoint("open"),
    "predict": _of_the_endpoint("predict"),
}
