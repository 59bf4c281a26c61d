"""The compilation that runs in a child process: an engine can crash, and can fill the memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from neopack.compiling import precisions, quantizing
from neopack.compiling.batch_ends import for_batches
from neopack.compiling.fastest_engine import measure
from neopack.engines import Engine
from neopack.engines import registry as engines
from neopack.formats.codec import from_json, to_json
from neopack.formats.files import FolderFiles, limits_for
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.frameworks import registry as frameworks
from neopack.goldens import ties
from neopack.values.artifact import CompilationRequest, CompiledArtifact
from neopack.values.json import AnyJson
from neopack.values.log import Log
from neopack.values.model import ModelInfo
from neopack.values.quantization import AUTO, QUANTIZED, Calibration

__all__ = ["TASKS"]


def compile_model(data: AnyJson, log: Log) -> AnyJson:
    """Compile a model with the engine named, into ``out``, and compare it with its goldens; in
    8 bits, judge it by its calibration data too."""
    request, out = from_json(CompilationRequest, data["request"]), Path(data["out"])
    engine = engines.get(data["engine"])
    source = request
    request = replace(request, ranks=ties.ranks(_info(request)))
    if not engines.takes_original(engine.name):
        framework = frameworks.of_neo(request.framework)
        model = framework.lifted(request.model, out, request.signature)
        request = replace(request, model=model)
    chosen = data["calibration"]
    calibration = None if chosen is None else from_json(Calibration, chosen)
    artifact = _compiled(engine, request, calibration, out, log)
    return to_json(for_batches(engine, artifact, source, log))


def _compiled(
    engine: Engine,
    request: CompilationRequest,
    calibration: Calibration | None,
    out: Path,
    log: Log,
) -> CompiledArtifact:
    if request.precision == AUTO:
        return precisions.fastest(engine, request, calibration, out, log)
    if request.precision in QUANTIZED:
        return quantizing.quantize(engine, request, calibration, out, log)
    return quantizing.compile_plain(engine, request, out, log)


def _info(request: CompilationRequest) -> ModelInfo:
    """What the model tells of itself."""
    folder = request.folder or request.model.parent
    limits = limits_for(folder, DEFAULT_LIMITS)
    name = request.model.relative_to(folder).as_posix()
    return frameworks.of_neo(request.framework).read(FolderFiles(folder), name, limits)


TASKS: Mapping[str, Callable[[AnyJson, Log], AnyJson]] = {
    "compile": compile_model,
    "measure": measure,
}
